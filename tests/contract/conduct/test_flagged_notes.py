"""A flagged note reaches the reviewer by both commands with its words, and an erasure takes the words away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from server.cli.main import fairvisit
from server.services.erasing import erase_events
from server.services.reconciling import reconcile
from server.storage import tables, visit_tables
from tests.office import Office, Phone, SetPhone, opened_office

NOTE = "本人不在。 I took 200 in cash from his brother."
WORDS = "took 200 in cash"


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office under no rulebook: what was written is read all the same."""
    with opened_office(database_url, tmp_path) as opened:
        yield opened


def live(office: Office) -> tuple[Phone, str]:
    """Make a visit whose outcome carries the note; give the phone and the visit's id."""
    case_id, visit_id = office.add_case("R1"), office.site.new_id()
    phone = SetPhone.enrolled(office, "a1", office.add_agent("a1"))
    phone.exchange()
    office.assign(case_id, phone.agent_id)
    for kind, body in (
        ("visit_started", {"fixes": [], "no_fix_reason": "unavailable"}),
        ("outcome_noted", {"contact_result": "other_adult", "disposition": "none", "note": NOTE}),
        ("visit_ended", {"fixes": [], "no_fix_reason": "unavailable", "reason": "completed"}),
    ):
        office.clock.advance(minutes=2)
        phone.record(kind, body, case_id=case_id, visit_id=visit_id, packet_rev=1)
    phone.exchange()
    reconcile(office.site)
    return phone, visit_id


def flagged(office: Office) -> list[Any]:
    """Give the flagged notes."""
    return office.rows(visit_tables.finding.select().where(visit_tables.finding.c.code == "note_flagged"))


def test_a_flagged_note_is_shown_with_its_words(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fairvisit findings` and `fairvisit visit` quote the very words and name the pattern."""
    _, visit_id = live(office)
    for name in ("database_url", "folder"):
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", getattr(office.site.settings, name))

    for arguments in (["findings", "--code", "note_flagged"], ["visit", visit_id]):
        said = CliRunner().invoke(fairvisit, arguments, catch_exceptions=False).output
        assert "may speak of a payment to the agent: outcome noted, letters 9 to 24 (en_took_cash)." in said
        assert f'"{WORDS}"' in said


def test_an_erased_note_is_quoted_nowhere(office: Office) -> None:
    """Once the event is erased no finding holds its words, neither at once nor when the visit is folded again."""
    phone, _ = live(office)
    [row] = flagged(office)
    assert (WORDS, "look") == (row.facts["matched"], row.severity)

    erase_events(office.site, [phone.log[-2]["id"]], "Dana", "request of the person")

    assert [{}] == [row.facts for row in flagged(office)]
    reconcile(office.site)
    [row] = flagged(office)
    assert ({}, True) == (row.facts, row.gone_ms is not None)
    assert WORDS not in "".join(str(row.item) for row in office.rows(tables.feed.select()))


def test_an_objection_that_is_flagged_is_erased_with_its_words(office: Office) -> None:
    """What an agent wrote against a finding is flagged on the visit, and blanked with the objection."""
    phone, _ = live(office)
    [row] = flagged(office)
    phone.record("finding_contested", {"finding_id": row.id, "reason": "She gave me 50 euros as a loan."})
    phone.exchange()
    reconcile(office.site)
    [objection] = [each for each in flagged(office) if each.key.startswith(row.id)]
    assert "gave me 50 euros" == objection.facts["matched"]

    erase_events(office.site, [phone.log[-1]["id"]], "Dana", "request of the agent")

    assert {} == next(each for each in flagged(office) if each.id == objection.id).facts
