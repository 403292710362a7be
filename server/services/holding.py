"""
Holding: place a protective halt, confirm or lift it, and keep every device that has an affected case told of it.

Called by the exchange for `hold_placed` (E9), by the office, and by assigning when a case changes hands. A function
that is given a connection changes rows and gives the feed changes; whoever opened the transaction publishes them last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope, ItemType, RemovalReason
from server.domain.conduct.durations import find_end, find_extension
from server.domain.holds import REVIEW_MS, Charge, Hold, cases_by_agent, hold_body, is_one_name, other_id, read_until
from server.services.choosing import find_one
from server.services.gating import rulebooks_of
from server.services.packing import least_rev
from server.services.site import Site
from server.storage import case_rows, hold_rows
from server.storage.feed import Change, publish
from server.storage.hold_rows import AnyRow

log = structlog.get_logger()


def _end_by_rules(connection: Connection, site: Site, reason: str, now_ms: int) -> int | None:
    """Give when a hold ends by the rulebooks; where they cannot be read only a person ends it."""
    try:
        return find_end(rulebooks_of(site, connection), reason, now_ms, site.settings.zone)
    except FieldError as error:
        log.error("rulebooks_unreadable", code=error.code)
        return None


def place_hold(
    connection: Connection,
    site: Site,
    *,
    hold_id: str,
    case_id: str,
    scope: str,
    reason: str,
    source: str,
    now_ms: int,
    agent_id: str | None = None,
    owner: str | None = None,
    is_provisional: bool = False,
    until: object = None,
    review_ms: int | None = None,
) -> list[Change]:
    """
    Place a hold on a case, or on its person with all of their cases; give the puts for every device concerned.

    Once is enough: the same hold again changes nothing, but that one which was provisional and no longer is becomes
    firm. *until* is a date; what names no day to come is left out, and the rulebooks in force then say how long it
    lasts. An unknown case is no case to hold.
    """
    person_id = hold_rows.read_person_of(connection, case_id)
    if person_id is None:
        return []
    is_of_person = scope == HoldScope.PERSON
    case_rows.lock_cases(connection, hold_rows.read_cases_of(connection, person_id) if is_of_person else [case_id])
    case_rows.lock_persons(connection, [person_id])
    known = hold_rows.read_hold(connection, hold_id)
    if known is not None and (known.agent_id, known.case_id) != (agent_id, case_id):
        hold_id = other_id(hold_id, agent_id or "", case_id)
        known = hold_rows.read_hold(connection, hold_id)
    if known is not None:
        if known.is_provisional and not is_provisional:
            hold_rows.change_hold(connection, hold_id, is_provisional=False)
        return []
    until_ms = None if until is None else read_until(until, site.settings.zone, now_ms)
    if until_ms is None:
        until_ms = _end_by_rules(connection, site, reason, now_ms)
    row = {
        "id": hold_id,
        "case_id": case_id,
        "person_id": person_id if is_of_person else None,
        "reason": reason,
        "source": source,
        "agent_id": agent_id,
        "owner": owner,
        "is_provisional": is_provisional,
        "placed_ms": now_ms,
        "until_ms": until_ms,
        "review_ms": review_ms or until_ms or now_ms + REVIEW_MS,
        "rev": max(1, least_rev(connection)),
    }
    hold_rows.add_hold(connection, row)
    placed = hold_rows.read_hold(connection, hold_id)
    assert placed is not None
    return _changes(connection, [placed], None, RemovalReason.LIFTED)


def place_office_hold(
    site: Site, case_id: str, scope: HoldScope, reason: HoldReason, by: str, until: date | None = None
) -> tuple[str, int]:
    """
    Place a firm hold for the office, for which *by* answers; give its id, and how many agents are told of it.

    Raises `invalid` without a name and for a day that is over, `not-found` for an unknown case.
    """
    wrong = {} if by.strip() else {"by": ["is empty; it is kept with the hold"]}
    now_ms, hold_id = site.now(), site.new_id()
    if until is not None and read_until(until, site.settings.zone, now_ms) is None:
        wrong["until"] = [f"{until.isoformat()} is over; name today or a later day"]
    if wrong:
        raise FieldError("invalid", wrong)

    def job(connection: Connection) -> int:
        if hold_rows.read_person_of(connection, case_id) is None:
            raise FieldError("not-found", detail=f"There is no case {case_id}.")
        changes = place_hold(
            connection, site, hold_id=hold_id, case_id=case_id, scope=scope.value, reason=reason.value,
            source="office", now_ms=now_ms, owner=by.strip(), until=until,
        )  # fmt: skip
        publish(connection, changes)
        return len(changes)

    return hold_id, site.store.write(job)


def find_hold(site: Site, text: str) -> str:
    """Give the id of the live hold that *text* is, or the ending of; raise `not-found` if it names none or several."""
    with site.store.read() as connection:
        ids = [row.id for row in hold_rows.read_live(connection)]
    return find_one(ids, text, "hold in force", "fairvisit holds list")


def confirm_hold(site: Site, hold_id: str, by: str, reason: str) -> None:
    """
    Make a provisional hold firm: a person has decided (E9), and answers for it from now on.

    Raises `invalid` without a name and a reason, `not-found`, and `conflict` for a hold that is firm or lifted.
    """
    _check_words(by, reason)

    def job(connection: Connection) -> None:
        found = _lock_hold(connection, hold_id)
        if found.lifted_ms is not None or not found.is_provisional:
            state = "firm already" if found.lifted_ms is None else "lifted already"
            raise FieldError("conflict", detail=f"Hold {hold_id} is {state}: there is nothing to confirm.")
        decided = {"owner": by, "confirmed_ms": site.now(), "confirm_reason": reason}
        hold_rows.change_hold(connection, hold_id, is_provisional=False, **decided)

    site.store.write(job)


def lift_hold(site: Site, hold_id: str, by: str, reason: str) -> int:
    """
    Lift a hold and tell every device concerned; give how many agents that are. Lifting it again changes nothing.

    Raises `invalid` without a name and a reason, `not-found`, and `conflict` where *by* is who placed it.
    """
    _check_words(by, reason)

    def job(connection: Connection) -> int:
        found = _lock_hold(connection, hold_id)
        placers = [found.owner] if found.agent_id is None else [found.agent_code, found.agent_name]
        if any(is_one_name(by, placer) for placer in placers if placer is not None):
            raise FieldError("conflict", detail=f"{by} placed this hold; another person has to lift it.")
        changes = _lift(connection, site, found, by, reason, RemovalReason.LIFTED)
        publish(connection, changes)
        return len(changes)

    return site.store.write(job)


def _check_words(by: str, reason: str) -> None:
    blank = {name: ["is empty; it is kept with the hold"] for name, text in (("by", by), ("reason", reason))
             if not text.strip()}  # fmt: skip
    if blank:
        raise FieldError("invalid", blank)


def _lock_hold(connection: Connection, hold_id: str) -> AnyRow:
    """Lock the cases and the person a hold halts, and give the hold as it stands then."""
    found = hold_rows.read_hold(connection, hold_id)
    if found is None:
        raise FieldError("not-found", detail=f"There is no hold {hold_id}.")
    concerned = [found.case_id] if found.case_id else []
    if found.person_id is not None:
        concerned = hold_rows.read_cases_of(connection, found.person_id)
    case_rows.lock_cases(connection, concerned)
    if found.person_id is not None:
        case_rows.lock_persons(connection, [found.person_id])
    found = hold_rows.read_hold(connection, hold_id)
    assert found is not None  # no hold is ever deleted
    return found


def _lift(
    connection: Connection, site: Site, found: AnyRow, by: str, reason: str, removal: RemovalReason
) -> list[Change]:
    if found.lifted_ms is not None:
        return []
    hold_rows.change_hold(connection, found.id, lifted_ms=site.now(), lifted_by=by, lift_reason=reason)
    hold = _hold(found)
    halted = cases_by_agent(hold, _charges(connection, [hold], None))
    return [Change(agent_id, ItemType.HOLD, hold.id, found.rev, reason=removal) for agent_id in sorted(halted)]


def extend_hold(site: Site, hold_id: str, by: str, reason: str) -> int:
    """
    Let a hold last longer, by as much as a rulebook says, and tell every device; give until when, in ms.

    Who placed it stays who placed it, and still does not lift it. Raises `invalid` without a name and a reason,
    `not-found`, and `conflict` for a hold that is lifted, has no end, or that no rulebook extends.
    """
    _check_words(by, reason)

    def job(connection: Connection) -> int:
        found = _lock_hold(connection, hold_id)
        if found.lifted_ms is not None or found.until_ms is None:
            state = "lasts until somebody lifts it" if found.lifted_ms is None else "is lifted already"
            raise FieldError("conflict", detail=f"Hold {hold_id} {state}: there is nothing to extend.")
        books = rulebooks_of(site, connection)
        until_ms = find_extension(books, found.reason, found.until_ms, site.settings.zone)
        if until_ms is None:
            detail = f"No rulebook in force extends a hold for {found.reason}. Place another one, with --until."
            raise FieldError("conflict", detail=detail)
        decided = {"confirmed_ms": site.now(), "confirm_reason": f"extended by {by.strip()}: {reason}"}
        hold_rows.change_hold(connection, hold_id, until_ms=until_ms, review_ms=until_ms, **decided)
        hold_rows.bump_holds(connection, [hold_id], least_rev(connection))
        longer = hold_rows.read_hold(connection, hold_id)
        assert longer is not None  # it is locked
        publish(connection, _changes(connection, [longer], None, RemovalReason.LIFTED))
        return until_ms

    return site.store.write(job)


def expire_holds(site: Site) -> int:
    """Lift the holds whose time has passed; give how many."""

    def job(connection: Connection) -> int:
        ended = hold_rows.read_ended(connection, site.now())
        changes: list[Change] = []
        for hold_id in ended:
            found, reason = _lock_hold(connection, hold_id), "its time has passed"
            changes += _lift(connection, site, found, "server", reason, RemovalReason.EXPIRED)
        publish(connection, changes)
        return len(ended)

    with site.store.read() as connection:
        if not hold_rows.read_ended(connection, site.now()):
            return 0
    return site.store.write(job)


def hold_changes_for_assignment(connection: Connection, touched: Sequence[Charge], removal: str) -> list[Change]:
    """
    Give what agents must hear of holds after they got or lost the cases *touched*, which are locked with their persons.

    An agent who still, or newly, has a halted case gets the hold with their cases as they stand now; one who has none
    left gets its removal, for the reason the case itself goes.
    """
    case_ids = sorted({charge.case_id for charge in touched})
    holds = hold_rows.read_live_on(connection, case_ids)
    if not holds:
        return []
    hold_rows.bump_holds(connection, [row.id for row in holds], least_rev(connection))
    return _changes(connection, hold_rows.read_live_on(connection, case_ids), touched, removal)


def _changes(
    connection: Connection, rows: Sequence[AnyRow], touched: Sequence[Charge] | None, removal: str
) -> list[Change]:
    """Give the changes of these holds for every agent concerned, or for those concerned by *touched* only."""
    holds = [_hold(row) for row in rows]
    charges = _charges(connection, holds, None if touched is None else sorted({each.agent_id for each in touched}))
    changes = []
    for row, hold in zip(rows, holds, strict=True):
        halted = cases_by_agent(hold, charges)
        for agent_id in sorted(cases_by_agent(hold, charges if touched is None else touched)):
            body = hold_body(hold, halted[agent_id]) if agent_id in halted else None
            reason = "" if agent_id in halted else removal
            changes.append(Change(agent_id, ItemType.HOLD, hold.id, row.rev, body, reason))
    return changes


def _hold(row: AnyRow) -> Hold:
    return Hold(row.id, row.case_id, row.person_id, row.reason, row.until_ms)


def _charges(connection: Connection, holds: Sequence[Hold], agent_ids: Sequence[str] | None) -> list[Charge]:
    cases = [hold.case_id for hold in holds if hold.case_id is not None]
    persons = [hold.person_id for hold in holds if hold.person_id is not None]
    rows = hold_rows.read_halted(connection, cases, persons, agent_ids)
    return [Charge(row.agent_id, row.case_id, row.person_id) for row in rows]
