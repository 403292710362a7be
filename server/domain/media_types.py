"""
What a file is: its kind as its event names it, which limits go by, and its media type as its own first bytes show it.

Nobody's word is taken for what a browser may show: what is not plainly one of a few passive types is octets.
"""

from __future__ import annotations

from enum import StrEnum

OCTETS = "application/octet-stream"
HEAD_BYTES = 4096  # of a file, that `sniff` looks at
TAIL_BYTES = 66_000  # at its end, where an archive has its directory
MP4_BRANDS = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4A ", b"3gp4"}
# What may not stand in the head of a picture or a recording: something else reads the same file as its own.
MARKUP = (b"<html", b"<script", b"<svg", b"<!doctype", b"<?xml", b"<?php", b"<body", b"<iframe")
ARCHIVE_ENDS = (b"PK\x05\x06", b"PK\x06\x06")


class FileKind(StrEnum):
    """What a file is for, as far as its size is concerned."""

    PHOTO = "photo"
    SIGNATURE = "signature"
    AUDIO = "audio"
    VIDEO = "video"
    CONTENT = "content"  # of a withheld event
    OTHER = "other"


def kind_of(media_type: str, role: str) -> FileKind:
    """
    Give the kind of a file from what its event says.

    >>> kind_of("image/png", "signature").value, kind_of("video/mp4", "door").value, kind_of("text/plain", "x").value
    ('signature', 'video', 'other')
    """
    if role == FileKind.SIGNATURE:
        return FileKind.SIGNATURE
    families = {"image": FileKind.PHOTO, "audio": FileKind.AUDIO, "video": FileKind.VIDEO}
    return families.get(media_type.partition("/")[0].lower(), FileKind.OTHER)


def sniff(head: bytes, tail: bytes = b"", kind: str = "") -> str:
    r"""
    Give the media type that a file's first bytes show; octets where they show none, or where it is two things at once.

    *head* is up to `HEAD_BYTES` from its start, *tail* up to `TAIL_BYTES` to its end. Containers of sound and pictures
    are called by *kind*.

    >>> sniff(b"\x89PNG\r\n\x1a\n..."), sniff(b"<svg xmlns=..."), sniff(b"%PDF-1.7 <script>")
    ('image/png', 'application/octet-stream', 'application/octet-stream')
    """
    found = _by_magic(head, "audio" if kind == FileKind.AUDIO else "video")
    lower = head.lower()
    is_markup = any(mark in lower for mark in MARKUP)
    is_second = found != "application/pdf" and b"%PDF-" in head
    is_archive = any(mark in tail for mark in ARCHIVE_ENDS)
    return OCTETS if is_markup or is_second or is_archive else found


def _by_magic(head: bytes, family: str) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64]:
        return f"{family}/webm"
    if head.startswith(b"OggS"):
        is_sound = b"OpusHead" in head[:128] or b"\x01vorbis" in head[:128]
        return "audio/ogg" if is_sound else "video/ogg"
    if head[4:8] == b"ftyp" and head[8:12] in MP4_BRANDS:
        return "audio/mp4" if head[8:12] == b"M4A " else f"{family}/mp4"
    return OCTETS
