"""The devices on stage are real programs: they die, come back, and are set back to copies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from schemas.errors import FieldError
from server.demo.devices import DeviceDiedError, StagedDevice
from server.demo.phones import make_phone

AT_MS = 1_476_201_600_000
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[StagedDevice]:
    """A device that never reaches a server."""
    device = StagedDevice("A1", tmp_path, make_phone("A1", -420, AT_MS, Random(1)), NOWHERE)
    yield device
    device.stop()


def test_a_device_answers_at_the_time_it_is_told(staged: StagedDevice) -> None:
    """The device takes the moment of the stage for its own: before any contact it thinks that nothing is off."""
    status = staged.tell(AT_MS, "status")["status"]

    assert ("new", 0, 0) == (status["stage"], status["unsent"], status["clock_off_ms"])


def test_an_error_arrives_as_the_error_it_was(staged: StagedDevice) -> None:
    """What the device refuses is raised here with its code."""
    with pytest.raises(FieldError) as caught:
        staged.tell(AT_MS, "exchange")

    assert "not-enrolled" == caught.value.code


def test_a_crashed_device_comes_back_on_its_store(staged: StagedDevice) -> None:
    """After a crash the next word starts the program again, with the same store."""
    staged.tell(AT_MS, "status")
    staged.crash(AT_MS)

    assert 1 == staged.crashes
    assert "new" == staged.tell(AT_MS, "status")["status"]["stage"]


def test_a_device_dies_at_the_write_it_is_told(staged: StagedDevice) -> None:
    """A program started to die at its first write dies over it, without an answer."""
    staged.start(kill_at=1)

    with pytest.raises(DeviceDiedError):
        staged.tell(AT_MS, "enrol", code="AAAA-AAAA")


def test_a_store_is_set_back_to_its_copy(staged: StagedDevice) -> None:
    """What was written after the copy is gone once the copy is put back."""
    staged.tell(AT_MS, "status")
    staged.copy_store()
    key = staged.store.with_name(staged.store.name + ".key")
    with pytest.raises(FieldError):
        staged.tell(AT_MS, "enrol", code="AAAA-AAAA")
    was_made = key.exists()
    staged.restore_store()

    assert was_made
    assert not key.exists()
    assert "new" == staged.tell(AT_MS, "status")["status"]["stage"]
