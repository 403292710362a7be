"""
What has to be on file before anybody is visited: the lender's log of contacts and notices, the papers of agents.

Comes in: the cases to be visited, and a few that must not be. Goes out: rows of the two files the office imports, and
for each case that must not be visited the rule that has to stand in its way. All of it is ours: the public files tell
of no contact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from server.demo.portfolio import Case, Crew, Portfolio

Row = Mapping[str, str]
CONTACT_TITLES = ("Loan No", "Contact No", "At", "Channel", "Result", "Content")
PAPER_TITLES = ("Agent", "Kind", "Name", "Principal", "From", "Until")
HELP = "hardship_offer"
VALIDATION = "validation_information"
NOTICE = (
    "purpose; date; time_range; agency; agent_names; verification_link; right_to_refuse_or_rearrange; complaint_channel"
)
# days before the first day: channel, hour, what it held
USUAL: tuple[tuple[int, str, str, str], ...] = (
    (36, "message", "10:05", f"{VALIDATION}; {HELP}"),
    (20, "message", "14:30", ""),
    (12, "message", "11:15", HELP),
    (5, "letter", "", NOTICE),
)
LAWFUL = ("found_lawful", "found_not_time_barred", "found_not_refused_by_court")  # words of the lender
ALSO_WRITTEN = 150  # cases that nobody visits in these days, and whose papers are in order all the same


@dataclass(frozen=True, slots=True)
class Barred:
    """A case that the gate must refuse: the rule, and what was made of the case for it."""

    case: Case
    rule: str
    why: str
    hold: str = ""  # a halt the office places
    is_paid: bool = False
    is_barred_by_time: bool = False  # so the lender says
    is_alone: bool = False  # one agent is to go
    has_lapsed: bool = False  # whoever goes along has no authority any more


def choose_barred(portfolio: Portfolio, random: Random) -> tuple[Barred, ...]:
    """Choose the cases that must not be visited, one for each reason."""
    reasons: list[dict[str, object]] = [
        {"rule": "FLOOR-NOTICE-001", "why": "no notice was sent"},
        {"rule": "FLOOR-NOTICE-001", "why": "the notice came back by post"},
        {"rule": "FLOOR-STEP-001", "why": "asked in writing for the first time last week"},
        {"rule": "FLOOR-STEP-001", "why": "no help was offered"},
        {"rule": "FLOOR-FREQ-002", "why": "two visits this month already"},
        {"rule": "FLOOR-STOP-001", "why": "a death in the family", "hold": "bereavement"},
        {"rule": "FLOOR-DISP-001", "why": "the amount is disputed", "hold": "dispute"},
        {"rule": "FLOOR-CEASE-001", "why": "wants no visits", "hold": "refusal"},
        {"rule": "FLOOR-LAW-001", "why": "too old to be asked for", "is_barred_by_time": True},
        {"rule": "GATE-PAID", "why": "paid meanwhile", "is_paid": True},
        {"rule": "FLOOR-CREW-001", "why": "one agent was to go alone", "is_alone": True},
        {"rule": "FLOOR-CRED-001", "why": "a letter of authority is over", "has_lapsed": True},
    ]
    cases = random.sample(portfolio.others, len(reasons))
    return tuple(Barred(case, **reason) for case, reason in zip(cases, reasons, strict=True))  # type: ignore[arg-type]


def write_contacts(portfolio: Portfolio, visited: Sequence[str], barred: Sequence[Barred]) -> list[Row]:
    """Give the lender's log: what was tried before, and the notices."""
    spoiled = {each.case.reference: each for each in barred}
    quiet = [case.reference for case in portfolio.others if case.reference not in spoiled][:ALSO_WRITTEN]
    rows: list[Row] = []
    for reference in [*sorted({*visited, *quiet}), *sorted(spoiled)]:
        rows += write_log(portfolio.days[0], reference, spoiled.get(reference))
    return rows


def write_log(first: date, reference: str, barred: Barred | None = None) -> Iterator[Row]:
    """Give what was tried before the first day with one case, all in order unless it is to be *barred*."""
    why = "" if barred is None else barred.why
    for number, (before, channel, hour, content) in enumerate(USUAL):
        result = "sent"
        if channel == "letter":
            if why == "no notice was sent":
                continue
            result = "returned" if why == "the notice came back by post" else "sent"
        if why == "asked in writing for the first time last week":
            before = min(before, 8 - number)
        if why == "no help was offered":
            content = content.replace(HELP, "").strip("; ")
        yield _contact(first, reference, number, before, channel, hour, result, content)
    if why == "two visits this month already":
        for number, before in enumerate((17, 9)):
            yield _contact(first, reference, 10 + number, before, "visit", "15:40", "attempt", "")


def _contact(
    first: date, reference: str, number: int, before: int, channel: str, hour: str, result: str, content: str
) -> Row:
    at = f"{first - timedelta(days=before)} {hour}".strip()
    return dict(zip(CONTACT_TITLES, (reference, f"{reference}/{number}", at, channel, result, content), strict=True))


def write_papers(portfolio: Portfolio, crews: Sequence[Crew], lender: str) -> list[Row]:
    """Give the papers of every agent: photo card, code to be verified by, letter of authority; one letter is over."""
    year = portfolio.days[0].year
    lapsed = set(portfolio.people["lapsed"])
    codes = [code for crew in crews for code in crew.codes]
    rows: list[Row] = []
    for code in sorted({*codes, *portfolio.people["floater"], *lapsed}):
        until = date(year, 9, 30) if code in lapsed else date(year, 12, 31)
        rows += write_credentials(code, lender, date(year, 1, 4), until)
    return rows


def write_credentials(code: str, lender: str, since: date, until: date) -> Iterator[Row]:
    """Give the papers of one agent, each good from one day to another."""
    for kind, name, principal in (
        ("card", "photo_id_card", ""), ("card", "verification_qr", ""), ("letter", "", lender)
    ):  # fmt: skip
        yield dict(zip(PAPER_TITLES, (code, kind, name, principal, f"{since}", f"{until}"), strict=True))
