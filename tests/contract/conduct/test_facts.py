"""The facts of many cases: everything the tables know, nothing that they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert, update

from server.domain.conduct.facts import Facts, Interval
from server.services.facts import gather
from server.services.matching import decide_match
from server.storage import facts_tables, portfolio_tables, tables, visit_tables
from tests.contract.conduct.conftest import Desk
from tests.contract.people.office import DAY_MS, START_MS, Office, counted

LOG = "Loan No,Call ID,Call time,Channel,Result,Content\n"
PAPERS = "Agent,Agency,Kind,Topic,Lender,Hours,From,Valid until\n"
HOUR_MS = 3_600_000
TOMORROW = Interval(START_MS + DAY_MS, START_MS + DAY_MS + HOUR_MS)  # 22 September 2026 in Shanghai
ZONES = {377_000_000: "America/Los_Angeles", 310_000_000: "Asia/Shanghai"}
RESTS = {"US": {date(2026, 9, 22): False}}


def ask(
    office: Office,
    case_ids: Sequence[str],
    crews: Mapping[str, Sequence[str]] | None = None,
    interval: Interval | None = TOMORROW,
) -> dict[str, Facts]:
    """Gather facts; zones are known by latitude."""
    with office.site.store.read() as connection:
        return gather(
            connection, office.site, case_ids, crews or {}, lambda _: interval, lambda lat, _: ZONES.get(lat),
            lambda region, first, last: RESTS if (region, first, last.month) == ("US", date(2026, 9, 22), 10) else {},
        )  # fmt: skip


def put(office: Office, table: Any, *rows: Mapping[str, Any]) -> None:
    """Put rows in."""
    office.site.store.write(lambda connection: connection.execute(insert(table), list(rows)) and None)


def change(office: Office, case_id: str, **values: Any) -> None:
    """Change a case."""
    changed = update(tables.case).where(tables.case.c.id == case_id).values(**values)
    office.site.store.write(lambda connection: connection.execute(changed) and None)


def tell_ledger(office: Office, lender: str = "Bank", state: str = "finished") -> None:
    """Note that a ledger came in."""
    run = {"id": office.site.new_id(), "kind": "ledger", "lender": lender, "file_name": "f", "file_sha256": "0" * 64}
    put(
        office, portfolio_tables.import_run,
        run | {"state": state, "line": 1, "counts": {}, "started_ms": 1, "updated_ms": 1},
    )  # fmt: skip


def pay(office: Office, case_id: str, paid_on: str, amount: int, currency: str = "EUR") -> None:
    """Put a payment into the ledger."""
    put(office, tables.payment, {
        "lender": "Bank", "receipt": office.site.new_id(), "case_id": case_id, "paid_on": paid_on,
        "currency": currency, "amount": amount, "digest": "0" * 64, "imported_ms": 1,
    })  # fmt: skip


def hold(office: Office, case_id: str | None, reason: str, **values: Any) -> None:
    """Place a hold yesterday."""
    row = {
        "id": office.site.new_id(), "case_id": case_id, "person_id": None, "reason": reason, "source": "office",
        "is_provisional": False, "placed_ms": START_MS - DAY_MS, "rev": 1,
    }  # fmt: skip
    put(office, tables.hold, row | values)


@pytest.fixture
def case_id(desk: Desk) -> str:
    """The case R0."""
    return next(str(row.id) for row in desk.office.rows(tables.case) if row.reference == "R0")


def say(office: Office, words: Mapping[str, bool], case_id: str | None = None, until: str = "2026-12-31") -> None:
    """Keep what Bank says of all its cases, or of one."""
    row = {"lender": "Bank", "case_id": case_id, "by": "Wu", "reason": "seen", "until": until, "made_ms": START_MS}
    rows = [row | {"id": office.site.new_id(), "word": word, "is_so": is_so} for word, is_so in words.items()]
    put(office, facts_tables.lender_word, *rows)


def test_what_the_lender_says_of_its_debts(desk: Desk, case_id: str) -> None:
    """Words of all cases hold for each; a word of one case holds for it alone; one that is over is not known."""
    words = {"found_not_time_barred": True, "debt_transferred": False, "place_is_home": True}
    say(desk.office, words)
    say(desk.office, {"found_lawful": True}, until="2026-09-21")
    other = next(row.id for row in desk.office.rows(tables.case) if row.reference == "R1")
    say(desk.office, {"found_not_time_barred": False}, case_id=other)
    found = ask(desk.office, [case_id, other])

    assert [words, words | {"found_not_time_barred": False}] == [found[each].steps for each in (case_id, other)]
    assert [False, True] == [found[each].is_time_barred for each in (case_id, other)]
    assert (False, "home") == (found[case_id].is_transferred, found[case_id].place_kind)


def test_the_log_tells_of_offers_and_consents(desk: Desk, case_id: str) -> None:
    """An offer of help that was sent, a consent that was given and not withdrawn; a log without them says none."""
    desk.log(LOG + "R1,C1,2026-09-01 10:00,call,made,\n")
    before = ask(desk.office, [case_id])[case_id]
    desk.log(LOG + (
        "R0,C2,2026-09-02 10:00,letter,returned,hardship offer\nR0,C3,2026-09-03 10:00,call,made,consent enter home\n"
        "R0,C4,2026-09-04 10:00,call,made,consent filming\nR0,C5,2026-09-05 10:00,call,made,withdrawn enter home\n"
    ))  # fmt: skip
    returned = ask(desk.office, [case_id])[case_id]
    desk.log(LOG + "R0,C6,2026-09-06 10:00,sms,,hardship offer\n")
    sent = ask(desk.office, [case_id])[case_id]

    assert [False, False, True] == [(each.steps or {})["hardship_offer_sent"] for each in (before, returned, sent)]
    assert [frozenset(), {"filming"}] == [before.consents, sent.consents]


def test_many_cases_ask_no_more_than_one(desk: Desk) -> None:
    """Facts of 60 cases, each with contacts, holds and papers, ask as many statements as those of one."""
    office = desk.office
    many = office.add_cases(60, prefix="M")
    desk.log(LOG + "".join(f"M{n},C{n},2026-09-01 10:00,call,made,purpose\n" for n in range(60)))
    crews = {each: list(office.agents.values()) for each in many}
    with counted(office) as one:
        ask(office, many[:1], crews)
    with counted(office) as sixty:
        found = ask(office, many, crews)

    assert len(one) == len(sixty) <= 14
    assert [1] * 60 == [len(facts.contacts or ()) for facts in found.values()]


def test_what_no_table_knows_is_not_known(desk: Desk, case_id: str) -> None:
    """Without log, ledger, crew and interval, nothing is claimed of them; what our own tables hold is known as none."""
    facts = ask(desk.office, [case_id], interval=None)[case_id]
    unknown = (facts.contacts, facts.notices, facts.is_paid, facts.crew, facts.agency, facts.interval, facts.steps)
    unknown += (facts.is_time_barred, facts.is_transferred, facts.consents, facts.place_kind, facts.has_recorder)

    assert {None} == set(unknown)
    assert ((), (), (), (), False, False) == (
        facts.holds, facts.preferences, facts.appointments, facts.complaints, facts.is_disputed, facts.is_represented,
    )  # fmt: skip
    assert {} == ask(desk.office, [desk.office.site.new_id()])


def test_contacts_follow_the_person_over_cases_and_lenders(desk: Desk) -> None:
    """The log of every lender of the person counts, and our own visits; it is unknown while one lender's is missing."""
    office = desk.office
    one, two = office.add_cases(2, prefix="P", persons=1)
    change(office, two, lender="Other")
    visits = [("person", 3), ("nobody", 2), ("other_adult", 1)]
    put(office, visit_tables.visit, *(
        {"case_id": two, "visit_id": office.site.new_id(), "due": 0, "updated_ms": 1, "contact_result": result,
         "started_ms": START_MS - days * DAY_MS}
        for result, days in visits
    ))  # fmt: skip
    desk.log(LOG + "P0,C1,2026-09-01 10:00,call,no answer,\n")
    before = ask(office, [one])[one]
    desk.log(LOG + "P1,C1,2026-09-02 10:00,call,made,\n", lender="Other")
    after = ask(office, [one])[one]
    told = [(each.channel, each.result, each.source, each.case_id == one) for each in after.contacts or ()]

    assert before.contacts is None
    assert told == [
        ("call", "attempt", "lender", True),
        ("call", "made", "lender", False),
        ("visit", "made", "visit", False),
        ("visit", "attempt", "visit", False),
        ("visit", "made", "visit", False),
    ]


