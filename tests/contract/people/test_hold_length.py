"""How long a hold lasts by the rulebooks in force: from any device or the office, told to every device, extended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.services import holding
from server.services.assigning import assign
from server.services.site import Site
from server.storage import tables
from tests.contract.people.conftest import Run
from tests.contract.people.office import DAY_MS, START_MS, Office
from tests.contract.people.test_holding import HOLD, place


def ruled(office: Office) -> Site:
    """Give the same site with rulebooks in force: China's, and the house's floor."""
    return replace(office.site, settings=replace(office.site.settings, rulebooks="CN", house_rulebook=""))


def held(office: Office) -> str:
    """Give a case in an agent's hands: assigned before the rulebooks came, so that no gate stands in the way."""
    [case_id] = office.add_cases(1)
    assign(office.site, [case_id], "a1")
    return case_id


@pytest.mark.parametrize(("reason", "days"), [("illness", 90), ("distress", 90), ("refusal", None), ("danger", None)])
def test_a_hold_lasts_as_the_rulebooks_say(office: Office, reason: str, days: int | None) -> None:
    """The floor pauses for 90 days in hard times; a wish to be left alone, and what no rule knows, ends by a person."""
    case_id = held(office)
    place(replace(office, site=ruled(office)), case_id, reason=reason)
    [row] = office.rows(tables.hold)

    [told] = office.live("a1", "hold").values()

    assert (None if days is None else START_MS + days * DAY_MS) == row.until_ms
    assert (days is not None) == ("until" in told["body"])


def test_what_the_device_said_of_its_end_stands(office: Office) -> None:
    """A day that was named is kept; without any rulebook in force nothing is added."""
    case_id = held(office)
    place(replace(office, site=ruled(office)), case_id, reason="illness", until="2027-01-01")
    place(office, case_id, HOLD.replace("a", "b"), reason="illness")
    ends = {row.id: row.until_ms for row in office.rows(tables.hold)}

    assert ends[HOLD] is not None
    assert START_MS + 90 * DAY_MS != ends[HOLD]
    assert None is ends[HOLD.replace("a", "b")]


def test_a_hold_is_extended_as_the_rulebooks_say_and_the_devices_hear_it(
    office: Office, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`holds extend` adds the floor's 90 days; whoever placed it still may not lift it."""
    monkeypatch.setenv("FAIRVISIT_RULEBOOKS", "CN")
    monkeypatch.delenv("FAIRVISIT_HOUSE_RULEBOOK")
    case_id, site = held(office), ruled(office)
    hold_id, _ = holding.place_office_hold(site, case_id, HoldScope.CASE, HoldReason.ILLNESS, "Dana")
    before = office.live("a1", "hold")[hold_id]
    said = run("holds", "extend", hold_id[-8:], "--by", "Rita", "--reason", "still in hospital").stdout
    after = office.live("a1", "hold")[hold_id]

    assert START_MS + 180 * DAY_MS == office.rows(tables.hold)[0].until_ms
    assert (before["rev"] + 1, True) == (after["rev"], before["body"]["until"] < after["body"]["until"])
    assert hold_id in said
    assert "extended by Rita" in office.rows(tables.hold)[0].confirm_reason
    with pytest.raises(FieldError, match="another person"):
        holding.lift_hold(site, hold_id, "Dana", "well again")
    office.check_heads()


def test_what_cannot_be_extended_is_said(office: Office) -> None:
    """A hold that lasts until somebody lifts it, one that no rule extends, one that is lifted."""
    case_id, site = held(office), ruled(office)
    ids = [
        holding.place_office_hold(site, case_id, HoldScope.CASE, HoldReason(word), "Dana")[0]
        for word in ("refusal", "danger")
    ]
    holding.lift_hold(site, ids[1], "Rita", "recovered")
    for hold_id, sentence in zip(ids, ("lasts until somebody lifts it", "is lifted already"), strict=True):
        with pytest.raises(FieldError, match=sentence):
            holding.extend_hold(site, hold_id, "Rita", "once more")
    place(office, case_id, reason="danger", until="2027-01-01")
    with pytest.raises(FieldError, match="No rulebook in force extends"):
        holding.extend_hold(site, HOLD, "Rita", "once more")
