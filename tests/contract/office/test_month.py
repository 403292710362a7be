"""A month of statements: a row for each device, a cell for each day, the same questions however many devices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from server.domain.roles import Role, Viewer
from server.services import signing_off
from server.services.device_days import list_month
from server.services.erasing import erase_events
from server.services.statements import make_statement
from server.storage import day_rows, field_rows, tables
from tests.contract.office.desk import Desk
from tests.contract.office.visits import TruePhone, carrier, visit
from tests.office import Office, Phone, opened_office

EVERYBODY = Viewer("", "everybody", frozenset(Role))
MONTH = "2016-04"
DAY = "2016-04-07"


def states(office: Office) -> dict[str, str]:
    """Give the states of the month's days of the one device."""
    [(_, accounts)] = list_month(office.site, EVERYBODY, MONTH, None, 30).devices
    return {day: account.state.value for day, account in accounts.items()}


def sign(office: Office, phone: Phone, day: str) -> None:
    """Sign a day off as it stands."""
    with office.site.store.read() as connection:
        device = field_rows.find_device(connection, phone.device_id, [])
    assert device is not None
    seen = signing_off.fingerprint(make_statement(office.site, phone.device_id, day))
    signing_off.sign_off(office.site, EVERYBODY, device, day, seen)


def step(phone: TruePhone) -> None:
    """Record something at a door and send it."""
    ids = phone.office.site.new_id
    case_id = phone.office.add_case(ids())
    phone.office.assign(case_id, phone.agent_id)
    phone.step(case_id, ids())
    phone.exchange()


def test_each_day_counts_as_its_own_statement_does(desk: Desk) -> None:
    """Whole visits, a record under a used id, one set aside, one erased, one without content: day by day the same."""
    office = desk.office
    phone = carrier(office)
    visit(office, phone, "R1")
    office.clock.advance(days=1)
    visit(office, phone, "R2")
    used = phone.log[-1]["id"]
    phone.append(used, '{"other":"content"}')
    phone.append(office.site.new_id(), "no JSON")
    phone.withhold(office.site.new_id(), "to come as a file")
    phone.exchange(phone.log[-3:])
    erase_events(office.site, [phone.log[-5]["id"]], by="test", reason="asked for")
    office.clock.advance(days=1)
    step(phone)

    [(device, accounts)] = list_month(office.site, EVERYBODY, MONTH, None, 30).devices

    assert ["2016-04-07", "2016-04-08", "2016-04-09"] == list(accounts)
    for day, account in accounts.items():
        told = make_statement(office.site, device.id, day)
        assert account.statement is not None
        assert {name: told[name] for name in signing_off.OF_THE_DAY} == {
            name: account.statement[name] for name in signing_off.OF_THE_DAY
        }
        assert told["files"] == account.statement["files"]


def test_a_month_that_begins_within_a_chain_reads_the_day_before_it(desk: Desk) -> None:
    """Only what came in the month is read; what has no content counts on the day of what stands before it."""
    office = desk.office
    phone = carrier(office)
    step(phone)
    office.clock.advance(days=30)
    phone.withhold(office.site.new_id(), "to come as a file")
    phone.exchange(phone.log[-1:])
    office.clock.advance(minutes=5)
    step(phone)

    [(device, accounts)] = list_month(office.site, EVERYBODY, "2016-05", None, 30).devices

    with office.site.store.read() as connection:
        [chain] = day_rows.read_chains_since(connection, [device.id], office.clock() - 86_400_000)

    assert 2 == chain.start
    assert ["2016-05-07"] == list(accounts)
    told, counted = make_statement(office.site, device.id, "2016-05-07"), accounts["2016-05-07"].statement
    assert counted is not None
    assert (1, told["events"]) == (told["received"], counted["events"])


def test_what_cannot_be_read_before_a_month_is_no_place_to_begin_at(desk: Desk) -> None:
    """It tells no day, so what follows it without content counts on the day before both, as the single day has it."""
    office = desk.office
    phone = carrier(office)
    step(phone)
    phone.append(office.site.new_id(), "no JSON")
    phone.exchange(phone.log[-1:])
    office.clock.advance(days=30)
    phone.withhold(office.site.new_id(), "to come as a file")
    phone.exchange(phone.log[-1:])
    step(phone)

    [(device, accounts)] = list_month(office.site, EVERYBODY, "2016-05", None, 30).devices

    told, counted = make_statement(office.site, device.id, "2016-05-07"), accounts["2016-05-07"].statement
    assert counted is not None
    assert (1, told["events"]) == (told["received"], counted["events"])


