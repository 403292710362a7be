"""
Signing in to the office: a name, a password, a code from a phone; a session that ends by itself; locks that grow.

Whoever is refused is told the same, whether the name, the password or the code was wrong. A code works once.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.roles import Role, Viewer
from server.services.auditing import note_act
from server.services.rights import check_admin_stays
from server.services.second_factor import group_code, plain_code, step_of
from server.services.site import Site
from server.storage import api_token_rows, office_rows, oidc_rows
from server.storage.types import AnyRow

HOUR_MS = 3_600_000
IDLE_MS = 2 * HOUR_MS  # a session that is not used ends
LONGEST_MS = 12 * HOUR_MS  # a working day
SEEN_MS = 60_000  # how exactly the last use is kept
TRIES = 5  # before the first lock
LOCK_MS, LONGEST_LOCK_MS = 30_000, HOUR_MS  # doubled with each failure after that
SHORTEST_PASSWORD = 10
RECOVERY_CODES = 10
NAME = re.compile(r"[\w.@-]{2,64}")
ISSUER = "Fairvisit"


@dataclass(frozen=True)
class Attempt:
    """What came of signing in: a session's token, or none and until when the name is locked (ms since the epoch)."""

    token: str = ""
    locked_until_ms: int | None = None
    session_id: str = ""


def add_user(
    site: Site, name: str, password: str, roles: Collection[Role], agencies: Collection[str] = (), *,
    needs_totp: bool = True, by: str = "", agent_id: str | None = None,
) -> str:
    """
    Add an account; give its id. *agencies* are ids; none: it sees every agency. *agent_id*: they go to doors, too.

    Raises `invalid` for a name that is taken or no name, a password that is too short, or no role.
    """
    _check_password(name, password)
    if not NAME.fullmatch(name):
        raise FieldError("invalid", {"name": ["takes 2 to 64 letters, digits and . _ @ -"]})
    if not roles:
        raise FieldError("invalid", {"roles": ["name at least one"]})
    user_id = site.new_id()
    row = {
        "id": user_id, "name": name, "password": _hasher().hash(password), "roles": sorted(roles),
        "agencies": sorted(agencies), "needs_totp": needs_totp, "made_ms": site.now(),
        "agent_id": agent_id,
    }  # fmt: skip

    def job(connection: Connection) -> None:
        if office_rows.find_user(connection, name) is not None:
            raise FieldError("invalid", {"name": [f"'{name}' is taken"]})
        office_rows.add_user(connection, row)
        facts = {"roles": row["roles"], "agencies": row["agencies"]}
        note_act(connection, site, Viewer("", by or "command line", frozenset()), "added_user", "user", name, **facts)

    site.store.write(job)
    return user_id


def set_password(site: Site, name: str, password: str, by: str) -> None:
    """Give an account a new password, a second factor to set up anew, no session, token or link; raise `not-found`."""
    _check_password(name, password)
    hashed = _hasher().hash(password)

    def job(connection: Connection) -> None:
        row = _known(connection, name)
        new = {"password": hashed, "totp_secret": None, "failures": 0, "locked_until_ms": None}
        office_rows.change_user(connection, row.id, **new)
        office_rows.put_recovery_codes(connection, row.id, [])
        office_rows.end_sessions(connection, row.id, site.now())
        api_token_rows.revoke_tokens(connection, row.id, site.now())
        oidc_rows.drop_subject(connection, row.id)  # whoever got in may have linked their own
        note_act(connection, site, Viewer("", by, frozenset()), "reset_user", "user", name)

    site.store.write(job)


def close_user(site: Site, name: str, by: str) -> None:
    """Close an account and end its sessions; what it did stays. Raises `not-found`, `conflict` for the last admin."""

    def job(connection: Connection) -> None:
        row = _known(connection, name)
        check_admin_stays(connection, row.id)
        office_rows.change_user(connection, row.id, status="closed")
        office_rows.end_sessions(connection, row.id, site.now())
        note_act(connection, site, Viewer("", by, frozenset()), "closed_user", "user", name)

    site.store.write(job)


def sign_in(site: Site, name: str, password: str, code: str, browser: str) -> Attempt:
    """Try to sign in. Every try is noted, whether it succeeds or not."""
    with site.store.read() as connection:
        row = office_rows.find_user(connection, name)
    is_right = _is_password(row, password)
    if row is None:
        site.store.write(lambda connection: _note_refused(connection, site, None, name[:64]))
        return Attempt()
    token = draw_token(site)

    def job(connection: Connection) -> Attempt:
        account = office_rows.lock_user(connection, row.id)
        is_known = is_right and account.status == "active"
        return admit(connection, site, account, token, browser, code if is_known else None)

    return site.store.write(job)


def draw_token(site: Site) -> str:
    """Give what a new session's cookie is to hold."""
    return base64.urlsafe_b64encode(site.random_bytes(32)).decode().rstrip("=")


def admit(
    connection: Connection, site: Site, account: AnyRow, token: str, browser: str, code: str | None, **facts: Any
) -> Attempt:
    """
    Open a session of an account that is locked for us, where its second factor holds; count a failure where not.

    *code* is None where they did not prove who they are.
    """
    now_ms = site.now()
    if account.locked_until_ms is not None and account.locked_until_ms > now_ms:
        _note_refused(connection, site, account.id, account.name, locked=True, **facts)
        return Attempt(locked_until_ms=account.locked_until_ms)
    if code is None or not _is_code(connection, account, code, now_ms):
        failures = account.failures + 1
        until_ms = None
        if failures >= TRIES:
            until_ms = now_ms + min(LONGEST_LOCK_MS, LOCK_MS * 2 ** min(20, failures - TRIES))
        office_rows.change_user(connection, account.id, failures=failures, locked_until_ms=until_ms)
        _note_refused(connection, site, account.id, account.name, **facts)
        return Attempt(locked_until_ms=until_ms)
    return Attempt(token, session_id=open_session(connection, site, account, token, browser, **facts))


