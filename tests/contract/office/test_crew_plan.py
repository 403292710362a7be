"""A crew's day sent to the crew: it stands in the packets, and only what was shown is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from schemas.packet import PacketSchema
from server.services.assigning import assign
from server.storage import tables
from server.storage.board_tables import plan_stop
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.visits import TruePhone, carrier

DAY = "2016-04-08"  # the day after the office's clock begins
PAGE = f"/dispatch/crews/a1?day={DAY}"


@pytest.fixture
def phone(desk: Desk) -> TruePhone:
    """The phone of an agent who leads two cases, one of them north of the other."""
    made = carrier(desk.office)
    far = desk.office.add_case("R1")
    near = desk.office.add_case("R2")
    change(desk, tables.agent, tables.agent.c.code == "a1", lat_e7=377_700_000, lon_e7=-1_224_200_000)
    [case] = desk.office.rows(tables.case.select().where(tables.case.c.id == far))
    change(desk, tables.place, tables.place.c.id == case.place_id, lat_e7=377_900_000)
    assign(desk.office.site, [far, near], "a1")
    return made


def change(desk: Desk, table: Any, which: Any, **values: Any) -> None:
    """Change rows."""
    changed = table.update().where(which).values(**values)
    desk.office.site.store.write(lambda connection: connection.execute(changed) and None)


def send(browser: Browser, page: str = PAGE, day: str = DAY) -> str:
    """Press the button of the page of a day; give the page that follows."""
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', browser.get(page))
    assert found is not None
    return browser.follow("/dispatch/crews/a1/plan", day=day, seen=found[1])


def packed(phone: TruePhone) -> dict[str, Any]:
    """Give the plan of each packet that comes with an exchange, by address; each packet is as the wire has it."""
    pulled = phone.exchange([])["pull"].get("items", ())
    items = [each for each in pulled if each["type"] == "packet" and "body" in each]
    assert [{}] * len(items) == [PacketSchema().validate(each["body"]) for each in items]
    return {each["body"]["open"]["place"]["address"]: each["body"]["open"].get("planned") for each in items}


def test_a_plan_that_is_sent_stands_in_the_packets(desk: Desk, phone: TruePhone) -> None:
    """The nearest first, each with day, order and local time; sent once more it makes no packet anew."""
    browser = desk.sign_in("dispatcher")
    before = packed(phone)
    said = send(browser)
    plans = packed(phone)

    assert {"R1 Hill Rd": None, "R2 Hill Rd": None} == before
    assert "Sent: 2 cases are in this day's plan." in said
    assert "The crew has this plan." in said
    assert [(DAY, 1), (DAY, 2)] == [(plans[each]["day"], plans[each]["order"]) for each in ("R2 Hill Rd", "R1 Hill Rd")]
    assert f"{DAY}T08:00:00.000-07:00" == plans["R2 Hill Rd"]["starts"]
    assert plans["R1 Hill Rd"]["starts"].endswith(":00.000-07:00")
    assert {} == packed(phone)


def test_the_day_is_told_in_the_zone_where_the_crew_is(desk: Desk, phone: TruePhone) -> None:
    """The office counts in UTC; the crew's day begins at eight where it is."""
    page = desk.sign_in("dispatcher").get(PAGE)

    assert "Times are those of the place: America/Los_Angeles." in page
    assert "<td>08:00</td>" in page


def test_a_case_that_left_the_day_leaves_the_plan(desk: Desk, phone: TruePhone) -> None:
    """The page says that the crew has an earlier plan; the packet of what left it says nothing of it any more."""
    browser = desk.sign_in("dispatcher")
    send(browser)
    packed(phone)
    [r1] = desk.office.rows(tables.case.select().where(tables.case.c.reference == "R1"))
    desk.office.insert(
        tables.appointment, id=desk.office.site.new_id(), case_id=r1.id, starts=f"{DAY}T03:00:00.000-07:00",
        ends=f"{DAY}T04:00:00.000-07:00", made_by="office", made_ms=1,
    )  # fmt: skip

    earlier = browser.get(PAGE)
    send(browser)

    assert "The crew has an earlier plan of this day." in earlier
    assert {"R1 Hill Rd": None} == packed(phone)
    assert 1 == len(desk.office.rows(plan_stop.select()))


def test_a_plan_that_changed_meanwhile_is_not_sent_unseen(desk: Desk, phone: TruePhone) -> None:
    """What was shown is what is sent, or nothing; a day that is over is not planned."""
    browser = desk.sign_in("dispatcher")
    changed = browser.follow("/dispatch/crews/a1/plan", day=DAY, seen="0" * 64)
    over = send(browser, day="2016-04-01")

    assert "The plan changed meanwhile." in changed
    assert "This day is over" in over
    assert [] == desk.office.rows(plan_stop.select())


def test_another_crew_does_not_get_the_plan_made_for_the_first(desk: Desk, phone: TruePhone) -> None:
    """A case that moves on is packed without it."""
    send(desk.sign_in("dispatcher"))
    other = carrier(desk.office, "a2")
    [r1] = desk.office.rows(tables.case.select().where(tables.case.c.reference == "R1"))

    assign(desk.office.site, [r1.id], "a2")

    assert {"R1 Hill Rd": None} == packed(other)


def test_a_plan_whose_day_is_over_is_not_packed(desk: Desk, phone: TruePhone) -> None:
    """The next packet that is made says nothing of it."""
    browser = desk.sign_in("dispatcher")
    send(browser)
    packed(phone)
    desk.office.clock.advance(days=3)
    [r1] = desk.office.rows(tables.case.select().where(tables.case.c.reference == "R1"))

    assign(desk.office.site, [r1.id], "a1", ["a2"] if desk.office.add_agent("a2") else [])

    assert {"R1 Hill Rd": None} == packed(phone)
