"""What a person asked for: kept once, known for all of their cases, gone when it is ended."""

from __future__ import annotations

import json

import pytest

from server.domain.conduct.facts import Preference
from server.services.facts import gather
from server.storage import facts_tables, tables
from tests.contract.conduct.conftest import Run
from tests.office import Office


def known(office: Office, *case_ids: str) -> list[list[Preference]]:
    """Give the wishes each case is judged by."""
    with office.site.store.read() as connection:
        facts = gather(connection, office.site, case_ids, {}, lambda _: None, lambda *_: "UTC", lambda *_: {})
    return [list(facts[each].preferences or ()) for each in case_ids]


def cases(office: Office) -> tuple[str, str, str]:
    """Add two cases of one person and one of another; time passes, as the commands go by the real clock."""
    first = office.add_case("R1")
    [person_id] = [row.person_id for row in office.rows(tables.case.select())]
    office.clock.ms = 4_000_000_000_000
    return first, office.add_case("R2", person_id), office.add_case("R3")


@pytest.mark.parametrize(
    ("option", "text", "expected"),
    [
        ("--not-between", "12:00-14:00", Preference("not_between", "12:00", "14:00")),
        ("--only-between", "22:00-24:00", Preference("only_between", "22:00", "00:00")),
        ("--not-on", "sun,Sat", Preference("not_on", weekdays=(6, 7))),
        ("--not-at", "work", Preference("not_at", value="work")),
        ("--not-by", "message", Preference("not_by", value="message")),
    ],
)
def test_a_wish_follows_the_person(run: Run, office: Office, option: str, text: str, expected: Preference) -> None:
    """Told on one case it is judged on the person's other one too, and on nobody else's; told again it is one."""
    case_ids = cases(office)

    said = [run("prefer", "R1", option, text).stdout, run("prefer", "R2", option, text).stdout]

    [first], [second], others = known(office, *case_ids)
    assert said[0] == said[1]
    assert first == second
    assert [] == others
    assert expected == Preference(first.kind, first.starts, first.ends, first.weekdays, first.value)
    assert "person" == first.source


def test_wishes_are_listed_and_ended(run: Run, office: Office) -> None:
    """`--list` says who told what; `--end` by any case of the person ends it for all, and by nobody else's."""
    case_ids = cases(office)
    run("prefer", "R1", "--not-on", "sat,sun", "--by", "Rita")
    run("prefer", "R1", "--not-between", "12:00-14:00")
    table = run("prefer", "R2", "--list").stdout.splitlines()
    wishes = json.loads(run("prefer", "R2", "--list", "--json").stdout)

    assert [["not", "on", "Saturday,", "Sunday", "Rita"], ["not", "between", "12:00-14:00", "person"]] == [
        line.split()[1:-2] for line in table[1:]
    ]
    assert 1 == run("prefer", "R3", "--end", wishes[0]["id"]).exit_code
    assert "Ended" in run("prefer", "R2", "--end", wishes[0]["id"][-12:]).stdout
    assert [["not_between"], ["not_between"], []] == [[each.kind for each in some] for some in known(office, *case_ids)]
    assert "This person asked for nothing." in run("prefer", "R3", "--list").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--not-between", "noon"), "'noon' is no part of a day, such as 12:00-14:00"),
        (("--not-between", "12:00-12:00"), "is no part of a day"),
        (("--only-between", "00:00-24:00"), "is no part of a day"),
        (("--not-on", "sat,caturday"), "names no days such as sat,sun"),
        (("--not-at", "church"), "'church' is none of home, work, agreed, other"),
        (("--not-by", "pigeon"), "'pigeon' is none of visit, call"),
        (("--not-at", "work", "--by", " "), "by: is empty"),
        (("--not-at", "work", "--not-by", "call"), "Name one of --not-between"),
        ((), "Name one of --not-between"),
    ],
)
def test_what_cannot_be_read_is_not_kept(
    run: Run, office: Office, arguments: tuple[str, ...], sentence: str
) -> None:
    """A wish that no rule could read is refused with how to write it."""
    office.add_case("R1")

    assert sentence in str(run("prefer", "R1", *arguments).exception)
    assert [] == office.rows(facts_tables.preference.select())
