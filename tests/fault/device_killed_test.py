"""SIGKILL at every durable write of a real device program that talks to a real server process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from agent_sync import Device, FieldError, vault
from agent_sync.clock import Reading, SettableClock
from schemas import canonical
from tests.fault.device_office import LiveOffice, Seat, live_office
from tests.office import START_MS

MOST_WRITES = 65  # of each kind of store
PHOTO = bytes(range(256)) * 1200  # more than one upload chunk
STEP = {"step": "card_shown", "text_version": "1", "response": "given"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveOffice]:
    """A server with a seat for each death and a few more."""
    with live_office(tmp_path_factory.mktemp("office"), 2 * MOST_WRITES + 10) as opened:
        yield opened


@pytest.fixture(params=[None, "4711-0815"], ids=["plain", "encrypted"])
def pin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Give what the store opens with: nothing, or a PIN, whose deriving costs little here."""
    monkeypatch.setitem(vault.COST, "memory_kib", 64)
    asked: str | None = request.param
    return asked


@pytest.fixture(scope="module")
def seats(office: LiveOffice) -> Iterator[Seat]:
    """Give every seat once."""
    return iter(office.seats)


def live_a_day(folder: Path, url: str, seat: Seat, told: int, pin: str | None) -> None:
    """
    Do a day's work, going on from wherever the store stands; tell each saved event on the pipe *told*.

    Runs again after each death, as an agent would: what was told is saved is not recorded again.
    """
    clock = SettableClock(Reading(START_MS, -420, 5_000, "boot-1"))
    with Device(folder / "device.db", url, clock=clock, pin=pin) as device:
        if device.status().stage == "new":
            device.enrol(seat.code)
        if not device.status().packets:
            assert device.exchange().is_ok
        kinds = [row["kind"] for row in device.store.rows("SELECT kind FROM event ORDER BY n")]
        photo = [{"path": str(folder / "photo.jpg"), "media_type": "image/jpeg", "role": "photo"}]
        visit = device.store.value("SELECT visit_id FROM visit")
        for kind, body, files in (
            ("visit_started", {"fixes": []}, []),
            ("step_done", STEP, []),
            ("files_attached", {}, photo),
            ("outcome_noted", {"contact_result": "nobody", "disposition": "none"}, []),
            ("visit_ended", {"fixes": [], "reason": "completed"}, []),
        ):
            if kind in kinds:
                continue
            recorded = device.record(kind, seat.case_id, visit, body, files)
            visit = recorded.visit_id
            os.write(told, orjson.dumps(recorded.event_id) + b"\n")
        for _ in range(3):
            if device.exchange().is_ok and not device.status().files_waiting:
                break
        assert device.exchange().is_ok


def in_a_program_of_its_own(folder: Path, url: str, seat: Seat, kill_at: int, pin: str | None) -> tuple[int, list[str]]:
    """Fork a program that works until it is done or dies; give its signal (0 if it ended well) and what it told."""
    reading, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.environ["AGENT_SYNC_KILL_AT"] = str(kill_at)
        code = 1
        try:
            live_a_day(folder, url, seat, told, pin)
            code = 0
        except (FieldError, AssertionError) as error:
            os.write(2, repr(error).encode())
        finally:
            os._exit(code)
    os.close(told)
    with os.fdopen(reading, "rb") as pipe:
        saved = [orjson.loads(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status), saved
    assert os.WEXITSTATUS(status) == 0, f"the device failed after {saved}"
    return 0, saved


def test_killed_at_any_write_a_device_loses_nothing_and_repeats_nothing(
    office: LiveOffice, seats: Iterator[Seat], tmp_path: Path, pin: str | None
) -> None:
    """E2, E7: at every write boundary of a whole day: saved is saved, on the server once, one chain, files verified."""
    deaths = 0
    for kill_at in range(1, MOST_WRITES + 1):
        seat, folder = next(seats), tmp_path / str(kill_at)
        folder.mkdir()
        (folder / "photo.jpg").write_bytes(PHOTO)
        ended, saved = in_a_program_of_its_own(folder, office.url, seat, kill_at, pin)
        if ended == 0:
            break
        assert signal.SIGKILL == ended
        deaths += 1
        _, more = in_a_program_of_its_own(folder, office.url, seat, 0, pin)
        judge(office, seat, folder, [*saved, *more], pin)
    else:
        raise AssertionError(f"a day has more than {MOST_WRITES} write boundaries: raise MOST_WRITES")
    assert deaths > 40


def judge(office: LiveOffice, seat: Seat, folder: Path, saved: list[str], pin: str | None) -> None:
    """Hold the invariants for one device that died once and went on."""
    held = office.contents(seat.agent_id)
    assert set(saved) <= set(held)
    assert all(len(contents) == 1 for contents in held.values())
    kinds = [canonical.read(bytes(contents[0]))["kind"] for contents in held.values() if contents[0]]
    assert sorted(kinds) == sorted(
        ["chain_opened", "visit_started", "step_done", "files_attached", "outcome_noted", "visit_ended"]
    )
    places = office.places(seat.agent_id)
    assert [seq for _, seq in places] == [1, 2, 3, 4, 5, 6]
    assert 1 == len({chain for chain, _ in places})
    assert {"verified"} == office.file_states(seat.agent_id)
    clock = SettableClock(Reading(START_MS, -420, 9_000, "boot-1"))
    with Device(folder / "device.db", clock=clock, pin=pin) as device:
        assert (0, 0, 1) == (device.status().unsent, device.status().lost, device.status().packets)
        assert [] == [path.name for path in device.store.files.iterdir() if not path.name.endswith(".part")]


def test_two_programs_on_one_store_make_one_chain(
    office: LiveOffice, seats: Iterator[Seat], tmp_path: Path, pin: str | None
) -> None:
    """E2: two recorders and two exchangers as real programs: one chain, every event once, no fork."""
    seat = next(seats)
    clock = SettableClock(Reading(START_MS, -420, 5_000, "boot-1"))
    with Device(tmp_path / "device.db", office.url, clock=clock, pin=pin) as device:
        device.enrol(seat.code)
        device.exchange()
        visit = device.record("visit_started", seat.case_id, None, {"fixes": []}).visit_id
    children = []
    for work in (record_steps, record_steps, exchange_often, exchange_often):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work(tmp_path, seat, str(visit), pin)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert [0] * 4 == [os.waitpid(child, 0)[1] for child in children]
    with Device(tmp_path / "device.db", clock=clock, pin=pin) as device:
        assert device.exchange().is_ok

    assert 2 + 2 * 25 == len(office.contents(seat.agent_id))
    assert list(range(1, 53)) == [seq for _, seq in office.places(seat.agent_id)]


def record_steps(folder: Path, seat: Seat, visit_id: str, pin: str | None) -> None:
    """Record 25 steps."""
    clock = SettableClock(Reading(START_MS, -420, 6_000, "boot-1"))
    with Device(folder / "device.db", clock=clock, pin=pin) as device:
        for _ in range(25):
            device.record("step_done", seat.case_id, visit_id, STEP)


def exchange_often(folder: Path, seat: Seat, visit_id: str, pin: str | None) -> None:
    """Exchange ten times; another program exchanging at that moment is a plain answer."""
    clock = SettableClock(Reading(START_MS, -420, 7_000, "boot-1"))
    with Device(folder / "device.db", clock=clock, pin=pin) as device:
        for _ in range(10):
            try:
                report = device.exchange()
            except FieldError as error:
                if error.code != "store-locked":
                    raise
            else:
                assert report.error is None
