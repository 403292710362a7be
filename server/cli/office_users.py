"""`fairvisit office-user`: the accounts of the office, the first of them too."""

from __future__ import annotations

import secrets

import click

from schemas.errors import FieldError
from server.cli.showing import opened_site, say_time, show_table, who
from server.domain.roles import Role
from server.services import signing_in
from server.storage import office_rows, people_rows

PASSWORD = click.option("--password", envvar="FAIRVISIT_NEW_PASSWORD", help="Asked for where it is not given.")


@click.group("office-user")
def office_user_command() -> None:
    """Add, list, reset and close accounts of the office."""


@office_user_command.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice([each.value for each in Role]))
@click.option("--agency", "agencies", multiple=True, help="Limit the account to this agency (its name); repeatable.")
@click.option("--agent", help="The code of the agent they also are: they decide on no visit of their own.")
@click.option("--generate", is_flag=True, help="Make a password and print it, once.")
@click.option("--no-totp", is_flag=True, help="No second factor is asked for. For rehearsals.")
@PASSWORD
def add(
    name: str, roles: tuple[str, ...], agencies: tuple[str, ...], agent: str | None, password: str | None, *,
    generate: bool, no_totp: bool,
) -> None:
    """Add an account. It sets up its second factor when it first signs in."""
    chosen = secrets.token_urlsafe(12) if generate else password or _ask()
    with opened_site() as site:
        with site.store.read() as connection:
            known = {row.name: row.id for row in people_rows.read_agencies(connection).values()}
            agent_id = None if agent is None else people_rows.find_agent(connection, agent).id
        if unknown := sorted(set(agencies) - set(known)):
            raise FieldError("invalid", {"--agency": [f"knows no '{each}'" for each in unknown]})
        signing_in.add_user(
            site, name, chosen, [Role(each) for each in roles], [known[each] for each in agencies],
            needs_totp=not no_totp, by=who(), agent_id=agent_id,
        )  # fmt: skip
    click.echo(f"Account {name}: added." + (f" Password: {chosen}" if generate else ""))


@office_user_command.command("list")
def list_users() -> None:
    """List the accounts."""
    with opened_site() as site, site.store.read() as connection:
        rows = office_rows.list_users(connection)
        agencies = people_rows.read_agencies(connection)
    shown = [
        (row.name, row.roles, [agencies[each].name for each in row.agencies], row.status,
         "yes" if row.totp_secret else "no", say_time(row.made_ms))
        for row in rows
    ]  # fmt: skip
    titles = ("name", "roles", "agencies", "status", "second factor", "since (UTC)")
    show_table(titles, shown, "There is no account yet: fairvisit office-user add NAME --role admin")


@office_user_command.command("reset")
@click.argument("name")
@PASSWORD
def reset(name: str, password: str | None) -> None:
    """Give an account a new password; its second factor is set up anew, its sessions end."""
    with opened_site() as site:
        signing_in.set_password(site, name, password or _ask(), who())
    click.echo(f"Account {name}: new password; every session has ended.")


@office_user_command.command("close")
@click.argument("name")
def close(name: str) -> None:
    """Close an account; what it did stays in the record."""
    with opened_site() as site:
        signing_in.close_user(site, name, who())
    click.echo(f"Account {name}: closed.")


def _ask() -> str:
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
