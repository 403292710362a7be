"""
The days of many devices at once, for a month's page and for a file: what each counts, what is missing, who signed off.

The counts are those of `make_statement`; a gap of a chain lies on every day on which its places may have been recorded.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from schemas.errors import FieldError, Sentence
from server.domain.roles import Viewer
from server.domain.runs import Run
from server.domain.settling import month_of
from server.domain.statements import StatedChain, StatedPlace, name_gaps, split_days, state_day
from server.services.signing_off import fingerprint
from server.services.site import Site
from server.services.statements import stated_place, zone_of
from server.storage import day_rows
from server.storage.export_rows import Rows
from server.storage.types import AnyRow

DAY_MS = 86_400_000
COUNTED = (
    "day", "received", "accepted", "parked", "id_reuse", "duplicates", "erased", "withheld", "files_named",
    "files_missing", "is_in_gap", "is_signed_off", "is_changed", "signed_off_ms",
)  # fmt: skip


class DayState(StrEnum):
    """How a device's day stands. Whoever signed a day off saw it as it is, unless it changed since."""

    AGREES = "agrees"  # all that came was accepted
    DIFFERS = "differs"  # something was set aside or came under a used id, or came in after the day was signed off
    MISSING = "missing"  # places or files that should be here are not
    SIGNED_OFF = "signed_off"


@dataclass(frozen=True)
class DayAccount:
    """One device's day. *statement* is None where nothing of the day came in but a gap may hold some of it."""

    statement: Mapping[str, Any] | None
    is_in_gap: bool
    sign_off: AnyRow | None = None

    @property
    def is_changed(self) -> bool:
        """Whether it is not what was signed off."""
        return self.sign_off is not None and self.sign_off.sha256 != fingerprint(self.statement or {})

    @property
    def signed_off_by(self) -> str | None:
        """Who signed it off, as it is or as it was."""
        return self.sign_off.by if self.sign_off else None

    @property
    def state(self) -> DayState:
        """How it stands."""
        told = self.statement
        if self.sign_off is not None:
            return DayState.DIFFERS if self.is_changed else DayState.SIGNED_OFF
        if self.is_in_gap or (told and told["files"]["missing"]):
            return DayState.MISSING
        return DayState.DIFFERS if told and (told["parked"] or told["id_reuse"]) else DayState.AGREES


@dataclass(frozen=True)
class Month:
    """A month of some devices: its days, and each device with its accounts by day; *more*: there are further ones."""

    days: list[str]
    devices: list[tuple[AnyRow, dict[str, DayAccount]]]
    more: bool


def list_month(site: Site, viewer: Viewer, month: str, after: tuple[str, str] | None, most: int) -> Month:
    """Give a month (`YYYY-MM`) of the viewer's devices, from after one (agent's code, id) on; raise `invalid`."""
    try:
        since_ms, until_ms = month_of(month, site.settings.zone)
    except ValueError:
        raise FieldError("invalid", {"month": [Sentence("'{month}' is not a month, YYYY-MM", month=month)]}) from None
    since_ms -= DAY_MS  # a device in a zone ahead of the office's begins its day earlier
    first = date.fromisoformat(f"{month}-01")
    days = [f"{month}-{day:02}" for day in range(1, monthrange(first.year, first.month)[1] + 1)]
    agencies = sorted(viewer.agencies)
    with site.store.read() as connection:
        rows = day_rows.list_month_devices(connection, agencies, since_ms, until_ms + DAY_MS, after, most + 1)
        told = read_device_days(connection, site, rows[:most], days[0], days[-1], since_ms)
    return Month(days, [(row, told[row.id]) for row in rows[:most]], len(rows) > most)


def ask_statements(site: Site, agencies: Collection[str]) -> Rows:
    """Ask for a row of every device and day: what the server counts, what is missing, who signed it off."""

    def read(connection: Connection) -> Iterator[dict[str, Any]]:
        for device in day_rows.read_devices(connection, agencies):
            about = {"device_id": device.id, "agent": device.code, "agency": device.agency_name}
            for day, account in read_device_days(connection, site, [device])[device.id].items():
                stands = {"state": account.state.value, "signed_off_by": account.signed_off_by}
                yield about | stands | _count(day, account)

    return Rows(("device_id", "agent", "agency", "state", "signed_off_by", *COUNTED), read)


def _count(day: str, account: DayAccount) -> dict[str, Any]:
    told = account.statement or state_day("", "", day, "", [], {})
    return dict(zip(COUNTED, (
        day, *(told[name] for name in COUNTED[1:7]), told["withheld_open"], told["files"]["named"],
        len(told["files"]["missing"]), account.is_in_gap, account.sign_off is not None, account.is_changed,
        account.sign_off and account.sign_off.at_ms,
    ), strict=True))  # fmt: skip


