"""
Signing in by a provider: an account must be there, and be linked to the provider's own name for its person.

Nothing is ever matched by an e-mail address or a name; roles and agencies stay ours. Whoever the provider asked for no
second factor is asked for ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from schemas.errors import FieldError, Sentence
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.oidc import LONGEST_SUBJECT, Question, Vouched, hear_provider, name_provider
from server.services.signing_in import Attempt, admit, draw_token, is_open, open_session, viewer_of
from server.services.site import Site
from server.storage import office_rows, oidc_rows

CLOSED = "{provider} knows you, but your account here is closed. Nobody was signed in; ask an administrator."
UNLINKED = (
    "{provider} knows you, but no account here is linked to you. Nobody was signed in. Sign in by password and link it "
    "on your own page, or give an administrator this name of yours: {subject}"
)
PROVIDER = Viewer("", "provider", frozenset())  # beside what is noted of nobody known here


def hear_noted(site: Site, callback: str, question: Question | None, told: Mapping[str, str]) -> Vouched:
    """Give whom the provider vouches for; that its answer to a question of ours does not hold is noted."""
    try:
        return hear_provider(site, callback, question, told)
    except FieldError as error:
        if question is not None and error.code == "conflict":  # nobody was refused where there was no answer
            refused = {"by": "provider", "why": "answer"}
            site.store.write(lambda connection: note_act(connection, site, PROVIDER, "sign_in_refused", **refused))
        raise


def sign_in_vouched(site: Site, vouched: Vouched, browser: str, code: str | None = None) -> Attempt | None:
    """
    Sign in whom the provider vouches for; None where a *code* of our own second factor is wanted first.

    Raises `conflict` where no account in use is linked to them.
    """
    token = draw_token(site)

    def job(connection: Connection) -> Attempt | FieldError | None:
        found = oidc_rows.find_subject(connection, site.settings.oidc_issuer, vouched.subject)
        account = None if found is None else office_rows.lock_user(connection, found.user_id)
        if account is None or account.status != "active":
            viewer, why = (PROVIDER, "unknown") if account is None else (viewer_of(account), "closed")
            note_act(connection, site, viewer, "sign_in_refused", by="provider", why=why)
            return FieldError("conflict", detail=_say_refused(site, vouched, is_known=account is not None))
        if account.totp_secret is None or vouched.has_second:
            session_id = open_session(connection, site, account, token, browser, by="provider")
            oidc_rows.add_oidc_session(connection, session_id, has_second=vouched.has_second)
            return Attempt(token)
        if code is None:
            return None
        attempt = admit(connection, site, account, token, browser, code, by="provider")
        if attempt.session_id:
            oidc_rows.add_oidc_session(connection, attempt.session_id, has_second=False)
        return attempt

    came = site.store.write(job)
    if isinstance(came, FieldError):
        raise came
    return came


def link_subject(site: Site, viewer: Viewer, user_id: str, subject: str) -> None:
    """Link an account to a subject of the provider; raise `invalid` for none, `conflict` for another account's."""
    if not 1 <= len(subject) <= LONGEST_SUBJECT:
        raise FieldError("invalid", {"subject": [Sentence("takes 1 to {most} characters", most=LONGEST_SUBJECT)]})
    issuer = site.settings.oidc_issuer

    def job(connection: Connection) -> None:
        row = office_rows.lock_user(connection, user_id)
        found = oidc_rows.find_subject(connection, issuer, subject)
        if row.status != "active":
            raise FieldError("conflict", detail=Sentence("The account {name} is closed.", name=row.name))
        if found is not None and found.user_id == user_id:
            return
        if found is not None:
            other = office_rows.read_user(connection, found.user_id)
            if other is not None and other.status == "active":
                said = "Another account is linked to this one already. Nothing was changed; unlink that account first."
                raise FieldError("conflict", detail=said)
            oidc_rows.drop_subject(connection, found.user_id)  # theirs from before, closed since
        linked = {"issuer": issuer, "subject": subject, "user_id": user_id, "by": viewer.name, "at_ms": site.now()}
        oidc_rows.end_oidc_sessions(connection, user_id, site.now())  # of whoever it was linked to before
        oidc_rows.put_subject(connection, linked)
        note_act(connection, site, viewer, "linked_provider", "user", row.name, issuer=issuer)

    site.store.write(job)


def unlink_subject(site: Site, viewer: Viewer, user_id: str) -> None:
    """Unlink an account, and end the sessions that the provider opened for it."""

    def job(connection: Connection) -> None:
        row = office_rows.lock_user(connection, user_id)
        if not oidc_rows.drop_subject(connection, user_id):
            said = Sentence("The account {name} is linked to nobody. Nothing was changed.", name=row.name)
            raise FieldError("conflict", detail=said)
        oidc_rows.end_oidc_sessions(connection, user_id, site.now())
        note_act(connection, site, viewer, "unlinked_provider", "user", row.name)

    site.store.write(job)


def check_may_link(site: Site, session_id: str) -> Viewer:
    """Give whose session may link its own account: one that is open, and that a password opened; raise `conflict`."""
    with site.store.read() as connection:
        row = office_rows.read_session(connection, session_id)
    if row is None or row.has_second is not None or not is_open(site, row):
        raise FieldError("conflict", detail="Sign in by name and password to link your account. Nothing was changed.")
    return viewer_of(row)


def _say_refused(site: Site, vouched: Vouched, *, is_known: bool) -> str:
    if is_known:
        return Sentence(CLOSED, provider=name_provider(site))
    return Sentence(UNLINKED, provider=name_provider(site), subject=vouched.subject)
