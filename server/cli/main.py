"""`fairvisit`: gathers the commands and turns errors into plain sentences."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from schemas.errors import FieldError

# command -> module of server.cli that holds it (as `<name>_command`, dashes as underscores); loaded only when asked for
COMMANDS = {
    "serve": "serving",
    "migrate": "keeping",
    "backup": "keeping",
    "restore": "keeping",
    "erase": "keeping",
    "keys": "keys",
    "import": "importing",
    "payments": "importing",
    "contacts": "contacts",
    "training": "contacts",
    "geocode": "importing",
    "matches": "importing",
    "agents": "people",
    "devices": "people",
    "enrol": "people",
    "revoke": "people",
    "assign": "assigning",
    "unassign": "assigning",
    "cards": "cards",
    "complaints": "complaints",
    "help": "help_calls",
    "requests": "requests",
    "holds": "holding",
    "prefer": "preferring",
    "notices": "noticing",
    "visits": "reviewing",
    "visit": "reviewing",
    "findings": "reviewing",
    "conflicts": "reviewing",
    "decide": "reviewing",
    "reconcile": "reviewing",
    "gate": "gating",
    "explain": "gating",
    "priority": "prioritizing",
    "rulebooks": "rulebooks",
    "retention": "retaining",
    "conduct-report": "reporting",
    "statement": "proving",
    "settlement": "settling",
    "export": "exporting",
    "files": "filing",
    "verify": "proving",
    "import-outbox": "proving",
    "office-user": "office_users",
    "demo": "rehearsing",
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when it is called: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"server.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.group(cls=LazyGroup)
@click.version_option(package_name="fairvisit")
def fairvisit() -> None:
    """Field visits that keep the rules: packets out, visit events in, every record provable."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an expected error becomes its sentences and exit code 1."""
    try:
        fairvisit(args=list(arguments) if arguments is not None else None, prog_name="fairvisit")
    except FieldError as error:
        click.echo(f"fairvisit: {error.detail}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