def test_persons_who_are_joined_share_contacts_and_preferences(desk: Desk, case_id: str) -> None:
    """What was known of two persons who turn out to be one is known of either case."""
    desk.log(LOG + "R0,C1,2026-09-01 10:00,call,made,\nR1,C2,2026-09-02 10:00,call,made,\n")
    keep, gone = sorted(row.id for row in desk.office.rows(tables.person))
    row = {"id": desk.office.site.new_id(), "person_id": gone, "kind": "not_by", "weekdays": [], "value": "sms"}
    put(desk.office, facts_tables.preference, row | {"given_ms": 1, "source": "person"})
    pair = {"person_id": keep, "other_id": gone, "reason": "identity", "found_ms": 1}
    put(desk.office, portfolio_tables.probable_match, pair)
    decide_match(desk.office.site, keep, gone, is_same=True, by="Rita")
    facts = ask(desk.office, [case_id])[case_id]

    assert ["Bank/C1", "Bank/C2"] == [each.id for each in facts.contacts or ()]
    assert ["sms"] == [each.value for each in facts.preferences or ()]


def test_a_visit_is_no_contact_before_itself(desk: Desk, case_id: str) -> None:
    """Of a past visit only what was before it counts."""
    desk.log(LOG + "R0,C1,2026-09-01 10:00,call,made,\nR0,C2,2026-09-03 10:00,call,made,\n")
    past = Interval(START_MS - 19 * DAY_MS, START_MS - 19 * DAY_MS + HOUR_MS)

    assert ["Bank/C1"] == [each.id for each in ask(desk.office, [case_id], interval=past)[case_id].contacts or ()]


