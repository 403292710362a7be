"""Recordings for tests: MP4 and WAV that say of themselves when they began and how long they are."""

from __future__ import annotations

import io
import struct
import wave

SINCE_1904_S = 2_082_844_800


def an_mp4(began_s: int | None, length_ms: int, *, is_long: bool = False, is_first: bool = False) -> bytes:
    """Make an MP4 with a movie header, in its short or long form, after its bytes of film or before them."""
    made = 0 if began_s is None else began_s + SINCE_1904_S
    times = struct.pack(">B3xQQIQ" if is_long else ">B3xIIII", int(is_long), made, made, 600, length_ms * 600 // 1000)
    moov = box(b"moov", box(b"udta", b"\0" * 8) + box(b"mvhd", times + bytes(80)))
    # A film of more than 4 GiB has its size in 64 bits: so do these few bytes.
    film = struct.pack(">I4sQ", 1, b"mdat", 16 + 4096) + bytes(4096)
    head = box(b"ftyp", b"isom\0\0\2\0isommp42")
    return head + (moov + film if is_first else film + moov)


def box(kind: bytes, body: bytes) -> bytes:
    """Make a box of an MP4."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def a_wav(length_ms: int, note: bytes = b"odd") -> bytes:
    """Make a WAV of silence, with a chunk of odd length before its sound."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16 * length_ms))
    whole = out.getvalue()
    at = whole.index(b"data")
    return whole[:at] + b"note" + struct.pack("<I", len(note)) + note + bytes(len(note) % 2) + whole[at:]
