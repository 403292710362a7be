"""Accounts: what one may is changed in place, holds at once, is noted; an administrator always stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.roles import ROLES, Role, Viewer
from server.services import rights, signing_in
from server.services.rights import state_rights
from server.storage import office_rows, office_tables, tables
from server.storage.types import AnyRow
from tests.contract.office.desk import Browser, Desk


def row_of(desk: Desk, name: str) -> AnyRow:
    """Give an account."""
    [row] = desk.office.rows(office_tables.office_user.select().where(office_tables.office_user.c.name == name))
    return row


def change(desk: Desk, browser: Browser, name: str, roles: Sequence[str], agencies: Sequence[str] = ()) -> str:
    """Change an account on its page, as that page was seen; give the page that tells."""
    address = f"/accounts/{row_of(desk, name).id}"
    seen = re.search(r'name="seen" value="([^"]*)"', browser.get(address))
    assert seen is not None
    return browser.follow(f"{address}/change", role=roles, agency=list(agencies), seen=seen[1])


def test_a_change_holds_at_the_next_request_and_is_noted(desk: Desk) -> None:
    """Whoever is signed in gets the new pages and loses the old ones; before and after stand in the audit."""
    rita, admin = desk.sign_in("rita", "reviewer"), desk.sign_in("admin")
    rita.get("/queue")

    told = change(desk, admin, "rita", ["dispatcher"], [desk.office.agency_id])

    assert "holds from the next page that rita opens" in told
    rita.get("/queue", 403)
    rita.get("/dispatch")
    table = office_tables.office_act
    [act] = desk.office.rows(table.select().where(table.c.act == "changed_rights"))
    assert ("admin", "user", "rita") == (act.name, act.object_type, act.object_id)
    after = {"roles": ["dispatcher"], "agencies": [desk.office.agency_id]}
    assert {"before": {"roles": ["reviewer"], "agencies": []}, "after": after} == act.facts


def test_a_new_limit_to_agencies_hides_what_is_another_ones(desk: Desk) -> None:
    """A case page that opened a moment ago is not there any more."""
    office = desk.office
    case_id, other = office.add_case("R1"), office.site.new_id()
    office.assign(case_id, office.add_agent("a1"))
    office.insert(tables.agency, id=other, name="South Field Agency", status="active")
    rita, admin = desk.sign_in("rita", "reviewer"), desk.sign_in("admin")
    rita.get(f"/cases/{case_id}")

    change(desk, admin, "rita", ["reviewer"], [other])

    rita.get(f"/cases/{case_id}", 404)


def test_what_cannot_be_kept_is_refused_and_changes_nothing(desk: Desk) -> None:
    """No role, an unknown agency, an account that is closed, that is not there, or that somebody changed meanwhile."""
    desk.add("rita", "reviewer")
    desk.add("carl", "support")
    admin = desk.sign_in("admin")
    closed, rita = f"/accounts/{row_of(desk, 'carl').id}/change", f"/accounts/{row_of(desk, 'rita').id}/change"
    signing_in.close_user(desk.office.site, "carl", "test")

    assert "name at least one" in change(desk, admin, "rita", [])
    assert "agencies: there is no" in change(desk, admin, "rita", ["support"], [desk.office.site.new_id()])
    assert "is closed" in admin.follow(closed, role="reviewer", seen="support")
    assert "Somebody else changed this account meanwhile" in admin.follow(rita, role="support", seen="auditor")
    admin.post(f"/accounts/{desk.office.site.new_id()}/change", 404, role="support")
    admin.get("/accounts/rita", 404)
    assert [["reviewer"], ["support"]] == [row_of(desk, name).roles for name in ("rita", "carl")]


def test_nobody_changes_their_own_rights(desk: Desk) -> None:
    """Not on the page, and not past it."""
    admin = desk.sign_in("admin")
    row = row_of(desk, "admin")
    viewer = Viewer(row.id, "admin", frozenset({Role.ADMIN}))

    told = admin.follow(f"/accounts/{row.id}/change", role=["admin", "auditor"], seen=state_rights(row))
    with pytest.raises(FieldError, match="their own rights"):
        rights.change_rights(desk.office.site, viewer, row.id, ROLES, [], state_rights(row))

    assert "Nobody changes their own account here" in told
    assert 'name="role"' not in admin.get(f"/accounts/{row.id}")
    assert ["admin"] == row_of(desk, "admin").roles


@pytest.mark.parametrize("how", ["role", "agencies", "close"])
def test_the_last_administrator_stays(desk: Desk, how: str) -> None:
    """Neither role nor sight of every agency nor the account is taken from the last one; a limited one is no other."""
    site, ours = desk.office.site, [desk.office.agency_id]
    desk.add("last", "admin")
    desk.add("limited", "admin", agencies=ours)
    other = Viewer(site.new_id(), "somebody", frozenset({Role.ADMIN}))

    def take(name: str) -> None:
        row = row_of(desk, name)
        if how == "close":
            return signing_in.close_user(site, name, "test")
        roles, agencies = ([Role.REVIEWER], []) if how == "role" else ([Role.ADMIN], ours)
        return rights.change_rights(site, other, row.id, roles, agencies, state_rights(row))

    take("limited")
    with pytest.raises(FieldError, match="last is the last administrator"):
        take("last")
    desk.add("second", "admin")
    take("last")

    row = row_of(desk, "last")
    assert ("closed" if how == "close" else "active", ours if how == "agencies" else []) == (row.status, row.agencies)


def test_two_administrators_cannot_take_the_role_from_each_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the same time, each having seen that the other stays: one comes second, is refused, and stays."""
    site, looked, lock_active = desk.office.site, Barrier(2, timeout=1), office_rows.lock_active
    names = ("one", "two")
    for name in names:
        desk.add(name, "admin")

    def look(connection: Connection) -> list[AnyRow]:
        rows = lock_active(connection)
        with suppress(BrokenBarrierError):
            looked.wait()  # for the other, who can only get here as well where nothing was locked
        return rows

    def take(name: str, by: str) -> bool:
        viewer = Viewer(row_of(desk, by).id, by, frozenset({Role.ADMIN}))
        try:
            rights.change_rights(site, viewer, row_of(desk, name).id, [Role.SUPPORT], [], "admin")
        except FieldError as error:
            return error.code != "conflict"
        return True

    monkeypatch.setattr(office_rows, "lock_active", look)
    with ThreadPoolExecutor(2) as pool:
        took = list(pool.map(take, names, reversed(names)))

    assert [False, True] == sorted(took)
    assert [["admin"], ["support"]] == sorted(row_of(desk, name).roles for name in names)


def test_a_hundred_accounts_come_by_pages_and_by_name(desk: Desk) -> None:
    """Fifty at once, each once; a part of a name finds its own, in whatever case, and takes no sign for a joker."""
    row = {"password": "", "roles": ["support"], "agencies": [], "needs_totp": False, "made_ms": 0}
    for number in range(100):
        user_id = desk.office.site.new_id()
        desk.office.insert(office_tables.office_user, id=user_id, name=f"clerk{number:03}", **row)
    browser = desk.sign_in("admin")

    def listed(address: str) -> list[str]:
        return re.findall(r"data-row[^>]*>([^<]+)<", browser.get(address))

    first = listed("/accounts")
    second = listed(f"/accounts?after={first[-1]}")
    third = listed(f"/accounts?after={second[-1]}")

    assert (50, 50, 1) == (len(first), len(second), len(third))
    assert 101 == len({*first, *second, *third})
    assert ["clerk042"] == listed("/accounts?q=K042")
    assert [] == listed("/accounts?q=_") == listed("/accounts?q=%25")
    assert "/accounts?q=clerk&after=clerk049" in browser.get("/accounts?q=clerk")
