"""The system's clocks as the device reads them."""

from __future__ import annotations

import time
from pathlib import Path

from agent_sync.clock import Reading, SettableClock, format_wall, request_clock
from agent_sync.device import SystemClock


class TestSystemClock:
    """What an event's `at` is made of."""

    def test_the_counter_runs_through_sleep_and_belongs_to_a_boot(self, tmp_path: Path) -> None:
        """Section 4: CLOCK_BOOTTIME in ms, and the system's boot id."""
        (tmp_path / "boot_id").write_text("d4497bf8-2eab-482e-9533-c2138039c651\n")
        before = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000
        reading = SystemClock(tmp_path / "boot_id").read()
        after = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000

        assert "d4497bf8-2eab-482e-9533-c2138039c651" == reading.boot
        assert before - 1 <= reading.mono_ms <= after
        assert "boottime" == reading.mono

    def test_without_a_boot_id_each_start_is_its_own_boot(self, tmp_path: Path) -> None:
        """Section 4: a random id that lasts as long as the program."""
        one, two = (SystemClock(tmp_path / "missing") for _ in range(2))

        assert one.read().boot == one.read().boot != two.read().boot

    def test_the_wall_is_local_time_with_its_offset(self, tmp_path: Path) -> None:
        """Section 4: now, with the offset of here."""
        reading = SystemClock(tmp_path / "missing").read()

        assert abs(reading.wall_ms - time.time() * 1000) < 60_000
        assert time.localtime().tm_gmtoff == reading.offset_min * 60


class TestWall:
    """The wall text."""

    def test_utc_is_written_with_its_offset_never_z(self) -> None:
        """Section 4: +00:00."""
        assert "2023-11-14T22:13:20.000+00:00" == format_wall(1_700_000_000_000, 0)

    def test_a_clock_beyond_the_calendar_is_held_at_its_edge(self) -> None:
        """A battery that lost its date must not stop the recording."""
        assert "0001-01-02" == format_wall(-(10**15), 0)[:10]
        assert "9999-12-30" == format_wall(10**15, 0)[:10]

    def test_a_request_without_a_last_contact_has_none(self) -> None:
        """Optional members are absent, never null."""
        told = request_clock(SettableClock(Reading(0, 0, 5, "b", "awake")).read(), None)

        assert {"wall": "1970-01-01T00:00:00.000+00:00", "mono_ms": 5, "boot": "b", "mono": "awake"} == told