def read_device_days(
    connection: Connection, site: Site, devices: Sequence[AnyRow], first: str = "", last: str = "9", since_ms: int = 0
) -> dict[str, dict[str, DayAccount]]:
    """
    Give the accounts of these devices' days from *first* to *last* (`YYYY-MM-DD`) by device and day.

    *since_ms* is a moment before which nothing of those days can have come from a device whose clock is right. What one
    that is days ahead sent before it is not counted here; the statement of the single day counts it.
    """
    ids, zone = [row.id for row in devices], zone_of(site.settings.zone)
    chains = day_rows.read_chains_since(connection, ids, since_ms)
    places = _read_places(connection, chains, ids, zone)
    files: dict[str, dict[str, str]] = defaultdict(dict)
    for row in day_rows.read_files_of(connection, ids):
        files[row.device_id][row.sha256] = row.state
    signed = day_rows.read_sign_offs_of(connection, ids, first, last)
    in_gap = _read_gap_days(connection, chains, zone, first, last)
    accounts: dict[str, dict[str, DayAccount]] = {}
    for row in devices:
        mine = [StatedChain(each.chain_id, 0, "", places[each.pos]) for each in chains if each.device_id == row.id]
        stated = {
            day: state_day(row.id, row.agent_id, day, "", parts, files[row.id])
            for day, parts in split_days(mine).items()
            if first <= day <= last
        }
        accounts[row.id] = {
            day: DayAccount(stated.get(day), day in in_gap[row.id], signed.get((row.id, day)))
            for day in sorted({*stated, *in_gap[row.id]})
        }
    return accounts


def _read_places(
    connection: Connection, chains: Sequence[AnyRow], ids: Sequence[str], zone: ZoneInfo
) -> dict[int, list[StatedPlace]]:
    imported: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for row in day_rows.read_imports_of(connection, ids):
        imported[row.device_id, row.chain_id].append((row.from_seq, row.to_seq))
    runs = {each.pos: imported[each.device_id, each.chain_id] for each in chains}
    places: dict[int, list[StatedPlace]] = defaultdict(list)
    for row in day_rows.stream_places_from(connection, {each.pos: each.start or 0 for each in chains}):
        is_imported = any(first <= row.seq <= last for first, last in runs[row.chain_pos])
        places[row.chain_pos].append(stated_place(row, zone, is_imported=is_imported))
    return places


def _read_gap_days(
    connection: Connection, chains: Sequence[AnyRow], zone: ZoneInfo, first: str, last: str
) -> dict[str, set[str]]:
    """Give the days of each device on which what lies in a gap may have been recorded."""
    pos = {(each.device_id, each.chain_id): each.pos for each in chains}
    later = [each for each in chains if each.previous is not None]
    before = {each.pos: pos.get((each.device_id, each.previous)) for each in later}
    taken: dict[int | None, list[Run]] = defaultdict(list)
    for row in day_rows.read_runs(connection, [each for each in before.values() if each is not None]):
        taken[row.chain_pos].append((row.first, row.last))
    spans: list[tuple[str, list[tuple[int, int]]]] = []  # of each gap: the device, the places around it
    for each in later:
        lost_of = before[each.pos]
        for gap in name_gaps(each.previous, each.after_seq, each.lost or (), taken[lost_of]):
            around = [] if lost_of is None else [(lost_of, seq) for seq in _around(taken[lost_of], gap)]
            spans.append((each.device_id, [*around, (each.pos, 1)]))
    edges = sorted({place for _, around in spans for place in around})
    told = {
        (row.chain_pos, row.seq): _day_of(stated_place(row, zone, is_imported=False))
        for row in day_rows.read_places(connection, edges)
    }
    days: dict[str, set[str]] = defaultdict(set)
    for device_id, around in spans:
        known = [told[place] for place in around if place in told]
        if known:
            days[device_id] |= set(_days_between(max(first, min(known[:2])), min(last, max(known[:2]))))
    return days


def _around(runs: Sequence[Run], gap: Mapping[str, Any]) -> list[int]:
    """Give the nearest place before a gap and the nearest after it, where the chain has them."""
    before = [last for _, last in runs if last < gap["from_seq"]][-1:]
    return before + [first for first, _ in runs if first > gap["to_seq"]][:1]


def _day_of(place: StatedPlace) -> str:
    return place.day or place.fallback_day


def _days_between(first: str, last: str) -> Iterable[str]:
    if first > last:
        return
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        yield day.isoformat()
        day += timedelta(days=1)
