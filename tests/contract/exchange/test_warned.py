"""What a device said against the start of a visit reaches the office."""

from __future__ import annotations

from schemas.vocabulary import StartRemark
from server.services.reconciling import reconcile
from server.services.story import tell_visit
from tests.office import Office, Phone


def test_l3_the_office_reads_what_the_device_said_and_why_it_was_gone_on(office: Office) -> None:
    """L3: the check-in is told with the words of every remark, and the reason."""
    phone = Phone.enrolled(office)
    case_id, visit_id = office.add_case("R1"), office.site.new_id()
    office.assign(case_id, phone.agent_id)
    body = {"fixes": [], "override_reason": "asked by phone", "warned": list(StartRemark)}
    phone.record("visit_started", body, case_id=case_id, visit_id=visit_id, packet_rev=1)
    assert {"accepted"} == {receipt["status"] for receipt in phone.exchange()["push"]["receipts"]}
    reconcile(office.site)

    [started] = tell_visit(office.site, visit_id)["events"]
    assert (
        ": asked by phone, case is not on the device any more, halt on the case, outside the allowed times,"
        " crew too small, no visits left, close to the end of the allowed times"
    ) == started["more"]
