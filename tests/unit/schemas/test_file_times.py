"""What recordings say of themselves, read from their headers alone."""

from __future__ import annotations

import io
import struct

import pytest

from schemas.file_times import FileTimes, read_times
from tests.recordings import a_wav, an_mp4, box

BEGAN_S = 1_780_000_000


def read(content: bytes) -> FileTimes:
    """Read the times of these bytes."""
    return read_times(io.BytesIO(content))


@pytest.mark.parametrize("is_long", [False, True])
@pytest.mark.parametrize("is_first", [False, True])
def test_an_mp4_says_when_it_was_made_and_how_long_it_is(is_long: bool, is_first: bool) -> None:
    """In both forms of its header, wherever that stands: times count from 1904."""
    content = an_mp4(BEGAN_S, 90_500, is_long=is_long, is_first=is_first)

    assert (BEGAN_S * 1000, 90_500) == read(content)


def test_what_an_mp4_does_not_know_is_not_said() -> None:
    """A clock that was never set, a film that was still being written, a scale of none."""
    unscaled = box(b"moov", box(b"mvhd", struct.pack(">B3xIIII", 0, 0, 0, 0, 5) + bytes(80)))

    endless = struct.pack(">B3xQQIQ", 1, (1 << 64) - 1, 0, 1, (1 << 64) - 1)

    assert (None, 1000) == read(an_mp4(None, 1000))
    assert (BEGAN_S * 1000, None) == read(an_mp4(BEGAN_S, 0))
    assert (None, 5000) == read(box(b"ftyp", b"isom") + unscaled)
    assert (None, None) == read(box(b"ftyp", b"isom") + box(b"moov", box(b"mvhd", endless + bytes(80))))
    assert (None, None) == read(an_mp4(5_000_000_000, 32 * 86_400_000, is_long=True))


def test_a_wav_says_how_long_it_is() -> None:
    """By its rate and its bytes of sound, also where it was cut off while it was written."""
    assert (None, 2500) == read(a_wav(2500))
    assert (None, 1000) == read(a_wav(2500)[: -16 * 1500])


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"RIFF1234WAVE", b"RIFF1234WAVEfmt ", b"\0\0\0\x18ftyp", b"\xff\xfb" + bytes(40), bytes(4096)],
)
def test_what_is_none_or_cut_says_nothing(content: bytes) -> None:
    """No word is better than a guess."""
    assert (None, None) == read(content)


def test_boxes_that_lead_nowhere_end() -> None:
    """Ones of no length, of less than their own head, of more than the file, thousands of them."""
    head = box(b"ftyp", b"isom")
    tricks = [struct.pack(">I4s", size, b"moov") for size in (0, 4, 8, 1 << 31)]
    tricks += [struct.pack(">I4sQ", 1, b"moov", size) for size in (0, 15, 1 << 63)]
    tricks.append(box(b"free", b"") * 5000 + an_mp4(BEGAN_S, 1000))

    assert [(None, None)] * len(tricks) == [read(head + each) for each in tricks]
