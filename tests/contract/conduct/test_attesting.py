"""What the house vouches for: until a day, by name and reason, and only where software cannot decide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date

import pytest

from server.domain.conduct.answers import attest
from server.domain.conduct.facts import AgencyFacts, Facts, Interval
from server.domain.conduct.judging import TYPES, can_be_vouched_for
from server.domain.conduct.rules import Check, Rule
from server.domain.conduct.verdicts import Answer, Asked
from server.services.rulebooks import load_shipped, shipped_names
from server.storage import facts_rows, facts_tables
from tests.contract.conduct.conftest import Run
from tests.office import START_MS, Office

ATTEST = ("gate", "attest", "CN-PI-003", "--by", "Dana", "--reason", "agreement seen", "--until", "2999-12-31")
RULES = [rule for name in shipped_names() for rule in load_shipped(name).rules]


class Watched(Mapping[str, date]):
    """Attestations of nothing that note whether anybody looked."""

    def __init__(self) -> None:
        self.is_read = False

    def __getitem__(self, rule_id: str) -> date:
        self.is_read = True
        raise KeyError(rule_id)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


def looks(rule: Rule) -> bool:
    """Say whether judging the rule before a visit, wherever it is named for, looks at what is vouched for."""
    found = []
    for check in sorted(rule.checks - {Check.REVIEW}) or [Check.GATE]:
        watched = Watched()
        visit = Interval(START_MS, START_MS + 60_000)
        facts = Facts(
            START_MS, interval=visit, place_zone="UTC", attested=watched, is_time_barred=True, agency=AgencyFacts("N")
        )
        TYPES[rule.type][1](rule.params, facts, Asked(rule, "UTC", check))
        found.append(watched.is_read)
    return any(found)


def test_exactly_the_rules_whose_answer_may_change_are_vouched_for() -> None:
    """Of all rules shipped, those can be vouched for whose judging looks at it before a visit."""
    expected = {rule.id for rule in RULES if looks(rule)}

    assert expected
    assert expected == {rule.id for rule in RULES if can_be_vouched_for(rule)}


def test_what_is_vouched_for_passes_until_its_day(run: Run, office: Office) -> None:
    """`gate attest` keeps name, reason and day; judged by it the rule passes, and no other does."""
    said = run(*ATTEST).stdout
    [told] = json.loads(run("gate", "attestations", "--json").stdout)["attestations"]

    assert "Dana vouches for CN-PI-003 until the end of 2999-12-31." in said
    assert ("CN-PI-003", "Dana", "agreement seen", "2999-12-31") == tuple(
        told[name] for name in ("rule_id", "by", "reason", "until")
    )
    with office.site.store.read() as connection:
        until = {rule: date.fromisoformat(day) for rule, day in facts_rows.read_attested(connection).items()}
    facts = Facts(START_MS, place_zone="Asia/Shanghai", attested=until)
    rules = {rule.id: rule for rule in RULES}
    answers = [
        attest("", facts, Asked(rules[rule_id], "Asia/Shanghai", Check.GATE)).answer
        for rule_id in ("CN-PI-003", "CN-PI-004")
    ]
    assert [Answer.PASS, Answer.UNKNOWN] == answers
    table = run("gate", "attestations").stdout
    assert "CN-PI-003  Dana  2999-12-31" in table
    assert "Nothing here is legal advice" in table


@pytest.mark.parametrize(
    ("place", "text", "sentence"),
    [
        (2, "CN-XX-001", "No rulebook in force has a rule CN-XX-001"),
        (2, "EU-PI-001", "No rulebook in force has a rule EU-PI-001"),
        (2, "FLOOR-WIN-001", "FLOOR-WIN-001 is decided by what is known of each case: nobody can vouch for it."),
        (4, " ", "by: is missing"),
        (6, " ", "reason: is missing"),
        (8, "2016-04-01", "until: 2016-04-01 is over"),
        (8, "soon", "--until: 'soon' is not a day"),
    ],
)
def test_a_word_that_cannot_count_is_not_kept(run: Run, office: Office, place: int, text: str, sentence: str) -> None:
    """A rule unknown, not in force or decided without it, a blank name or reason, a day that is over or none."""
    refused = run(*ATTEST[:place], text, *ATTEST[place + 1 :])

    assert sentence in str(refused.exception)
    assert [] == office.rows(facts_tables.attestation.select())


def test_a_word_without_name_or_reason_is_asked_for(run: Run) -> None:
    """Each of --by, --reason and --until has to be given."""
    assert [2, 2, 2] == [run(*ATTEST[:place], *ATTEST[place + 2 :]).exit_code for place in (3, 5, 7)]


STATE = ("gate", "state", "found_lawful=yes", "debt_transferred=no", "--lender", "lender", "--by", "Wu")
STATE += ("--reason", "the portfolio was checked", "--until", "2999-12-31")


def test_what_a_lender_says_is_kept_and_shown(run: Run, office: Office) -> None:
    """`gate state` keeps each word with name, reason and last day, of all cases or of one; and shows them."""
    office.add_case("R1")
    said = run(*STATE).stdout
    run(*STATE, "--case", "R1")
    told = json.loads(run("gate", "statements", "--json").stdout)["statements"]

    assert "Wu says for every case of lender, until the end of 2999-12-31: found_lawful=yes" in said
    assert {("found_lawful", True), ("debt_transferred", False)} == {(row["word"], row["is_so"]) for row in told}
    assert [None, None, "R1", "R1"] == sorted((row["reference"] for row in told), key=str)
    assert "lender  all   found_lawful" in run("gate", "statements").stdout


@pytest.mark.parametrize(
    ("place", "text", "sentence"),
    [
        (2, "found_lawfull=yes", "found_lawfull: is no word that is asked for: debt_transferred, "),
        (2, "found_lawful=maybe", "should be a word and yes or no"),
        (5, "Nobody", "No case is of a lender called 'Nobody'."),
        (7, " ", "by: is missing"),
        (9, " ", "reason: is missing"),
        (11, "2016-04-01", "until: 2016-04-01 is over"),
    ],
)
def test_a_lenders_word_that_cannot_count_is_not_kept(
    run: Run, office: Office, place: int, text: str, sentence: str
) -> None:
    """A word nobody asks for, an answer that is none, a lender without cases, no name or reason, an old day."""
    office.add_case("R1")
    refused = run(*STATE[:place], text, *STATE[place + 1 :])

    assert sentence in str(refused.exception)
    assert [] == office.rows(facts_tables.lender_word.select())