def test_a_contact_that_held_something_is_a_notice(desk: Desk, case_id: str) -> None:
    """Medium, content and whether it came back are told; contacts that held nothing are no notices."""
    desk.log(LOG + "R0,C1,2026-09-01 10:00,letter,returned,date;purpose\nR0,C2,2026-09-02 10:00,sms,,\n")
    notices = ask(desk.office, [case_id])[case_id].notices or ()

    assert [("letter", ("date", "purpose"), True)] == [
        (each.medium, each.content, each.is_returned) for each in notices
    ]


def test_papers_are_those_of_the_planned_day(desk: Desk, case_id: str) -> None:
    """Hours add up while they are good; what begins later is left out; what is over stands with its last day."""
    desk.file(PAPERS + (
        "a1,,training,Credit,,30,2026-01-01,2026-12-31\na1,,training,Credit,,20,2025-12-01,2026-11-30\n"
        "a1,,training,Credit,,99,2026-09-23,2027-12-31\na1,,training,Credit,,99,,2026-09-21\n"
        "a1,,certificate,Agent,,,,2026-09-21\na1,,background check,,,,2026-02-02,\n"
        "a1,,letter,,Bank,,,2026-12-31\na1,,card,Badge,,,,\na1,,card,Old badge,,,,2026-09-21\n"
        "a2,,recorder,Body camera,,,,2026-12-31\n,North,standing,agency,,,,\n,North,record check,clean,,,2026-01-01,\n"
        ",North,record check,violent,,,2026-02-01,\n,North,contract,,Bank,,,2027-01-01\n"
        ",North,listing,,Bank,,,2026-09-21\n,North,inspection,,,,2026-03-03,\n"
    ))  # fmt: skip
    facts = ask(desk.office, [case_id], {case_id: [desk.office.agents["a1"], desk.office.agents["a2"]]})[case_id]
    assert facts.crew is not None
    assert facts.agency is not None
    first, second = facts.crew

    assert (50, date(2026, 11, 30)) == (first.training_hours["credit"], first.training_until["credit"])
    assert {"agent": date(2026, 9, 21)} == first.certificates
    assert ({"Bank": date(2026, 12, 31)}, ("badge",)) == (first.letters, first.cards)
    assert date(2026, 2, 2) == first.background_checked_on
    assert ("a2", {}, ()) == (second.code, second.certificates, second.cards)
    assert ("North", date(2027, 1, 1)) == (facts.agency.name, facts.agency.contract_until)
    assert (True, "agency", True) == (facts.has_recorder, facts.agency.kind, facts.agency.has_violent_record)
    alone = ask(desk.office, [case_id], {case_id: [desk.office.agents["a1"]]})[case_id]
    assert False is alone.has_recorder
    assert (False, date(2026, 3, 3), None) == (facts.agency.is_listed, facts.agency.inspected_on, facts.agency.licence)


def test_holds_are_those_that_last_when_the_visit_begins(desk: Desk) -> None:
    """A hold of the case or of the whole person counts until it ends or is lifted; one on a sister case does not."""
    one, sister = desk.office.add_cases(2, prefix="H", persons=1)
    person_id = next(row.person_id for row in desk.office.rows(tables.case) if row.id == one)
    hold(desk.office, one, "dispute", until_ms=TOMORROW.starts_ms + 1)
    hold(desk.office, sister, "illness", person_id=person_id)
    hold(desk.office, sister, "representative")
    hold(desk.office, one, "minor", until_ms=TOMORROW.starts_ms)
    hold(desk.office, one, "danger", lifted_ms=START_MS)
    facts = ask(desk.office, [one])[one]

    assert {("dispute", "case"), ("illness", "person")} == {(each.reason, each.scope) for each in facts.holds or ()}
    assert (True, False) == (facts.is_disputed, facts.is_represented)


