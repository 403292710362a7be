"""
The device's facade: everything an agent does with packets and visits, in one class.

The one place on the device where the system's clock and randomness are read; a rehearsal hands in its own.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from agent_sync import (
    capturing,
    doctor,
    enrolling,
    escrow,
    exchange,
    outbox_export,
    recording,
    rules,
    rules_door,
    rules_limits,
    sealed_part,
    statement,
    store_feed,
    store_outbox,
    store_visits,
    vault,
    views,
)
from agent_sync.channel import Channel
from agent_sync.clock import Clock, Reading
from agent_sync.enrolling import Enrolment
from agent_sync.recording import Draft, Noise, Recorded
from agent_sync.remembering import identity, last_seen, lease_time, load_or_make_key, watch_clock
from agent_sync.report import Report
from agent_sync.store import Store
from agent_sync.store_files import LEAST_FREE
from agent_sync.talk import Talk
from agent_sync.transport import HttpTransport, Transport
from schemas import card, signing
from schemas.errors import FieldError
from schemas.vocabulary import EventKind, MonoKind

ARCHIVE_DAYS = 30
PHOTO_SIDE = 1600
BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The system's clocks: local wall time, and the counter that runs through sleep where there is one."""

    def __init__(self, boot_file: Path = BOOT_FILE) -> None:
        self._through_sleep = hasattr(time, "CLOCK_BOOTTIME")
        try:
            # Within one boot the counter goes on over restarts of this program.
            self._boot = boot_file.read_text().strip()
        except OSError:
            self._boot = os.urandom(16).hex()

    def read(self) -> Reading:
        """Give all clocks now."""
        counter = time.clock_gettime(time.CLOCK_BOOTTIME) if self._through_sleep else time.monotonic()
        wall_ms = time.time_ns() // 1_000_000
        offset = datetime.now().astimezone().utcoffset()
        offset_min = 0 if offset is None else round(offset.total_seconds() / 60)
        mono = MonoKind.BOOTTIME if self._through_sleep else MonoKind.AWAKE
        return Reading(wall_ms, offset_min, int(counter * 1000), self._boot, mono.value)