def test_a_month_begins_where_its_devices_are(database_url: str, tmp_path: Path) -> None:
    """A device east of the office begins its month while the office is still in the one before."""
    with opened_office(database_url, tmp_path, zone="America/Los_Angeles") as office:
        phone = carrier(office)
        office.clock.ms = round(datetime(2016, 5, 1, 1, tzinfo=UTC).timestamp() * 1000)  # 18:00 on the 30th there
        step(phone)
        step(phone)

        [(device, accounts)] = list_month(office.site, EVERYBODY, "2016-05", None, 30).devices

        assert ["2016-05-01"] == list(accounts)
        counted = accounts["2016-05-01"].statement
        assert counted is not None
        assert (2, 2) == (make_statement(office.site, device.id, "2016-05-01")["received"], counted["received"])


def test_a_day_agrees_differs_is_signed_off_and_differs_again(desk: Desk) -> None:
    """By what came of it, by who signed it off, and by what came in since."""
    office = desk.office
    phone = carrier(office)
    step(phone)
    office.clock.advance(days=1)
    phone.append(office.site.new_id(), "no JSON")
    phone.exchange(phone.log[-1:])
    step(phone)
    first = states(office)
    sign(office, phone, DAY)
    sign(office, phone, "2016-04-08")
    signed = states(office)
    step(phone)

    assert {DAY: "differs", "2016-04-08": "agrees"} == first  # what cannot be read lies on the day before it
    assert dict.fromkeys(first, "signed_off") == signed
    assert {DAY: "signed_off", "2016-04-08": "differs"} == states(office)


@pytest.mark.parametrize("after_seq", [4, 2])
def test_a_gap_lies_on_every_day_it_may_have_been_recorded_on(desk: Desk, after_seq: int) -> None:
    """From the last record before it to the opening of the next chain; without a gap no day is missing."""
    office = desk.office
    phone = carrier(office)
    step(phone)  # the second place, on the 7th
    office.clock.advance(days=3)
    chain_id = phone.chain_id
    opening = phone.open_chain("restored", previous=chain_id, after_seq=after_seq)
    phone.exchange([opening])

    expected = dict.fromkeys([DAY, "2016-04-08", "2016-04-09", "2016-04-10"], "missing")
    assert ({DAY: "agrees", "2016-04-10": "agrees"} if after_seq == 2 else expected) == states(office)


def test_each_cell_says_its_state_in_a_word_and_leads_to_its_day(desk: Desk) -> None:
    """A day that came, one of which nothing was heard, one that is yet to come; the months around are a step away."""
    office = desk.office
    phone = carrier(office)
    step(phone)
    page = desk.sign_in("auditor").get(f"/statements?month={MONTH}")

    def cell(day: str) -> str:
        found = re.search(rf'<a href="/office/statements/{phone.device_id}/{day}".*?</a>', page, re.DOTALL)
        return found[0] if found else ""

    assert "agrees" in cell(DAY)
    assert "<svg" in cell(DAY)
    assert "–" in cell("2016-04-01")
    assert "" == cell("2016-04-20")
    assert 'href="/office/statements?month=2016-03"' in page
    assert "month=2016-05" not in page
    assert "month=2016-04" in desk.open("auditor").get("/statements?month=2016-03")
    for odd in ("9999-12", "0001-01", "2016-13", "April", ""):
        assert f"<title>Statements {MONTH}" in desk.open("auditor").get(f"/statements?month={odd}")


def test_a_limited_account_sees_its_agencies_devices(desk: Desk) -> None:
    """Another agency's device is in no row."""
    office = desk.office
    other = office.site.new_id()
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    ours, theirs = carrier(office, "a1"), carrier(office, "b1", other)
    for phone in (ours, theirs):
        step(phone)

    page = desk.sign_in("reviewer", agencies=[office.agency_id]).get(f"/statements?month={MONTH}")

    assert ours.device_id in page
    assert theirs.device_id not in page


@contextmanager
def counted() -> Iterator[list[str]]:
    """Count the statements that are asked of any database."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_thirty_devices_ask_no_more_than_three(desk: Desk) -> None:
    """The page of 30 devices asks as many statements as that of 3; the next page begins after the last row."""
    office, counts, pages = desk.office, [], []
    browser = desk.sign_in("auditor")
    for so_many in (range(3), range(3, 31)):
        for number in so_many:
            step(carrier(office, f"a{number:02}"))
        browser.get("/me")
        with counted() as asked:
            pages.append(browser.get(f"/statements?month={MONTH}"))
        counts.append(len(asked))
    following = re.search(r'href="/office(/statements\?month=2016-04&after=a29_[^"]+)"', pages[1])
    assert following is not None

    assert counts[0] == counts[1]
    assert (3, 30) == tuple(page.count('<section class="month"') for page in pages)
    assert 1 == browser.get(following[1]).count('<section class="month"')