def open_session(
    connection: Connection, site: Site, account: AnyRow, token: str, browser: str, **facts: Any
) -> str:
    """Open a session for whoever proved who they are; give its id."""
    now_ms = site.now()
    office_rows.change_user(connection, account.id, failures=0, locked_until_ms=None)
    session = {
        "token": _hash(token), "id": site.new_id(), "user_id": account.id, "csrf": site.random_bytes(16).hex(),
        "browser": browser[:200], "made_ms": now_ms, "seen_ms": now_ms,
    }  # fmt: skip
    office_rows.add_session(connection, session)
    note_act(connection, site, viewer_of(account), "signed_in", "session", session["id"], **facts)
    return str(session["id"])


def find_viewer(site: Site, token: str) -> Viewer | None:
    """Give whoever a session's token belongs to; None where it has ended."""
    with site.store.read() as connection:
        row = office_rows.find_session(connection, _hash(token))
    if row is None or not is_open(site, row):
        return None
    if site.now() - row.seen_ms > SEEN_MS:
        site.store.write(lambda connection: office_rows.see_session(connection, row.session_id, site.now()))
    return viewer_of(row, row.session_id, row.csrf, has_second=bool(row.has_second))


def is_open(site: Site, row: AnyRow) -> bool:
    """Say whether a session is one still."""
    now_ms = site.now()
    return bool(row.status == "active" and now_ms - row.seen_ms <= IDLE_MS and now_ms - row.made_ms <= LONGEST_MS)


def sign_out(site: Site, viewer: Viewer, session_id: str | None = None) -> None:
    """End this session of the viewer's, or another one of theirs."""

    def job(connection: Connection) -> None:
        ended = office_rows.end_sessions(connection, viewer.id, site.now(), session_id or viewer.session_id)
        if not ended:
            raise FieldError("not-found", detail="This session has ended already.")
        note_act(connection, site, viewer, "signed_out", "session", session_id or viewer.session_id)

    site.store.write(job)


def offer_totp(viewer: Viewer) -> tuple[str, str]:
    """Give a new secret and the address a phone's app reads it from; nothing is kept before `set_totp`."""
    secret = pyotp.random_base32()
    return secret, pyotp.TOTP(secret).provisioning_uri(name=viewer.name, issuer_name=ISSUER)


def set_totp(site: Site, viewer: Viewer, secret: str, code: str) -> list[str]:
    """Keep the second factor once a code of it was typed in; give the recovery codes, which are shown this once."""
    step = step_of(secret, code, site.now())
    if step is None:
        raise FieldError("invalid", {"code": ["does not fit this secret; type the newest six digits"]})
    codes = [group_code(base64.b32encode(site.random_bytes(10)).decode().lower()) for _ in range(RECOVERY_CODES)]

    def job(connection: Connection) -> None:
        office_rows.lock_user(connection, viewer.id)
        office_rows.change_user(connection, viewer.id, totp_secret=secret, totp_step=step)
        office_rows.put_recovery_codes(connection, viewer.id, [_hash(plain_code(each)) for each in codes])
        note_act(connection, site, viewer, "set_totp", "user", viewer.name)

    site.store.write(job)
    return codes


def viewer_of(row: AnyRow, session_id: str = "", csrf: str = "", *, has_second: bool = False) -> Viewer:
    """Give whoever an account is, as far as rights go; *has_second*: somebody else asked for their second factor."""
    lacks_totp = row.needs_totp and row.totp_secret is None and not has_second
    return Viewer(
        row.id, row.name, frozenset(Role(each) for each in row.roles), frozenset(row.agencies), row.language,
        session_id, csrf, row.agent_id or "", lacks_totp,
    )  # fmt: skip


def _known(connection: Connection, name: str) -> AnyRow:
    row = office_rows.find_user(connection, name)
    if row is None:
        raise FieldError("not-found", detail=f"There is no account '{name}'.")
    return row


def _note_refused(
    connection: Connection, site: Site, user_id: str | None, name: str, *, locked: bool = False, **facts: Any
) -> None:
    note_act(connection, site, Viewer(user_id or "", name, frozenset()), "sign_in_refused", locked=locked, **facts)


def _check_password(name: str, password: str) -> None:
    if len(password) < SHORTEST_PASSWORD or password.lower() == name.lower():
        raise FieldError("invalid", {"password": [f"takes at least {SHORTEST_PASSWORD} characters, and not the name"]})


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """Give a password nobody has: a name that is not known takes as long as one that is."""
    return _hasher().hash("nobody's password")


def _is_password(row: AnyRow | None, password: str) -> bool:
    try:
        _hasher().verify(_nobody() if row is None else row.password, password)
    except (VerificationError, InvalidHashError):
        return False
    return row is not None


def _is_code(connection: Connection, account: AnyRow, code: str, now_ms: int) -> bool:
    """Say whether the second factor holds: six digits not used before, or a recovery code; none where none is set."""
    if account.totp_secret is None:
        return True
    step = step_of(account.totp_secret, code, now_ms)
    if step is not None and step > account.totp_step:
        office_rows.change_user(connection, account.id, totp_step=step)
        return True
    return office_rows.use_recovery_code(connection, account.id, _hash(plain_code(code)), now_ms)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
