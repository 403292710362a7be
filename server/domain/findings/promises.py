"""
Findings of promises: kept, broken or open, by the lender's ledger. Without a ledger nothing is known, and nothing told.

What counts is paid in the promised currency from the day of the visit to the promised day; amounts are in minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.vocabulary import Disposition, EventKind
from server.domain.findings.codes import Code, Finding
from server.domain.findings.context import Context
from server.domain.findings.presence import crew_events, last_of

HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class _Promise:
    """What was promised, until when it may be paid, and what was paid by then."""

    due: str
    last_day: str
    amount: int
    paid: int
    facts: Mapping[str, Any]


def find_promise_kept(context: Context) -> list[Finding]:
    """Find a promise that the ledger shows kept."""
    promise = _read_promise(context)
    if promise is None or promise.paid < promise.amount:
        return []
    return [Finding(Code.PROMISE_KEPT, promise.facts)]


def find_promise_broken(context: Context) -> list[Finding]:
    """Find a promise whose day is over and which the ledger does not show kept."""
    promise = _read_promise(context)
    if promise is None or promise.paid >= promise.amount or not promise.last_day < context.today:
        return []
    return [Finding(Code.PROMISE_BROKEN, promise.facts)]


def find_promise_open(context: Context) -> list[Finding]:
    """Find a promise whose day is yet to come, or is today; its key is the last day, after which to look again."""
    promise = _read_promise(context)
    if promise is None or promise.paid >= promise.amount or not "" < context.today <= promise.last_day:
        return []
    return [Finding(Code.PROMISE_OPEN, promise.facts, key=promise.last_day)]


def _read_promise(context: Context) -> _Promise | None:
    """Read the last outcome's promise against the ledger; None where there is none, or something of it is unknown."""
    noted = last_of(context.visit, EventKind.OUTCOME_NOTED)
    if noted is None or noted.body.get("disposition") != Disposition.PROMISE or context.payments is None:
        return None
    promised = noted.body.get("promise")
    if not isinstance(promised, Mapping):
        return None
    amount, currency, due = promised.get("amount"), promised.get("currency"), promised.get("due")
    if not isinstance(amount, int) or amount <= 0 or not isinstance(currency, str) or not isinstance(due, str):
        return None
    try:
        last = date.fromisoformat(due) + timedelta(days=context.thresholds.promise_grace_days)
    except (ValueError, OverflowError):
        return None
    last_day, first_day = last.isoformat(), _first_day(context)
    paid = sum(
        each for paid_on, paid_in, each in context.payments if paid_in == currency and first_day <= paid_on <= last_day
    )
    facts = {"due": due, "currency": currency, "promised_minor": amount, "paid_minor": paid}
    return _Promise(due, last_day, amount, paid, facts)


def _first_day(context: Context) -> str:
    """Give the day of the visit; where only its moment is known, the earliest day that it can be in any zone."""
    if context.visited_on:
        return context.visited_on
    moment = datetime.fromtimestamp(crew_events(context.visit)[0].bound.estimate_ms / 1000, UTC)
    return (moment - HALF_A_DAY).date().isoformat()
