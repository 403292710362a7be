"""
Rejudging: a visit that has ended is judged again, over what is known of it now.

Called by reconciling, within its transaction. Comes in: a visit and what is around it. Goes out: the same, with the
verdicts and with what the crew could not know; the judgement is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from schemas.vocabulary import HoldReason
from server.domain.conduct.codes import conduct_words
from server.domain.conduct.door import OTHERS
from server.domain.conduct.facts import Facts
from server.domain.conduct.judging import judge
from server.domain.conduct.looking_back import interval_of, judge_visit, look_back
from server.domain.conduct.recounting import answers, dump, load
from server.domain.conduct.rules import Check, Rulebook
from server.domain.conduct.verdicts import Answer, Verdict
from server.domain.findings.context import Context, Gated, News
from server.domain.findings.crews import is_crew_heard
from server.domain.findings.presence import parts_of
from server.services.facts import gather
from server.services.gating import name_books, rest_days, rulebooks_of
from server.services.site import Site
from server.services.zones import find_zone
from server.storage import conduct_rows, facts_rows, review_rows, visit_rows

# A day of payment is over everywhere on earth this long after it began in UTC.
DAY_IS_OVER = timedelta(hours=36)


def judge_again(connection: Connection, site: Site, context: Context) -> Context:
    """Judge the visit and keep the judgement; give what is around it with the verdicts and what the crew missed."""
    visit, interval = context.visit, interval_of(context.visit)
    rulebooks = rulebooks_of(site, connection)
    if not rulebooks:
        return context
    if interval is None or visit.started is None:  # not ended; or its check-out was erased, and with it what it told
        conduct_rows.drop_visit_judgement(connection, visit.case_id, visit.visit_id)
        return context
    crew = [part.agent_id for part in parts_of(visit)]
    crews = {visit.case_id: crew}
    gathered = gather(connection, site, [visit.case_id], crews, lambda _: interval, find_zone, rest_days)
    if visit.case_id not in gathered:
        return context
    others_before = visit_rows.count_results(
        connection, visit.case_id, visit.visit_id, sorted(OTHERS), interval.starts_ms
    )
    known = _without_itself(gathered[visit.case_id], visit.visit_id)
    facts = look_back(visit, known, others_before, is_crew_heard=is_crew_heard(context))
    facts = replace(facts, conduct_codes=_seen(connection, visit.case_id, visit.visit_id))
    verdicts = judge_visit(rulebooks, facts)
    _keep(connection, site, context, rulebooks, facts, verdicts, crew)
    exchanged_ms = visit_rows.read_last_exchange(connection, visit.started.device_id, visit.started.bound.latest_ms)
    news = list(_news(connection, visit.case_id, frozenset(crew)))
    gated = _look_at_gate(connection, visit.case_id, facts.now_ms, rulebooks)
    return replace(context, verdicts=verdicts, news=news, exchanged_ms=exchanged_ms, gated=gated)


def _without_itself(known: Facts, visit_id: str) -> Facts:
    """Leave a visit out of its own past, where a companion's clock puts its first record before its beginning."""
    if known.contacts is None:
        return known
    return replace(known, contacts=tuple(each for each in known.contacts if each.id != visit_id))


def _seen(connection: Connection, case_id: str, visit_id: str) -> frozenset[str] | None:
    """Give the conduct that a reviewer saw, as rulebooks call it: the last answer counts; None before anyone looked."""
    answers = review_rows.read_conduct_seen(connection, case_id, visit_id)
    return conduct_words(answers[-1].codes) if answers else None


def _look_at_gate(
    connection: Connection, case_id: str, begins_ms: int, rulebooks: Sequence[Rulebook]
) -> Gated | None:
    """Give how the case went through the gate before the visit; its facts are judged again if a rulebook changed."""
    row = conduct_rows.read_gate_before(connection, case_id, begins_ms)
    if row is None or not row.rulebooks or not row.facts:
        return None
    then = {each["name"]: each["digest"] for each in row.rulebooks}
    now = {book.name: book.digest for book in rulebooks}
    changed = [book for book in rulebooks if then.get(book.name) != book.digest]
    return Gated(then, now, row.answers, judge(changed, load(Facts, row.facts), Check.GATE) if changed else ())


def _keep(
    connection: Connection, site: Site, context: Context, rulebooks: Sequence[Rulebook], facts: Facts,
    verdicts: Sequence[Verdict], crew: Sequence[str],
) -> None:  # fmt: skip
    """Keep the judgement unless the very same facts were judged by the very same rulebooks before."""
    visit, interval = context.visit, interval_of(context.visit)
    assert visit.lead is not None
    assert interval is not None
    judged: dict[str, Any] = {"rulebooks": name_books(rulebooks), "facts": dump(facts)}
    kept = conduct_rows.read_visit_judgement(connection, visit.case_id, visit.visit_id)
    if kept is not None and judged == {"rulebooks": kept.rulebooks, "facts": kept.facts}:
        return
    conduct_rows.put_visit_judgement(
        connection,
        judged
        | {
            "id": site.new_id(),
            "case_id": visit.case_id,
            "visit_id": visit.visit_id,
            "agent_id": visit.lead.agent_id,
            "crew": list(crew),
            "made_ms": site.now(),
            "lease_until_ms": interval.ends_ms,
            "is_open": all(verdict.answer is not Answer.FAIL for verdict in verdicts),
            "override": None,
            "answers": answers(verdicts),
            "troubles": [dump(verdict) for verdict in verdicts if verdict.answer is not Answer.PASS],
            "limits": {},
        },
    )


def _news(connection: Connection, case_id: str, crew: frozenset[str]) -> Iterator[News]:
    """Give the holds, complaints and payments of a case; what the crew placed itself is no news to it."""
    for row in facts_rows.read_holds(connection, [case_id]):
        if row.agent_id not in crew:
            what = "complaint" if row.reason == HoldReason.COMPLAINT else "hold"
            ends = [each for each in (row.until_ms, row.lifted_ms) if each is not None]
            yield News(f"hold:{row.id}", what, row.placed_ms, row.placed_ms, min(ends, default=None))
    for row in visit_rows.read_payment_rows(connection, case_id):
        is_over = datetime.fromisoformat(row.paid_on).replace(tzinfo=UTC) + DAY_IS_OVER
        since_ms = min(row.imported_ms, round(is_over.timestamp() * 1000))
        yield News(f"payment:{row.lender}/{row.receipt}", "payment", since_ms, row.imported_ms)
