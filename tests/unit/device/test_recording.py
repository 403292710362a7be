"""Recording on the device: content, durability, and what a kind asks for."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agent_sync import Device, recording
from agent_sync.clock import format_wall
from agent_sync.recording import Draft, Recorded
from agent_sync.store import Store
from schemas import canonical
from schemas.errors import FieldError
from schemas.event import EVENT_SCHEMAS
from schemas.messages import Quota
from schemas.vocabulary import EventKind
from tests.unit.device.builders import CASE, DAY_MS, VISIT, a_clock, a_visit, joined, packet_body, start
from tests.unit.device.fake_server import an_id

STEP = {"step": "card_shown", "text_version": "1", "response": "given"}


class TestContent:
    """E0: the one byte form."""

    def test_e0_content_is_canonical_and_says_all_it_must(self, tmp_path: Path) -> None:
        """E0: sorted keys, no floats; id, kind, schema, case, visit, packet revision, clocks, salt."""
        _, device, _ = joined(tmp_path)
        recorded = start(device)
        content = canonical.read(device.store.value("SELECT content FROM event WHERE id = ?", [recorded.event_id]))

        assert {} == EVENT_SCHEMAS[EventKind.VISIT_STARTED]().validate(content)
        assert (recorded.event_id, CASE, VISIT, 1) == tuple(
            content[name] for name in ("id", "case_id", "visit_id", "packet_rev")
        )
        assert {"wall": "2026-05-29T04:26:40.000+08:00", "mono_ms": 1_000_000, "boot": "boot-1"} == content["at"]

    def test_e0_a_lone_surrogate_is_replaced_before_hashing(self, tmp_path: Path) -> None:
        """E0: text from a broken keyboard is recorded with U+FFFD, and the exchange goes through."""
        server, device, _ = joined(tmp_path)
        start(device)
        recorded = device.record("step_done", CASE, VISIT, {**STEP, "note": "so\ud800so"})
        assert device.exchange().is_ok

        content = canonical.read(server.contents[recorded.event_id] or b"")
        assert "so\ufffdso" == content["body"]["note"]

    def test_e0_a_float_is_refused_where_it_stands(self, tmp_path: Path) -> None:
        """E0: the refusal names the place."""
        _, device, _ = joined(tmp_path)
        with pytest.raises(FieldError) as refused:
            device.record("visit_started", CASE, None, {"fixes": [{"lat_e7": 1.5}]})

        assert ["body.fixes[0].lat_e7"] == list(refused.value.fields)

    def test_every_event_has_its_own_salt_and_id(self, tmp_path: Path) -> None:
        """Equal acts have different digests: an erased one cannot be guessed."""
        _, device, _ = joined(tmp_path)
        start(device)
        device.record("step_done", CASE, VISIT, STEP)
        device.record("step_done", CASE, VISIT, STEP)

        assert 4 == device.store.value("SELECT count(DISTINCT digest) FROM event")

    @pytest.mark.parametrize("kind", ["chain_opened", "directive_done", "made_up"])
    def test_only_an_agents_kinds_can_be_recorded(self, tmp_path: Path, kind: str) -> None:
        """The device's own kinds, and unknown ones, are refused."""
        _, device, _ = joined(tmp_path)
        with pytest.raises(FieldError) as refused:
            device.record(kind, CASE, VISIT, {})

        assert "invalid" == refused.value.code

    def test_a_body_its_kind_does_not_take_is_refused_by_field(self, tmp_path: Path) -> None:
        """Path -> sentences, as everywhere."""
        _, device, _ = joined(tmp_path)
        start(device)
        with pytest.raises(FieldError) as refused:
            device.record("step_done", CASE, VISIT, {"step": "sing", "text_version": "1"})

        assert {"body.step", "body.response"} == set(refused.value.fields)

    def test_x3_a_larger_event_than_the_server_takes_is_refused(self, tmp_path: Path) -> None:
        """X3: `record` refuses it with the sizes; nothing is saved."""
        _, device, _ = joined(tmp_path)
        start(device)
        with device.store.transaction():
            device.store.put("quota", Quota(max_event_bytes=600).to_wire())
        with pytest.raises(FieldError) as refused:
            device.record("step_done", CASE, VISIT, {**STEP, "note": "x" * 600})

        assert "too-large" == refused.value.code
        assert 1 == device.status().unsent

    def test_without_enrolment_nothing_is_recorded(self, tmp_path: Path) -> None:
        """The refusal says what to do."""
        device = Device(tmp_path / "new.db", clock=a_clock())
        with pytest.raises(FieldError, match="agent-sync enrol"):
            start(device)