class Device:
    """
    One agent's device: its store, its key, and the way to its server.

    What `record` returned from is saved; what `status` counts as received has the server's receipt. Every method
    raises `FieldError` with a sentence that can be shown.

    A new store is encrypted where *pin* is given, or *in_keyring* is set: then the system's keyring keeps its key.
    *photo_side*: the longest side of photos, in pixels. *least_free*: bytes that files leave free for records.
    """

    def __init__(
        self,
        store_path: str | Path,
        server_url: str | None = None,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        noise: Noise = os.urandom,
        archive_days: int = ARCHIVE_DAYS,
        pin: str | None = None,
        in_keyring: bool = False,
        photo_side: int = PHOTO_SIDE,
        least_free: int = LEAST_FREE,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.noise = noise
        self.archive_days, self.photo_side, self.least_free = archive_days, photo_side, least_free
        keys = vault.unlock(Path(store_path), pin, in_keyring=in_keyring, now=self.clock.read(), noise=noise)
        self.store = Store(store_path, keys=keys)
        self._server_url = server_url
        self._transport = transport

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def enrol(self, code: str) -> Enrolment:
        """
        Enrol with the office's one-time code, or enter a new one (A1, A4).

        Gives the agent, or that a person has yet to approve; the same code can be sent again until then.
        """
        vault.refuse_wiped(self.store.path)
        url = self._server_url or self.store.get("server_url")
        channel = Channel(self._way(url), load_or_make_key(self.store, self.noise))
        described = {"kind": "command", "model": f"{platform.system()} {platform.machine()}"[:100], "app": app_name()}
        done = enrolling.enrol(self.store, channel, code, described, self.clock.read(), self.noise, url)
        escrow.keep_escrow(self.store, self.clock.read(), self.noise)
        return done

    def packets(self) -> list[views.PacketView]:
        """Give the packets, after shredding those whose time here has ended (F3)."""
        self._shred()
        return views.view_packets(self.store, self.clock.read())

    def record(
        self,
        kind: str,
        case_id: str | None = None,
        visit_id: str | None = None,
        body: Mapping[str, Any] | None = None,
        files: Sequence[Mapping[str, str]] = (),
    ) -> Recorded:
        """
        Record an event; return once it is durable. `visit_started` without *visit_id* makes one.

        *files*: mappings with `path`, `media_type?`, `role?`, `starts?`, `ends?`; each is copied into the store
        first, as it is: photos with their place belong to `attach_photo`.
        """
        return self._capture().record(Draft(kind, body or {}, case_id, visit_id), files)

    def may_record(self, kind: str, case_id: str, visit_id: str | None, body: Mapping[str, Any]) -> rules.Verdict:
        """Say what `record` would warn of or block, without recording."""
        now = self.clock.read()
        now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, last_seen(self.store))
        return recording.judge_draft(self.store, Draft(kind, body, case_id, visit_id), 0, now_ms, 1)

    def attach_photo(self, visit: str, path: str | Path) -> Recorded:
        """
        Keep a photo of a visit: scaled, without place or camera, marked with time and case. The file stays as it is.

        Raises `invalid` if it is no picture, `conflict` where the visit was not started or the disk is nearly full.
        """
        return self._capture().photo(visit, Path(path), self.photo_side)

    def attach_signature(self, visit: str, path: str | Path) -> Recorded:
        """Keep a signature of a visit: a picture, or an SVG of strokes. Raises as `attach_photo` does."""
        return self._capture().signature(visit, Path(path))

    def attach_recording(self, visit: str, path: str | Path, starts: str = "", ends: str = "") -> Recorded:
        """
        Keep an audio or video file of a visit, as its packet's limits allow: else `conflict` with the rule.

        *starts* and *ends*: when it ran, in ISO form, where the file does not say it itself, or says it wrongly.
        """
        return self._capture().recording(visit, Path(path), starts, ends)

    def hold(self, visit: str, reason: str, scope: str = "", note: str = "") -> Recorded:
        """
        Halt the case of a visit, named by its id or its case's, or the end of either: at once here, and everywhere.

        Without *scope* it halts what such a reason concerns: the person, or this case alone.
        """
        case_id, visit_id = capturing.name_visit(self.store, visit)
        body = {"reason": reason, "scope": scope or rules_door.scope_of(reason).value}
        body |= {"note": note} if note else {}
        return self.record(EventKind.HOLD_PLACED, case_id, visit_id, body)

    def card(self) -> str:
        """
        Give the address behind the card's QR, signed now (schemas/card.py); it needs no network.

        While a visit is open here the code names its case, so that whoever scans it can name the visit.
        """
        key, device_id = identity(self.store)
        public_url = str(self.store.get("public_url") or self.store.get("server_url") or "")
        visits = store_visits.open_visits(self.store)
        case_id = visits[-1]["case_id"] if visits else None
        agent_id = self.store.get("agent")["agent_id"]
        code = card.write_card(key, device_id, agent_id, self.clock.read().to_at(), case_id)
        return card.address_of(public_url, code)

    def visit(self, case_id: str, visit_id: str) -> rules.VisitSoFar:
        """Give what was recorded of a visit here."""
        return recording.view_visit(self.store, case_id, visit_id)

    def leave_by(self, case_id: str, visit_id: str) -> str:
        """Give the time of day, HH:MM by this device's zone, by which to leave a visit; empty where none is set."""
        now = self.clock.read()
        now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, last_seen(self.store))
        case = recording.view_case(self.store, case_id, visit_id, now_ms)
        started_ms = self.visit(case_id, visit_id).started_ms
        by_ms = None if started_ms is None else rules_limits.leave_by(case.limits or {}, started_ms)
        return "" if by_ms is None else replace(now, wall_ms=by_ms + now.wall_ms - now_ms).wall[11:16]

    def exchange(self, *, metered: bool = False) -> Report:
        """
        Exchange with the server until both sides are level, or something fails; the report says which.

        On a *metered* network photos and recordings stay here; records go.

        Raises only `not-enrolled`, and `store-locked` while another program exchanges with this store.
        """
        key, device_id = identity(self.store)
        with self.store.exchange_lock():
            self._shred()
            channel = Channel(self._way(self.store.get("server_url")), key, device_id, self.store.get("nonce", ""))
            talk = Talk(self.store, channel, self.clock, self.noise, self.archive_days, metered)
            exchange.converse(talk)
            escrow.keep_escrow(self.store, self.clock.read(), self.noise)
            return talk.report

    def open_sealed(
        self, case_id: str, visit_id: str, method: str, secret: str = "", answers: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Open the sealed part after identity was confirmed in this visit, and record that it was opened."""
        self._shred()
        said = sealed_part.Said(method, secret, answers)
        return sealed_part.open_part(self.store, case_id, visit_id, said, self.clock.read(), self.noise)

    def check_identity(
        self,
        case_id: str,
        visit_id: str,
        method: str,
        secret: str = "",
        answers: Sequence[str] = (),
        document_kind: str = "",
    ) -> bool:
        """
        Check the person's code or facts against the packet, record the result, say whether they fit.

        Raises `conflict` where the packet cannot be opened this way, or this way was tried too often in this visit.
        """
        self._shred()
        said = sealed_part.Said(method, secret, answers, document_kind)
        return sealed_part.check_identity(self.store, case_id, visit_id, said, self.clock.read(), self.noise)

    def visit_qr(self, case_id: str, visit_id: str) -> str:
        """Give the lead's signature over a visit, for a companion's `crew_joined` (E11)."""
        key, device_id = identity(self.store)
        claim = {"typ": "visit", "visit_id": visit_id, "case_id": case_id, "device_id": device_id}
        return signing.sign(claim, key, device_id)

    def status(self) -> views.Status:
        """Say how this device stands: what is saved, received, parked, waiting."""
        self._shred()
        return views.view_status(self.store, self.clock.read())

    def statement(self, day: str) -> str:
        """Give the signed statement of a day, `YYYY-MM-DD` by this device's wall clock."""
        key, device_id = identity(self.store)
        return signing.sign(self.describe_day(day), key, device_id)

    def describe_day(self, day: str) -> dict[str, Any]:
        """Give what the statement of a day says, unsigned."""
        return statement.write_statement(self.store, day, self.clock.read())

    def export_outbox(self, path: str | Path) -> int:
        """Write the encrypted outbox to a new file, readable by its owner only; give how many events are in it."""
        key, device_id = identity(self.store)
        now = self.clock.read()
        now_ms = rules.best_now(now.wall_ms, now.mono_ms, now.boot, last_seen(self.store))
        content = outbox_export.export_outbox(self.store, key, device_id, now_ms, self.noise)
        target = Path(path)
        try:
            with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            raise FieldError("conflict", detail=f"{target} is there already. Name a file that is not.") from None
        return store_outbox.count_waiting(self.store)

    def find_lost(self, event_id: str, content: bytes) -> bool:
        """Put a lost event back that turned up elsewhere; False if this is not what was recorded (E6)."""
        with self.store.transaction():
            return store_outbox.find_lost(self.store, event_id, content)

    def doctor(self) -> list[doctor.Check]:
        """Look the store, key, clock, disk and server over."""
        return doctor.examine(self.store, self.clock.read(), self._way)

    def _way(self, url: str | None) -> Transport:
        if self._transport is not None:
            return self._transport
        if not url:
            raise FieldError("invalid", {"server": ["No server is known. Give its address: --server https://…"]})
        return HttpTransport(url)

    def _shred(self) -> None:
        now = self.clock.read()
        watch_clock(self.store, now)
        store_feed.shred_ended(self.store, lease_time(self.store, now))

    def _capture(self) -> capturing.Capture:
        self._shred()
        return capturing.Capture(self.store, self.clock.read(), self.noise, self.least_free)


def app_name() -> str:
    """Give this program's name and version, as enrolment tells it."""
    try:
        return f"agent-sync {version('fairvisit')}"
    except PackageNotFoundError:
        return "agent-sync"