def test_what_the_person_asked_for_lasts_until_it_is_ended(desk: Desk, case_id: str) -> None:
    """Preferences that ended before the visit are left out."""
    person_id = next(row.person_id for row in desk.office.rows(tables.case) if row.id == case_id)
    row = {"person_id": person_id, "kind": "not_on", "weekdays": [1], "given_ms": 1, "source": "person"}
    ended = {"kind": "not_at", "value": "work", "ended_ms": START_MS}
    rows = [row | {"ended_ms": None, "value": ""}, row | ended]
    put(desk.office, facts_tables.preference, *(each | {"id": desk.office.site.new_id()} for each in rows))
    found = ask(desk.office, [case_id])[case_id].preferences or ()

    assert [("not_on", (1,), "person")] == [(each.kind, each.weekdays, each.source) for each in found]


def test_only_the_person_confirms_an_appointment(desk: Desk, case_id: str) -> None:
    """An appointment that an agent claims is there, and is not confirmed."""
    times = {"starts": "2026-09-22T18:00:00+08:00", "ends": "2026-09-22T20:00:00+08:00", "made_ms": START_MS}
    rows = [times | {"id": desk.office.site.new_id(), "case_id": case_id, "made_by": by} for by in ("person", "agent")]
    put(desk.office, tables.appointment, *rows)
    found = {each.made_by: each for each in ask(desk.office, [case_id])[case_id].appointments or ()}

    assert (True, False) == (found["person"].is_confirmed, found["agent"].is_confirmed)
    assert 1_790_071_200_000 == found["agent"].starts_ms


@pytest.mark.parametrize(
    ("overdue", "payments", "is_paid"),
    [
        (500, [("2026-09-22", 499)], False),
        (500, [("2026-09-21", 300), ("2026-09-22", 200)], True),
        (500, [("2026-09-20", 500)], False),  # before the lender told what is overdue: it is in that already
        (500, [("2026-09-22", 500), ("2026-09-22", -500)], False),
        (None, [("2026-09-22", 12_344)], False),
        (None, [("2026-09-22", 12_345)], True),
    ],
)
def test_a_ledger_that_covers_what_is_overdue_is_payment(
    desk: Desk, case_id: str, overdue: int | None, payments: list[tuple[str, int]], is_paid: bool
) -> None:
    """What was paid since the lender last told the case counts, against what is overdue, else the whole amount."""
    change(desk.office, case_id, overdue=overdue)
    tell_ledger(desk.office)
    for paid_on, amount in payments:
        pay(desk.office, case_id, paid_on, amount)

    assert is_paid == ask(desk.office, [case_id])[case_id].is_paid


def test_a_lender_may_call_a_case_paid(desk: Desk, case_id: str) -> None:
    """A paid case is paid without a ledger; a ledger that broke off says nothing."""
    tell_ledger(desk.office, state="broken_off")
    before = ask(desk.office, [case_id])[case_id].is_paid
    change(desk.office, case_id, status="paid")

    assert (None, True) == (before, ask(desk.office, [case_id])[case_id].is_paid)


def test_who_vouches_last_longest_stands(desk: Desk, case_id: str) -> None:
    """Of two attestations of a rule the later day counts."""
    row = {"rule_id": "EU-DP-001", "by": "Dana", "reason": "seen", "made_ms": 1}
    rows = [row | {"id": desk.office.site.new_id(), "until": until} for until in ("2026-12-31", "2026-10-01")]
    put(desk.office, facts_tables.attestation, *rows)

    assert {"EU-DP-001": date(2026, 12, 31)} == ask(desk.office, [case_id])[case_id].attested


def test_place_zones_region_and_rest_days(desk: Desk) -> None:
    """The zone is the place's, other zones are the person's other places'; rest days are asked from the planned day."""
    site = desk.office.site
    desk.office.site = replace(site, settings=replace(site.settings, region="US"))
    one, two = desk.office.add_cases(2, prefix="Z", persons=1, lat_e7=310_000_000)
    third = desk.office.add_cases(1, prefix="Y")[0]
    change(desk.office, third, person_id=next(r.person_id for r in desk.office.rows(tables.case) if r.id == one))
    facts = ask(desk.office, [one, two])[one]

    assert ("Asia/Shanghai", ("America/Los_Angeles",)) == (facts.place_zone, facts.other_zones)
    assert ("US", RESTS) == (facts.region, facts.rest_days)