class TestDurable:
    """E2: once returned, it is on the disk."""

    def test_e2_event_place_and_head_are_one_transaction(self, tmp_path: Path) -> None:
        """E2: whatever interrupts the writing leaves all three or none."""
        _, device, _ = joined(tmp_path)
        before = device.store.rows("SELECT * FROM chain")
        device.store.db.execute("CREATE TRIGGER cut BEFORE UPDATE ON chain BEGIN SELECT RAISE(ABORT, 'cut'); END")
        with pytest.raises(Exception, match="cut"):
            start(device)

        assert before == device.store.rows("SELECT * FROM chain")
        assert (1, 1) == tuple(device.store.value(f"SELECT count(*) FROM {table}") for table in ("event", "link"))
        assert [] == device.status().open_visits

    def test_e2_two_programs_on_one_store_share_one_chain(self, tmp_path: Path) -> None:
        """E2: recording from several programs at once gives one chain without holes or forks."""
        server, device, _ = joined(tmp_path)
        start(device)
        problems: list[FieldError] = []

        def work(number: int) -> None:
            with catching(problems), Device(tmp_path / "device.db", clock=a_clock()) as other:
                for _ in range(10):
                    other.record("step_done", CASE, VISIT, {**STEP, "note": str(number)})

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [] == problems
        assert list(range(1, 43)) == [row["seq"] for row in device.store.rows("SELECT seq FROM link ORDER BY seq")]
        assert device.exchange().is_ok
        assert (1, 42) == (len(server.chains), len(server.contents))

    def test_only_one_program_exchanges_at_a_time(self, tmp_path: Path) -> None:
        """The second is told so at once; it still records."""
        server, device, _ = joined(tmp_path)
        with Device(tmp_path / "device.db", clock=a_clock(), transport=server) as other, device.store.exchange_lock():
            with pytest.raises(FieldError) as refused:
                other.exchange()
            start(other)

        assert "store-locked" == refused.value.code
        assert device.exchange().is_ok

    def test_a_full_disk_saves_nothing_and_says_so(self, tmp_path: Path) -> None:
        """Nothing is called saved that is not; once there is room, recording goes on in the same place."""
        server, device, _ = joined(tmp_path)
        pages = device.store.value("PRAGMA page_count")
        device.store.db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(FieldError, match="disk is full"):
            fill(device)
        saved = device.status().unsent
        device.store.db.execute("PRAGMA max_page_count = 1000000")
        start(device, CASE, an_id(5_000))

        assert saved + 1 == device.status().unsent
        assert device.exchange().is_ok
        assert saved + 2 == len(server.contents)

    def test_the_store_is_as_durable_as_it_says(self, tmp_path: Path) -> None:
        """WAL with synchronous=FULL, and deleted bytes overwritten."""
        store = Store(tmp_path / "device.db")

        assert ("wal", 2, 1) == tuple(
            store.value(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "secure_delete")
        )

    def test_store_and_key_are_their_owners_alone(self, tmp_path: Path) -> None:
        """0600 on both, and the private key is not in the database."""
        _, device, _ = joined(tmp_path)
        device.close()
        modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("device.db", "device.db.key")}

        assert {0o600} == modes
        assert b"PRIVATE" not in (tmp_path / "device.db").read_bytes()

    def test_a_store_of_a_newer_program_is_left_alone(self, tmp_path: Path) -> None:
        """An old program refuses a newer store with a sentence."""
        store = Store(tmp_path / "device.db")
        store.db.execute("PRAGMA user_version = 99")
        store.close()
        with pytest.raises(FieldError, match="newer version"):
            Store(tmp_path / "device.db")


