"""
What an account may: its roles and agencies, changed in place.

A change holds from the account's next request on, since every request reads them anew (`signing_in.find_viewer`). Of
those who can give rights, one always stays.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from schemas.errors import FieldError, Sentence
from server.domain.roles import Role, Viewer
from server.services.auditing import note_act
from server.services.site import Site
from server.storage import office_rows
from server.storage.types import AnyRow


def change_rights(
    site: Site, viewer: Viewer, user_id: str, roles: Collection[Role], agencies: Collection[str], seen: str
) -> None:
    """
    Give an account that is there these roles and agencies (ids; none: every agency) in place of what *viewer* saw.

    Raises `invalid` without a role; `conflict` for one's own account, one that is closed or was changed
    meanwhile, and the last administrator.
    """
    if user_id == viewer.id:
        raise FieldError("conflict", detail="Nobody changes their own rights; ask another administrator.")
    if not roles:
        raise FieldError("invalid", {"roles": ["name at least one"]})
    after = {"roles": sorted(roles), "agencies": sorted(agencies)}

    def job(connection: Connection) -> None:
        check_admin_stays(connection, user_id, roles, agencies)
        row = office_rows.lock_user(connection, user_id)
        if row.status != "active":
            raise FieldError("conflict", detail=Sentence("The account {name} is closed.", name=row.name))
        if state_rights(row) != seen:
            raise FieldError("conflict", detail="Somebody else changed this account meanwhile. Look again.")
        before = {"roles": row.roles, "agencies": row.agencies}
        if before != after:
            office_rows.change_user(connection, user_id, **after)
            note_act(connection, site, viewer, "changed_rights", "user", row.name, before=before, after=after)

    site.store.write(job)


def state_rights(row: AnyRow) -> str:
    """Give an account's rights as one text, by which a form says what was seen."""
    return " ".join([*row.roles, *row.agencies])


def check_admin_stays(
    connection: Connection, user_id: str, roles: Collection[Role] = (), agencies: Collection[str] = ()
) -> None:
    """
    Raise `conflict` where an account that is left these rights was the last administrator who sees so much.

    The active accounts are locked, so that two administrators cannot take the role from each other.
    """
    admins = [each for each in office_rows.lock_active(connection) if Role.ADMIN in each.roles]
    row = next((each for each in admins if each.id == user_id), None)
    if row is None or (Role.ADMIN in roles and (row.agencies or not agencies)):
        return
    if not any(each.id != user_id and (row.agencies or not each.agencies) for each in admins):
        said = Sentence("{name} is the last administrator; make another one first.", name=row.name)
        raise FieldError("conflict", detail=said)
