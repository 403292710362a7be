"""
Tokens of the REST API: made by an account for itself, for some scopes, some agencies and some time.

A token never has more than its account has now: status, second factor, roles and agencies are looked at on each
request. What is shown once is kept as its hash; whoever reads the database cannot use it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.conduct.periods import local_day
from server.domain.conduct.spans import whole_day
from server.domain.roles import TokenScope, Viewer, narrow
from server.services.auditing import note_act
from server.services.signing_in import SEEN_MS, draw_token, viewer_of
from server.services.site import Site
from server.storage import api_token_rows, office_rows, people_rows
from server.storage.types import AnyRow

LONGEST_DAYS = 365
MOST_NAME = 60
MOST_LIVE = 20  # of one account
PREFIX = "fv_"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever a token acts for, with the agencies it is limited to, and what it is for."""

    viewer: Viewer
    scopes: frozenset[TokenScope]


def make_token(
    site: Site, viewer: Viewer, name: str, scopes: Collection[str], last_day: date | None,
    agencies: Collection[str] = (),
) -> str:
    """
    Make a token for the viewer; give its secret, which is shown this once.

    *last_day* is the last it can be used on, in the office's zone; *agencies* (ids) narrow the account's. Raises
    `invalid` naming each field, `conflict` without a second factor or with too many tokens.
    """
    today = local_day(site.now(), site.settings.zone)
    with site.store.read() as connection:
        known = {row.id for row in people_rows.read_agencies(connection).values()}
    wrong: dict[str, list[str]] = {}
    if not name.strip() or len(name) > MOST_NAME:
        wrong["name"] = [f"takes 1 to {MOST_NAME} characters; it tells your tokens apart"]
    if not scopes or not set(scopes) <= set(TokenScope):
        wrong["scopes"] = ["name at least one of: " + ", ".join(TokenScope)]
    if last_day is None or not today <= last_day <= today + timedelta(days=LONGEST_DAYS):
        wrong["last_day"] = [f"is a day from today on, at most {LONGEST_DAYS} days away"]
    if strangers := sorted(each for each in agencies if each not in known or not viewer.sees(each)):
        wrong["agencies"] = [f"{each} is none of your account's" for each in strangers]
    if wrong or last_day is None:
        raise FieldError("invalid", wrong)
    secret = PREFIX + draw_token(site)
    row = {
        "id": site.new_id(), "user_id": viewer.id, "secret": _hash(secret), "name": name.strip(),
        "scopes": sorted(scopes), "agencies": sorted(agencies), "made_ms": site.now(),
        "ends_ms": whole_day(last_day, site.settings.zone).ends_ms,
    }  # fmt: skip

    def job(connection: Connection) -> None:
        if viewer_of(office_rows.lock_user(connection, viewer.id)).lacks_totp:
            raise FieldError("conflict", detail="Set up your second factor first; then make tokens.")
        if api_token_rows.count_live(connection, viewer.id, site.now()) >= MOST_LIVE:
            raise FieldError("conflict", detail=f"You have {MOST_LIVE} tokens in use; revoke one first.")
        api_token_rows.add_token(connection, row)
        facts = {"scopes": row["scopes"], "agencies": row["agencies"], "last_day": last_day.isoformat()}
        note_act(connection, site, viewer, "made_token", "token", str(row["id"]), **facts)

    site.store.write(job)
    return secret


def revoke_token(site: Site, viewer: Viewer, token_id: str) -> None:
    """Revoke a token of the viewer's; raise `not-found`."""

    def job(connection: Connection) -> None:
        if not api_token_rows.revoke_tokens(connection, viewer.id, site.now(), token_id):
            raise FieldError("not-found", detail="You have no such token in use.")
        note_act(connection, site, viewer, "revoked_token", "token", token_id)

    site.store.write(job)


def find_caller(site: Site, secret: str) -> Caller:
    """Give whoever a token acts for; raise `token-invalid`, which says the same whatever is wrong."""
    now_ms = site.now()
    with site.store.read() as connection:
        row = api_token_rows.find_token(connection, _hash(secret))
    if row is None or not _is_live(row, now_ms):
        raise FieldError("token-invalid")
    agencies = narrow(frozenset(row.agencies), frozenset(row.token_agencies))
    if agencies is None:
        raise FieldError("token-invalid")
    if row.seen_ms is None or now_ms - row.seen_ms > SEEN_MS:
        site.store.write(lambda connection: api_token_rows.see_token(connection, row.token_id, now_ms))
    viewer = replace(viewer_of(row), agencies=agencies, token_id=row.token_id)
    return Caller(viewer, frozenset(TokenScope(each) for each in row.scopes))


def _is_live(row: AnyRow, now_ms: int) -> bool:
    is_closed = row.status != "active" or (row.locked_until_ms or 0) > now_ms
    return row.revoked_ms is None and row.ends_ms > now_ms and not is_closed and not viewer_of(row).lacks_totp


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
