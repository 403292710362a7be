"""The page of a visit: places in numbers, coded questions, marks on findings, the same answers when judged again."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from server.domain.geo import gcj02_to_wgs84
from server.domain.returning import QUESTIONS, ReturnReason, ask
from server.services.packing import packet_changes
from server.storage import office_tables, tables, visit_tables
from server.storage.feed import publish
from tests.contract.office.desk import Desk
from tests.contract.office.visits import DOOR, FAR, carrier, visit


def test_the_sketch_says_in_numbers_what_it_shows(desk: Desk) -> None:
    """Distance and accuracy of each fix stand in a table below it, and the finding names the same distance."""
    visit_id = visit(desk.office, carrier(desk.office), "R1", FAR)
    page = desk.sign_in("reviewer").get(f"/visits/{visit_id}")

    far = [int(each) for each in re.findall(r'<td class="number">(\d+)</td><td class="number">\d+</td>', page)]
    said = re.search(r"Checked in (\d+) m from the door", page)
    assert said is not None
    assert abs(far[0] - int(said[1])) <= 1
    assert 2 == page.count('class="fix"') == len(far)
    assert "style=" not in page


def test_a_fix_of_another_datum_is_drawn_where_its_distance_is_measured(desk: Desk) -> None:
    """A GCJ-02 fix at the door lies on the door's square, and its distance is none."""
    office = desk.office
    visit_id = visit(
        office, carrier(office), "R1", DOOR | {"lat_e7": 312_300_000, "lon_e7": 1_214_700_000, "datum": "gcj02"}
    )
    lat, lon = gcj02_to_wgs84(31.23, 121.47)
    moved = tables.place.update().values(lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7))
    office.site.store.write(lambda connection: connection.execute(moved) and None)
    page = desk.sign_in("reviewer").get(f"/visits/{visit_id}")

    square = re.search(r'class="door" x="([\d.]+)" y="([\d.]+)"', page)
    assert square is not None
    x, y = (float(each) + 5 for each in square.groups())
    drawn = re.findall(r'class="fix" cx="([\d.]+)" cy="([\d.]+)"', page)
    assert len(drawn) == 2
    assert all(abs(float(cx) - x) < 2 and abs(float(cy) - y) < 2 for cx, cy in drawn)


def test_a_coded_question_asks_in_words_and_keeps_its_code(desk: Desk) -> None:
    """Ticked without a question of one's own, its text travels; what is written goes before it."""
    office = desk.office
    phone = carrier(office)
    browser = desk.sign_in("reviewer")
    for reference, own in (("R1", ""), ("R2", "Which door?")):
        browser.post(f"/visits/{visit(office, phone, reference)}/decide", act="returned", code="place", question=own)

    table = visit_tables.decision
    found = [(row.reason, row.question) for row in office.rows(table.select().order_by(table.c.at_ms, table.c.id))]
    assert [("place", ask(ReturnReason.PLACE, "en")), ("place", "Which door?")] == found
    assert set(QUESTIONS) == set(ReturnReason)
    assert all(len(texts) == 2 and all(texts) for texts in QUESTIONS.values())


def test_marks_on_findings_are_counted(desk: Desk) -> None:
    """The last word counts; how often a kind of finding was right stands on the page Oversight."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1", FAR)
    [finding] = office.rows(visit_tables.finding.select())
    browser = desk.sign_in("supervisor")
    for word in ("right", "wrong", "right"):
        browser.post(f"/visits/{visit_id}/findings/{finding.id}", **{"is": word})
    browser.post(f"/visits/{visit_id}/findings/{finding.id}", 404, **{"is": "maybe"})

    [mark] = office.rows(office_tables.finding_mark.select())
    assert mark.is_right
    assert "100 %" in browser.get("/oversight")
    assert "held to be right" in browser.get(f"/visits/{visit_id}")


def test_the_record_holds_every_event_as_it_was_received(desk: Desk) -> None:
    """Whole and in order, with what was found and who looked."""
    visit_id = visit(desk.office, carrier(desk.office), "R1")
    page = desk.sign_in("auditor").get(f"/visits/{visit_id}/record")

    kinds = re.findall(r'"kind":"(\w+)"', page)
    assert ["visit_started", "step_done", "outcome_noted", "visit_ended"] == kinds
    assert "looked" in page


def test_a_kept_view_stands_above_the_queue(desk: Desk) -> None:
    """Filters under a name, for oneself; taken away again."""
    browser, other = desk.sign_in("reviewer"), desk.sign_in("other", "reviewer")
    browser.get("/queue?flagged=yes")
    browser.post("/queue/views?flagged=yes&state=todo", name="Mine")
    mine, theirs = browser.get("/queue"), other.get("/queue")
    browser.post("/queue/views/drop?flagged=yes", name="Mine")

    assert 'href="/office/queue?state=todo&flagged=yes">Mine</a>' in mine
    assert ">Mine</a>" not in theirs + browser.get("/queue")


def test_the_timeline_speaks_the_readers_language(desk: Desk) -> None:
    """What an event says is in words, not in codes: in Chinese as in English; so is what was amended."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    browser = desk.sign_in("reviewer")
    browser.post(f"/visits/{visit_id}/decide", act="amended", disposition="refuses")
    english = browser.get(f"/visits/{visit_id}")
    browser.post("/me/language", language="zh")
    chinese = browser.get(f"/visits/{visit_id}")

    assert "step done: card shown, given" in english
    assert "What came of it: nothing → refuses" in english
    assert "步骤完成: 出示证件, 已作答" in chinese
    assert "card_shown" not in english + chinese


def test_the_packet_then_and_now_stand_side_by_side(desk: Desk) -> None:
    """What changed since the revision that the crew had is shown member by member; where it is not kept, so is that."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    browser = desk.sign_in("reviewer")
    [case_id] = [row.id for row in office.rows(tables.case.select())]
    before = browser.get(f"/visits/{visit_id}")

    def repack(address: str, rev: int) -> None:
        def job(connection: Connection) -> None:
            connection.execute(tables.place.update().values(address=address))
            connection.execute(tables.case.update().values(rev=rev))
            publish(connection, packet_changes(connection, office.site, [case_id]))

        office.site.store.write(job)

    repack("R1 Hill Rd", 1)
    same = browser.get(f"/visits/{visit_id}")
    repack("9 Other Rd", 2)
    after = browser.get(f"/visits/{visit_id}")

    assert "is not kept" in before
    assert "The crew had revision 1, and nothing in it has changed since." in same
    assert re.search("place.address</code></td><td>R1 Hill Rd</td><td>9 Other Rd<", after)


def test_the_record_to_print_names_each_link(desk: Desk) -> None:
    """The hash of each event's link stands beside it, so the record can be held against the device's chain."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    page = desk.sign_in("auditor").get(f"/visits/{visit_id}/record")

    hashes = [row.hash for row in office.rows(tables.link.select())][-4:]
    assert 4 == sum(each in page for each in hashes)