class TestVisits:
    """What recording means to the device itself."""

    def test_a_visit_gets_an_id_if_none_is_given(self, tmp_path: Path) -> None:
        """The start makes the id that the rest of the visit uses."""
        _, device, _ = joined(tmp_path)
        recorded = device.record("visit_started", CASE, None, {"fixes": []})

        assert recorded.visit_id is not None
        assert [recorded.visit_id] == [visit["visit_id"] for visit in device.status().open_visits]

    def test_a_block_says_why_and_saves_nothing(self, tmp_path: Path) -> None:
        """Outside the allowed hours the start is refused, with the rule's name."""
        day = {"starts": "2026-05-30T08:00:00.000+08:00", "ends": "2026-05-30T20:00:00.000+08:00"}
        _, device, _ = joined(tmp_path, intervals=[day])
        with pytest.raises(FieldError) as refused:
            start(device)

        assert "outside-hours" == refused.value.extra["rule"]
        assert "2026-05-30 08:00" in refused.value.detail
        assert 0 == device.status().unsent

    def test_with_a_reason_the_visit_starts_and_warns(self, tmp_path: Path) -> None:
        """An override is recorded, not hidden."""
        _, device, _ = joined(tmp_path)
        recorded = start(device, an_id(4_000), an_id(4_001), override_reason="called by the person")

        assert ("This case is not on this device.",) == recorded.warnings

    def test_l3_what_was_said_against_a_start_is_kept_with_it(self, tmp_path: Path) -> None:
        """L3: the check-in holds the codes of what was warned of and gone on against; a plain one holds none."""
        early = {"starts": "2026-05-30T08:00:00.000+08:00", "ends": "2026-05-30T20:00:00.000+08:00"}
        _, device, _ = joined(tmp_path, (CASE,), intervals=[early], crew_min=2)
        _, plain, _ = joined(tmp_path / "plain")

        nevertheless = body_of(device, start(device, override_reason="asked"))

        assert ["outside-hours", "crew-too-small"] == nevertheless["warned"]
        assert "warned" not in body_of(plain, start(plain))

    def test_l3_a_warning_is_kept_without_a_reason(self, tmp_path: Path) -> None:
        """L3: close to the end of the allowed times the visit starts, and the server sees that it was told."""
        now = a_clock().read()
        ends = format_wall(now.wall_ms + 60_000, now.offset_min)
        span = {"starts": format_wall(now.wall_ms - 60_000, now.offset_min), "ends": ends}
        _, device, _ = joined(tmp_path, intervals=[span])

        assert ["closing-soon"] == body_of(device, start(device))["warned"]

    def test_l2_visits_made_here_count_until_the_server_knows_them(self, tmp_path: Path) -> None:
        """L2: one try of one is the last; an empty home is no contact; a known visit does not count."""
        once = {"unit": "attempt", "most": 1, "period_ms": DAY_MS}
        server, device, _ = joined(tmp_path, counts=[once])
        a_visit(device, 1)
        with pytest.raises(FieldError) as refused:
            start(device)
        assert "too-often" == refused.value.extra["rule"]

        for limits in ({"counts": [once | {"unit": "contact"}]}, {"counts": [once], "known_visits": [an_id(1001)]}):
            server.put("packet", CASE, packet_body(**limits))
            assert device.exchange().is_ok
            assert device.may_record("visit_started", CASE, None, {}).is_allowed

    def test_a_companion_joins_by_the_leads_signature(self, tmp_path: Path) -> None:
        """E11: the lead's QR travels in `crew_joined`."""
        _, device, _ = joined(tmp_path)
        start(device)
        qr = device.visit_qr(CASE, VISIT)
        recorded = device.record("crew_joined", CASE, an_id(4_002), {"fixes": [], "qr": qr})

        assert recorded.visit_id == an_id(4_002)

    def test_unknown_files_save_nothing(self, tmp_path: Path) -> None:
        """A file that cannot be read is named, and no event is recorded without it."""
        _, device, _ = joined(tmp_path)
        start(device)
        with pytest.raises(FieldError, match=r"missing\.jpg"):
            device.record("files_attached", CASE, VISIT, {}, [{"path": str(tmp_path / "missing.jpg"), "role": "photo"}])

        assert 1 == device.status().unsent
        assert [] == list(device.store.files.iterdir())

    def test_a_file_is_copied_and_named_by_its_hash(self, tmp_path: Path) -> None:
        """T1: the event names hash and size of the copy that the device keeps."""
        _, device, _ = joined(tmp_path)
        start(device)
        (tmp_path / "photo").write_bytes(b"a photo")
        named = [{"path": str(tmp_path / "photo"), "media_type": "image/jpeg", "role": "photo"}]
        recorded = device.record("files_attached", CASE, VISIT, {}, named)
        content = canonical.read(device.store.value("SELECT content FROM event WHERE id = ?", [recorded.event_id]))
        sha256 = canonical.digest(b"a photo")

        assert [{"sha256": sha256, "size": 7, "media_type": "image/jpeg", "role": "photo"}] == content["files"]
        assert b"a photo" == (device.store.files / sha256).read_bytes()


