"""Help now: a call with a timer; who does not take it in two minutes is passed over."""

from __future__ import annotations

import pytest

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason
from server.public.wording import say
from server.services.help_calls import (
    alert_calls,
    call_by_telephone,
    close_call,
    hold_for_call,
    message_crew,
    take_call,
)
from server.storage import tables, voice_tables
from server.storage.voice_rows import read_calls
from tests.contract.public.people import carrier, letter, load, send, show_code
from tests.office import Office, Phone


def called(office: Office, path: str = "/verify/help", **form: str) -> str:
    """Press the button; give the call's id."""
    answer = send(office, path, **form)
    assert 303 == answer.status_code
    return str(answer.headers["Location"]).rpartition("/")[2].partition("?")[0]


def entrusted(office: Office) -> tuple[str, Phone]:
    """Give a case and the phone that has it."""
    case_id, phone = office.add_case("R1"), carrier(office)
    office.assign(case_id, phone.agent_id)
    phone.exchange()
    return case_id, phone


def test_a_call_by_letter_names_its_case_and_stays_one(office: Office) -> None:
    """Pressed three times it is one call; the page says how long nobody took it."""
    case_id, _ = entrusted(office)
    token = letter(office, case_id)
    ids = {called(office, f"/answer/{token}/help", reach="415 555 0132") for _ in range(3)}
    office.clock.advance(seconds=40)

    [row] = office.rows(voice_tables.help_call.select())

    assert ({row.id}, case_id, "answer", "415 555 0132") == (ids, row.case_id, row.channel, row.reach)
    assert say("en", "call.waiting", age="40 s") in load(office, f"/help/{row.id}").text


def test_a_call_that_somebody_took_does_not_swallow_the_next(office: Office) -> None:
    """After an answer a new call is a row with a timer of its own."""
    case_id, _ = entrusted(office)
    token = letter(office, case_id)
    first = called(office, f"/answer/{token}/help")
    take_call(office.site, first, "Ruth")
    second = called(office, f"/answer/{token}/help")

    assert first != second
    assert 2 == len(office.rows(voice_tables.help_call.select()))


def test_a_code_names_no_case_that_its_agent_never_had(office: Office) -> None:
    """A device's key ties no call to somebody else's case."""
    _, phone = entrusted(office)
    called(office, c=show_code(phone, office.add_case("R9")))
    [row] = office.rows(voice_tables.help_call.select())

    assert (None, phone.agent_id) == (row.case_id, row.agent_id)


def test_a_call_from_a_cards_page_names_agent_and_visit(office: Office) -> None:
    """The code that was scanned says who stands at the door, and for which case."""
    case_id, phone = entrusted(office)
    called(office, c=show_code(phone, case_id))
    called(office)

    rows = office.rows(voice_tables.help_call.select().order_by(voice_tables.help_call.c.id))

    assert [(case_id, phone.agent_id), (None, None)] == [(row.case_id, row.agent_id) for row in rows]


@pytest.mark.parametrize(("seconds", "expected"), [(119, 0), (120, 1)])
def test_nobody_in_two_minutes_alerts_a_supervisor_once(office: Office, seconds: int, expected: int) -> None:
    """At two minutes, not before; the second look alerts nobody anew, and the page says so."""
    call_id = called(office)
    office.clock.advance(seconds=seconds)

    assert [expected, 0] == [alert_calls(office.site), alert_calls(office.site)]
    assert (say("en", "call.alerted", age="2 min") in load(office, f"/help/{call_id}").text) == bool(expected)


def test_a_call_that_was_taken_alerts_nobody(office: Office) -> None:
    """Taken by Ruth, it is hers: another cannot take it, and time alerts nobody."""
    call_id = called(office)
    take_call(office.site, call_id, "Ruth")
    with pytest.raises(FieldError, match="Ruth has this call"):
        take_call(office.site, call_id, "Sam")
    office.clock.advance(minutes=10)

    assert 0 == alert_calls(office.site)
    assert say("en", "call.taken", at="03:33") in load(office, f"/help/{call_id}").text


def test_what_a_supervisor_was_told_of_stands_first(office: Office) -> None:
    """Before those taken, and before those that just came in."""
    old = called(office)
    taken = called(office)
    take_call(office.site, taken, "Ruth")
    office.clock.advance(minutes=3)
    alert_calls(office.site)
    new = called(office)

    with office.site.store.read() as connection:
        listed = [row.id for row in read_calls(connection, with_closed=False)]

    assert [old, new, taken] == listed


