"""Webhooks: what is written down for whom, and what the office's page does with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import Act
from server.domain.webhooks import KINDS, Kind
from server.services import webhooks
from server.services.delivering import body_of, drop_old_deliveries
from server.services.reviewing import Said, decide_visit
from server.services.telling import tell_visit
from server.storage import tables
from server.storage.webhook_tables import delivery, webhook
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.living import live
from tests.contract.office.receivers import hook, receiving, send_all, viewer_of
from tests.contract.office.visits import carrier, visit
from tests.office import Office, opened_office

SOMEWHERE = "http://127.0.0.1:9/hook"  # nobody listens; nothing is sent by these tests but where they say so
MEMBERS = {"id", "seq", "kind", "at", "object_id", "state", "address", "case_id", "visit_id", "agency_id"}


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A rehearsal, whose webhooks may lead to the machine itself."""
    with opened_office(database_url, tmp_path, public_url="http://localhost") as opened:
        yield opened


def told(office: Office) -> list[tuple[str, str]]:
    """Give (kind, state of the object) of all that was written down, in its order."""
    return [(row.kind, row.object_state) for row in office.rows(delivery.select().order_by(delivery.c.seq))]


def test_everything_that_happens_is_told_once_and_in_order(desk: Desk) -> None:
    """Each kind is written down as it happens, with how the object stood then."""
    hook(desk, SOMEWHERE)
    live(desk)

    assert [
        ("case.created", "open"), ("case.changed", "open"), ("visit.created", "awaiting_review"),
        ("visit.changed", "rejected"), ("decision.made", "rejected"), ("statement.signed_off", "signed_off"),
        ("complaint.created", "received"), ("complaint.changed", "matched"), ("complaint.changed", "answered"),
        ("case.changed", "closed"),
    ] == told(desk.office)  # fmt: skip
    assert {kind.value for kind in KINDS} == {kind for kind, _ in told(desk.office)}


def test_no_message_names_a_person_a_place_or_an_amount(desk: Desk) -> None:
    """Only ids, kinds, states, times and pages: the members are a closed list, and no word of a person is in them."""
    hook(desk, SOMEWHERE)
    live(desk)
    bodies = [body_of(row) for row in desk.office.rows(delivery.select())]
    words = ("Person", "Imagined", "Ana", "Bo", "Hill", "1200", "1300", "LN-1", "P-1", "R1", "acme", "Agent", "rae")
    words += ("sam", "Not", "shouted", "415", "North", "37.77", "377")

    said = b" ".join(re.sub(rb'"[0-9a-f]{8}-[0-9a-f-]{27}', b"", body) for body in bodies).decode()
    assert [] == [word for word in words if word in said]
    assert {str(sorted(MEMBERS))} == {str(sorted(json.loads(body))) for body in bodies}


def test_each_address_is_a_page_of_the_office(desk: Desk) -> None:
    """Whoever is told finds the object under the address, with their own rights."""
    hook(desk, SOMEWHERE)
    live(desk)
    browser = desk.sign_in("auditor")

    for row in desk.office.rows(delivery.select()):
        browser.get(row.address.removeprefix("/office"))


def test_nobody_who_did_not_ask_is_told(desk: Desk) -> None:
    """Another kind, another agency, or switched off: nothing is written for them."""
    office, other_id = desk.office, desk.office.site.new_id()
    office.insert(tables.agency, id=other_id, name="South Field Agency", status="active")
    wanting = hook(desk, SOMEWHERE, "visit.created", agency_id=office.agency_id)
    hook(desk, SOMEWHERE, "case.created")
    hook(desk, SOMEWHERE, "visit.created", agency_id=other_id)
    webhooks.switch(office.site, viewer_of(office), hook(desk, SOMEWHERE), is_on=False)

    visit(office, carrier(office), "R1")

    assert [(wanting, "visit.created", office.agency_id)] == [
        (row.webhook_id, row.kind, row.agency_id) for row in office.rows(delivery.select())
    ]


