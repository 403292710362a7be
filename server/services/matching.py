"""
Persons who may be one: listed by the import, decided by a human.

Joined persons share caps, holds and preferences from then on; amounts stay with their cases.
"""

from __future__ import annotations

from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.vocabulary import RemovalReason
from server.domain.holds import Charge
from server.services.holding import hold_changes_for_assignment
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.storage import case_rows, search_rows
from server.storage import portfolio_rows as rows
from server.storage.feed import publish
from server.storage.types import AnyRow


def list_matches(site: Site) -> list[AnyRow]:
    """Give every undecided pair with both names and the reason."""
    with site.store.read() as connection:
        return list(rows.read_matches(connection))


def decide_match(site: Site, one: str, other: str, *, is_same: bool, by: str) -> None:
    """
    Keep a human's decision on a pair of persons; where they are the same, everything goes to the one known first.

    Raises `FieldError("not-found")` for a pair that is not listed, or decided already.
    """
    keep, gone = sorted((one, other))

    def job(connection: Connection) -> None:
        if not rows.decide_match(connection, keep, gone, "same" if is_same else "different", by, site.now()):
            raise FieldError("not-found", detail="There is no such pair of persons to decide on.")
        if is_same:
            _join(connection, site, keep, gone)

    site.store.write(job)


def _join(connection: Connection, site: Site, keep: str, gone: str) -> None:
    case_ids = sorted(case_id for _, case_id in rows.read_cases_of(connection, [keep, gone]))
    for chunk in case_rows.chunks(case_ids):
        case_rows.lock_cases(connection, chunk)
    case_rows.lock_persons(connection, [keep, gone])
    rows.join_persons(connection, keep, gone, site.now())
    search_rows.mark_cases(connection, case_ids)
    changes = bump_and_repack(connection, site, case_ids)
    touched = [Charge(row.agent_id, row.case_id, keep) for row in case_rows.read_crews(connection, case_ids)]
    changes += hold_changes_for_assignment(connection, touched, RemovalReason.LIFTED)
    publish(connection, changes)
