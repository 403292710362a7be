"""An office in which everything has happened that others can be told of."""

from __future__ import annotations

import io
import re

from server.services import complaints
from server.services.assigning import close_cases
from server.services.uploading import work_upload
from server.storage import tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.visits import FAR, carrier, visit

CASES = """Loan No,Borrower Name,Borrower ID,Address,Latitude,Longitude,Currency,Amount Due,Days Past Due
LN-1,Ana Imagined,P-1,1 Hill Rd,37.7700,-122.4200,USD,1200.00,45
"""


def upload(browser: Browser, text: str) -> None:
    """Upload a lender's file."""
    browser.get("/imports")
    form = {"csrf": browser.csrf, "kind": "portfolio", "lender": "acme", "currency": ""}
    answer = browser.client.post("/office/imports", data=form | {"file": (io.BytesIO(text.encode()), "cases.csv")})
    assert answer.status_code == 303, answer.text


def live(desk: Desk) -> None:
    """Have everything happen that a webhook can be told of."""
    office = desk.office
    dispatcher, reviewer = desk.sign_in("dee", "dispatcher"), desk.sign_in("rae", "reviewer")
    upload(dispatcher, CASES)
    work_upload(office.site)
    upload(dispatcher, CASES.replace("1200.00", "1300.00"))
    work_upload(office.site)
    phone = carrier(office)
    visit_id = visit(office, phone, "R1", FAR)
    reviewer.get(f"/visits/{visit_id}")
    reviewer.post(f"/visits/{visit_id}/decide", act="rejected", reason="Not Ana at all.")
    page = reviewer.get(f"/statements/{phone.device_id}/2016-04-07")
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert seen is not None
    reviewer.post(f"/statements/{phone.device_id}/2016-04-07", seen=seen[1])
    complaint_id = complaints.complain_at_door(office.site, "", ["stayed"], "Bo Imagined shouted.", "+1 415 555 0100")
    [case] = office.rows(tables.case.select().where(tables.case.c.reference == "R1"))
    complaints.match_complaint(office.site, complaint_id, case.id, "sam")
    complaints.answer_complaint(office.site, complaint_id, "sam", "We spoke to Bo.")
    close_cases(office.site, [case.id])
