"""`fairvisit demo`: two real working days in a minute, with real devices, and what was noticed of what was planted."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import click
import structlog

from schemas.errors import FieldError
from server.demo.performing import Performance, perform
from server.demo.portfolio import load_portfolio
from server.demo.scenario import write_scenario
from server.demo.showing import show_no_phone, show_opening, show_phone, show_where
from server.demo.stage import Stage, free_port_after
from server.demo.today import is_app_built, open_today


@click.command("demo")
@click.option("--once", is_flag=True, help="Do not stay up; exit 0 only if every device-day balances.")
@click.option("--portfolio", type=click.Choice(["sf", "zh"]), default="sf", show_default=True, help="What to play.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same two days.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), help="Made anew each time [var/demo].")
@click.option("--port", default=8080, show_default=True, help="Port to serve on; 0 takes a free one.")
def demo_command(once: bool, portfolio: str, seed: int, folder: Path | None, port: int) -> None:
    """
    Play two real working days on real devices and a real server, and count.

    A lender's file is imported, devices are enrolled over HTTP, the visits of 11 and 12 October 2016 are recorded on
    them, the network breaks, programs crash, faults are planted; at the end stands what the server noticed.
    """
    if find_spec("sqlite_utils") is None:
        raise FieldError("unavailable", detail='The demo needs devices too: pip install "fairvisit[server,device]".')
    signal.signal(signal.SIGTERM, _leave)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    began = time.monotonic()
    for line in show_opening(write_scenario(load_portfolio(portfolio), seed)):
        click.echo(line)
    with perform(portfolio, seed, folder or Path("var") / "demo", port, click.echo, _Bars()) as played:
        click.echo("")
        for line in played.lines():
            click.echo(line)
        click.echo(f"Done in {time.monotonic() - began:.0f} s.")
        if not once:
            _stay(played)
    sys.exit(0 if played.is_balanced else 1)


def _leave(number: int, frame: FrameType | None) -> None:
    """End in good order when told to: no server stays behind."""
    raise SystemExit(128 + number)


class _Bars:
    """A progress bar a day."""

    def __init__(self) -> None:
        self._label = ""
        self._bar: Any = None

    def __call__(self, label: str, done: int, size: int) -> None:
        """Show that *done* of *size* acts of a day were played."""
        if label != self._label:
            self._label, self._bar = label, click.progressbar(length=size, label=label)
            self._bar.__enter__()
        self._bar.update(done - self._bar.pos)
        if done == size:
            self._bar.__exit__(None, None, None)


def _stay(played: Performance) -> None:
    """Leave the server running, its clock going on, until Ctrl+C."""
    click.echo("")
    fault = next(plan for plan in played.scenario.planted if plan.is_fault)
    visit_id = played.happened.visit_ids[fault.visits[0]]
    for line in show_where(played.stage.url, str(write_env(played.stage)), visit_id):
        click.echo(line)
    click.echo("")
    with open_phone_office(played.stage) as lines:
        for line in lines:
            click.echo(line)
        try:
            while played.stage.is_serving():
                time.sleep(1)
                played.stage.set_clock(played.stage.now_ms + 1000)
        except KeyboardInterrupt:
            click.echo("\nStopping.")


@contextmanager
def open_phone_office(beside: Stage) -> Iterator[Iterable[str]]:
    """Open the office of today *beside* the two days, on the next port if that is free; give what to say of it."""
    if not is_app_built():
        yield [show_no_phone()]
        return
    with open_today(beside.folder / "today", free_port_after(beside.port)) as today:
        yield show_phone(today, str(write_env(today.stage)))


def write_env(stage: Stage) -> Path:
    """Write what a shell needs to find this demo and the commands themselves, for `. FILE`; give the file."""
    path = stage.folder / "env"
    named = {name: value for name, value in stage.environ().items() if name.startswith("FAIRVISIT_")}
    lines = [f"export {name}='{value}'" for name, value in sorted(named.items())]
    lines.append(f"export PATH='{Path(sys.executable).parent}':\"$PATH\"")
    path.write_text("\n".join([*lines, ""]))
    return path
