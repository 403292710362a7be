"""
Files going up: plain tus 1.0, one upload for each file the server wants, resumed where it was cut (T1, T2).

Comes in: `files_wanted` of an answer. Goes out: bytes, under the token that permits just this upload. The content of a
withheld event travels the same way (X3). A copy stays until the feed says `verified`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from agent_sync import store_outbox
from agent_sync.channel import FILES
from agent_sync.talk import Talk
from agent_sync.transport import WireAnswer
from schemas.errors import FieldError

CHUNK = 256 * 1024
TUS = {"Tus-Resumable": "1.0.0"}
OCTETS = {"Content-Type": "application/offset+octet-stream"}
MOST_CONFLICTS = 3


class Source:
    """The bytes of a wanted file: a copy in the store, or the content of an event."""

    def __init__(self, talk: Talk, sha256: str) -> None:
        self.path, self.box = talk.store.files / sha256, talk.store.box
        content = talk.store.value("SELECT content FROM event WHERE digest = ? AND content IS NOT NULL", [sha256])
        self.content: bytes | None = content
        if content is not None:
            self.size = len(content)
        else:
            self.size = self.box.size(self.path)

    def read(self, start: int) -> bytes:
        """Give the next chunk from *start* on."""
        if self.content is not None:
            return self.content[start : start + CHUNK]
        return self.box.read(self.path, start, CHUNK)


def upload_files(talk: Talk) -> None:
    """
    Upload what the server wants, after the events that name it, one at a time in its order: the newest visit first.

    One that fails does not keep back the next. On a metered network files wait; contents of events do not.
    """
    if talk.has_more or store_outbox.count_waiting(talk.store) or talk.store.get("stage") == "wiping":
        return  # events go first (T1)
    wanted, talk.files_wanted = talk.files_wanted, []
    for each in wanted:
        if talk.is_metered and Source(talk, str(each.get("sha256"))).content is None:
            talk.files_wanted.append(each)
            continue
        try:
            upload(talk, str(each["sha256"]), int(each["size"]), str(each["token"]))
        except (KeyError, ValueError):
            continue
        except FieldError as error:
            if error.code in {"no-network", "certificate-refused"}:
                raise
            talk.files_wanted.append(each)
            talk.fail_part("files", error)
    if talk.is_metered and talk.files_wanted:
        talk.report.note("Photos and recordings wait for a network that is not metered. They stay saved here.")


def upload(talk: Talk, sha256: str, size: int, token: str) -> None:
    """Send one file, whole or the rest of it."""
    source, sent_before = Source(talk, sha256), talk.report.counts["file_bytes"]
    if source.size != size:
        talk.did("files_missing", is_progress=False)
        talk.report.note("The server wants a file that is no longer on this device.")
        return
    permit = {"Authorization": f"Upload {token}", **TUS}
    location = talk.store.value("SELECT location FROM upload WHERE sha256 = ?", [sha256])
    offset = None if location is None else ask_offset(talk, str(location), permit)
    if location is None or offset is None:
        location, offset = create(talk, source, sha256, permit)
    conflicts = 0
    while offset < size:
        chunk = source.read(offset)
        headers = {**permit, **OCTETS, "Upload-Offset": str(offset)}
        try:
            offset = offset_of(talk.channel.send("PATCH", location, headers, chunk), offset + len(chunk))
            talk.did("file_bytes", len(chunk), is_progress=False)
        except FieldError as error:
            conflicts += 1
            if error.code != "offset-conflict" or conflicts > MOST_CONFLICTS:
                forget(talk, sha256, error)
                raise
            offset = ask_offset(talk, location, permit)
            if offset is None:
                forget(talk, sha256, FieldError("not-found"))
                raise
    if talk.report.counts["file_bytes"] > sent_before:  # else the server is still looking at what it has
        talk.did("files_sent")
        talk.has_sent_files = True


def create(talk: Talk, source: Source, sha256: str, permit: Mapping[str, str]) -> tuple[str, int]:
    """Create the upload with its first chunk; remember where the rest goes. Gives (location, offset)."""
    named = base64.b64encode(sha256.encode()).decode()
    headers = {**permit, **OCTETS, "Upload-Length": str(source.size), "Upload-Metadata": f"sha256 {named}"}
    first = source.read(0)
    answer = talk.channel.send("POST", FILES, headers, first)
    parts = urlsplit(answer.headers.get("location", ""))
    if not parts.path.startswith(FILES):
        raise FieldError("internal", detail="The server did not say where the file goes.")
    location = parts.path + (f"?{parts.query}" if parts.query else "")
    with talk.store.transaction():
        talk.store.db.execute(
            "INSERT INTO upload (sha256, location) VALUES (?, ?)"
            " ON CONFLICT (sha256) DO UPDATE SET location = excluded.location",
            [sha256, location],
        )
    talk.did("file_bytes", len(first), is_progress=False)
    if "upload-offset" in answer.headers:
        return location, offset_of(answer, len(first))
    # A server without creation-with-upload took nothing yet.
    return location, ask_offset(talk, location, permit) or 0


def ask_offset(talk: Talk, location: str, permit: Mapping[str, str]) -> int | None:
    """Ask how much of an upload the server has; None if it knows the upload no more."""
    try:
        return offset_of(talk.channel.send("HEAD", location, permit, b""), 0)
    except FieldError as error:
        if error.code in {"no-network", "certificate-refused"}:
            raise
        return None


def offset_of(answer: WireAnswer, otherwise: int) -> int:
    """Read the answer's `Upload-Offset`."""
    text: Any = answer.headers.get("upload-offset", "")
    return int(text) if text.isascii() and text.isdigit() else otherwise


def forget(talk: Talk, sha256: str, error: FieldError) -> None:
    """Forget an upload the server has dropped: the next exchange begins it anew. A broken network drops nothing."""
    if error.code not in {"no-network", "certificate-refused"}:
        with talk.store.transaction():
            talk.store.db.execute("DELETE FROM upload WHERE sha256 = ?", [sha256])