def body_of(device: Device, recorded: Recorded) -> dict[str, Any]:
    """Give the body of an event as it is kept."""
    content = device.store.value("SELECT content FROM event WHERE id = ?", [recorded.event_id])
    body: dict[str, Any] = canonical.read(content)["body"]
    return body


@contextmanager
def catching(problems: list[FieldError]) -> Iterator[None]:
    """Keep what a thread was refused, for the test to look at."""
    try:
        yield
    except FieldError as error:
        problems.append(error)


def fill(device: Device) -> None:
    """Record until something gives way."""
    for number in range(200):
        a_visit(device, number)


def test_every_kind_of_event_can_be_written(tmp_path: Path) -> None:
    """Each kind of the vocabulary has a body here that its schema takes."""
    bodies = {
        "visit_started": {"fixes": []},
        "crew_joined": {"fixes": []},
        "step_done": STEP,
        "identity_checked": {"identity": "confirmed", "method": "document_seen"},
        "sealed_part_opened": {"method": "document_seen"},
        "recording_changed": {"state": "started", "medium": "audio"},
        "appointment_agreed": {
            "appointment_id": an_id(5),
            "starts": "2026-05-30T08:00:00.000+08:00",
            "ends": "2026-05-30T09:00:00.000+08:00",
            "made_by": "person",
        },
        "outcome_noted": {"contact_result": "nobody", "disposition": "none"},
        "hold_placed": {"reason": "illness", "scope": "case"},
        "visit_ended": {"fixes": [], "reason": "completed"},
        "contact_proposed": {"changes": [{"field": "phone", "new": "+1 555 0101"}]},
        "question_answered": {"decision_id": an_id(6), "answer": "yes"},
        "finding_contested": {"finding_id": an_id(7), "reason": "no"},
        "event_corrected": {"event_id": an_id(8), "reason": "typo", "body": {}},
        "files_attached": {},
        "chain_opened": {"reason": "enrolled", "lost": []},
        "directive_done": {"directive_id": an_id(9), "result": "done"},
    }
    now = a_clock().read()
    for kind in EventKind:
        is_own = kind in {EventKind.CHAIN_OPENED, EventKind.DIRECTIVE_DONE}
        draft = Draft(kind, bodies[kind.value], None if is_own else CASE, None if is_own else VISIT)
        written = recording.write_event(draft, now, lambda size: bytes(size), None if is_own else 1)

        assert kind == canonical.read(written.content)["kind"]