def test_nothing_is_written_while_nobody_wants_it(desk: Desk) -> None:
    """Without a webhook everything goes on, and no row is written."""
    live(desk)

    assert [] == told(desk.office)


def test_what_did_not_happen_is_not_told(desk: Desk) -> None:
    """A transaction that is rolled back takes its message with it, and one that is refused writes none."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    [case_id] = [row.id for row in office.rows(tables.case.select())]
    hook(desk, SOMEWHERE)

    def job(connection: Connection) -> None:
        tell_visit(connection, office.site, Kind.VISIT_CHANGED, case_id, visit_id, "approved", None)
        raise FieldError("conflict")

    with pytest.raises(FieldError):
        office.site.store.write(job)
    with pytest.raises(FieldError):
        decide_visit(office.site, case_id, visit_id, Act.AMENDED, "rae", Said(amendment={"colour": "red"}))

    assert [] == told(office)


def test_of_two_messages_about_a_visit_the_later_has_the_higher_number(desk: Desk) -> None:
    """Also after old ones were dropped: a number is never used again."""
    office, numbers = desk.office, []
    hook(desk, SOMEWHERE, "visit.created")
    for reference in ("R1", "R2"):
        visit(office, carrier(office, reference), reference)
        [row] = office.rows(delivery.select())
        numbers.append(row.seq)
        done = delivery.update().values(state="done", ended_ms=office.clock())
        office.site.store.write(lambda connection, done=done: connection.execute(done) and None)
        office.clock.advance(days=31)
        assert 1 == drop_old_deliveries(office.site)

    assert numbers == sorted(set(numbers))


def test_what_was_told_is_dropped_after_thirty_days_and_what_is_dead_is_kept(desk: Desk) -> None:
    """Dead messages wait for a person, however long."""
    office = desk.office
    hook(desk, SOMEWHERE, "visit.created")
    for reference, state in (("R1", "done"), ("R2", "dead")):
        visit(office, carrier(office, reference), reference)
        ended = delivery.update().where(delivery.c.state == "waiting").values(state=state, ended_ms=office.clock())
        office.site.store.write(lambda connection, ended=ended: connection.execute(ended) and None)
    office.clock.advance(days=29)
    early = drop_old_deliveries(office.site)
    office.clock.advance(days=2)

    assert (0, 1, ["dead"]) == (
        early, drop_old_deliveries(office.site), [row.state for row in office.rows(delivery.select())]
    )  # fmt: skip


class TestPage:
    """The page of the webhooks."""

    @pytest.fixture
    def browser(self, desk: Desk) -> Browser:
        """An administrator's browser."""
        return desk.sign_in("admin")

    def add(self, browser: Browser, url: str, **form: Any) -> str:
        """Add a webhook; give the page that comes."""
        browser.get("/webhooks")
        sent = {"csrf": browser.csrf, "url": url, "kind": ["visit.created"]} | form
        return browser.client.post("/office/webhooks", data=sent, follow_redirects=True).text

    def test_its_secret_is_shown_once(self, desk: Desk, browser: Browser) -> None:
        """On the page that follows, and on none after; it stands in no table of webhooks, and is noted nowhere."""
        page = self.add(browser, SOMEWHERE)
        [row] = desk.office.rows(webhook.select())
        secret = webhooks.secret_of(desk.office.site, row.id)

        assert secret in page
        assert secret not in browser.get("/webhooks") + browser.get(f"/webhooks/{row.id}")
        assert secret not in repr([desk.office.rows(each.select()) for each in tables.metadata.sorted_tables])

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("http://hooks.example/x", "has to begin with https://"),
            ("https://10.1.2.3/x", "is in a private network"),
            ("https://[::ffff:192.168.0.1]/x", "is in a private network"),
            ("https://[64:ff9b::10.0.0.1]/x", "is in a private network"),
            ("https://[2002:a00:1::]/x", "is in a private network"),
            ("https://169.254.169.254/latest", "is in a private network"),
            ("https://me:secret@hooks.example/x", "is no address"),
            ("ftp://hooks.example/x", "is no address"),
            ("https:///x", "is no address"),
            ("hooks", "is no address"),
        ],
    )
    def test_an_address_that_cannot_be_is_refused(self, desk: Desk, browser: Browser, url: str, said: str) -> None:
        """The sentence says why; nothing is added."""
        assert said in self.add(browser, url)
        assert [] == desk.office.rows(webhook.select())

    def test_a_kind_or_an_agency_that_is_none_is_refused(self, desk: Desk, browser: Browser) -> None:
        """So is a webhook that wants nothing."""
        assert "there is no visit.x" in self.add(browser, SOMEWHERE, kind=["visit.x"])
        assert "choose at least one" in self.add(browser, SOMEWHERE, kind=[])
        assert "there is no such agency" in self.add(browser, SOMEWHERE, agency=desk.office.site.new_id())
        assert [] == desk.office.rows(webhook.select())

    def test_there_are_no_more_than_the_worker_has_hands_for(self, desk: Desk, browser: Browser) -> None:
        """One more is refused with a sentence."""
        for _ in range(webhooks.MOST):
            hook(desk, SOMEWHERE)

        assert "remove one first" in self.add(browser, SOMEWHERE)

    def test_a_test_is_sent_and_stands_in_the_list(self, desk: Desk, browser: Browser) -> None:
        """The button sends a signed message, and the page says that it was told."""
        with receiving() as receiver:
            webhook_id = hook(desk, receiver.url, "visit.created")
            waiting = browser.follow(f"/webhooks/{webhook_id}/test")
            send_all(desk.office)
            done = browser.get(f"/webhooks/{webhook_id}")

        assert ["test"] == [each.said["kind"] for each in receiver.got]
        assert "A test is on its way" in waiting
        assert ("0 / 6", "1 / 6") == (re.findall(r"\d / 6", waiting)[0], re.findall(r"\d / 6", done)[0])

    def test_it_is_switched_off_and_on_and_removed(self, desk: Desk, browser: Browser) -> None:
        """While it is off nothing is sent; removed, nothing of it is left but what was noted."""
        office = desk.office
        with receiving() as receiver:
            webhook_id = hook(desk, receiver.url, "visit.created")
            visit(office, carrier(office), "R1")
            off = browser.follow(f"/webhooks/{webhook_id}/off")
            send_all(office)
            before = len(receiver.got)
            refused = browser.follow(f"/webhooks/{webhook_id}/test")
            browser.post(f"/webhooks/{webhook_id}/on")
            send_all(office)
        browser.post(f"/webhooks/{webhook_id}/remove")
        browser.get(f"/webhooks/{webhook_id}", 404)
        browser.post(f"/webhooks/{webhook_id}/on", 404)

        assert (0, 1) == (before, len(receiver.got))
        assert "what happens now is not told to it" in off
        assert "switch it on, then send a test" in refused
        assert ([], []) == (office.rows(delivery.select()), office.rows(webhook.select()))
        acts = [row.act for row in office.rows(tables.metadata.tables["office_act"].select())]
        assert ["added_webhook", "switched_webhook_off", "switched_webhook_on", "removed_webhook"] == [
            act for act in acts if "webhook" in act
        ]

    def test_an_auditor_reads_and_a_limited_account_does_not(self, desk: Desk) -> None:
        """The auditor sees no button; who is limited to an agency sees no webhook, they are about all."""
        webhook_id = hook(desk, SOMEWHERE)
        auditor, limited = desk.sign_in("auditor"), desk.sign_in("lim", "admin", agencies=[desk.office.agency_id])

        assert "Switch off" not in auditor.get(f"/webhooks/{webhook_id}")
        auditor.post(f"/webhooks/{webhook_id}/test", 403)
        limited.get("/webhooks", 404)
        limited.get(f"/webhooks/{webhook_id}", 404)
        limited.post(f"/webhooks/{webhook_id}/remove", 404)