def test_the_answerer_halts_the_case_and_tells_the_crew(office: Office) -> None:
    """A halt and a message, both at the phone's next exchange."""
    case_id, phone = entrusted(office)
    call_id = called(office, f"/answer/{letter(office, case_id)}/help")

    told = hold_for_call(office.site, call_id, "Ruth", HoldReason.DISTRESS)
    codes = message_crew(office.site, call_id, "Ruth", "Leave now, please.")
    came = {item["type"]: item["body"] for item in phone.exchange()["pull"]["items"]}

    assert (1, ["a1"]) == (told, codes)
    assert ("distress", "Leave now, please.") == (came["hold"]["reason"], came["notice"]["text"])


def test_what_a_crew_was_told_goes_with_its_call(office: Office) -> None:
    """The later word takes the place of the earlier one, and with the call the word is taken from the phone."""
    case_id, phone = entrusted(office)
    call_id = called(office, f"/answer/{letter(office, case_id)}/help")
    for text in ("Leave now, please.", "Ring us."):
        message_crew(office.site, call_id, "Ruth", text)
    [told] = [each for each in phone.exchange()["pull"]["items"] if each["type"] == "notice"]
    close_call(office.site, call_id, "Ruth", "They left.")
    [gone] = [each for each in phone.exchange()["pull"]["items"] if each["type"] == "notice"]

    assert ("put", "Ring us.") == (told["op"], told["body"]["text"])
    assert ("del", told["id"]) == (gone["op"], gone["id"])


def test_a_call_without_a_case_is_halted_by_naming_it(office: Office) -> None:
    """The answerer finds out which case it is; without that nothing can be halted."""
    case_id, _ = entrusted(office)
    call_id = called(office)
    with pytest.raises(FieldError, match="names no case"):
        hold_for_call(office.site, call_id, "Ruth", HoldReason.DISTRESS)

    hold_for_call(office.site, call_id, "Ruth", HoldReason.DISTRESS, case_id)

    assert [case_id] == [row.case_id for row in office.rows(tables.hold.select())]


def test_a_telephone_call_names_the_card(office: Office) -> None:
    """The number on the card, as the caller reads it out, names the agent; a wrong one is told."""
    _, phone = entrusted(office)
    [card] = office.rows(voice_tables.agent_card.select())
    call_by_telephone(office.site, card.number, None, "415 555 0132")
    with pytest.raises(FieldError, match="No card has this number"):
        call_by_telephone(office.site, "00000000", None, "")

    [row] = office.rows(voice_tables.help_call.select())

    assert ("telephone", phone.agent_id) == (row.channel, row.agent_id)


def test_a_closed_call_is_closed(office: Office) -> None:
    """What came of it is kept, and nothing more is done with it."""
    call_id = called(office)
    close_call(office.site, call_id, "Ruth", "They left at once.")
    with pytest.raises(FieldError, match="was closed by Ruth"):
        close_call(office.site, call_id, "Ruth", "again")

    [row] = office.rows(voice_tables.help_call.select())

    assert ("They left at once.", "Ruth", "Ruth") == (row.result, row.closed_by, row.taken_by)


@pytest.mark.parametrize("call_id", ["nothing", "01900000-0000-7000-8000-000000000001"])
def test_a_call_that_is_none_looks_like_any_unknown_code(office: Office, call_id: str) -> None:
    """A guess shows nothing."""
    page = load(office, f"/help/{call_id}")

    assert 404 == page.status_code
    assert say("en", "error.unknown") in page.text


def test_the_page_is_honest_about_a_phone_without_network(office: Office) -> None:
    """It says that who stands there may not see it, and that the door may be closed."""
    case_id, _ = entrusted(office)

    for path in ("/verify", f"/answer/{letter(office, case_id)}"):
        assert say("en", "help.honest") in load(office, path).text


def test_whoever_waits_and_looks_again_alerts_a_supervisor(office: Office) -> None:
    """Where no reconciler runs, the page itself tells."""
    call_id = called(office)
    office.clock.advance(minutes=3)

    assert say("en", "call.alerted", age="3 min") in load(office, f"/help/{call_id}").text
