"""Agents with cards, and persons with letters, for the tests of the public pages."""

from __future__ import annotations

import struct
import zlib
from typing import Any
from urllib.parse import quote

from schemas import card
from server.services.answer_tokens import issue_token
from server.services.cards import put_photo
from server.storage import facts_tables, tables
from tests.office import START_MS, Office, Phone

DAY_MS = 24 * 3_600_000
HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def png(width: int = 96, height: int = 120) -> bytes:
    """Give a small grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes([150]) * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def authorise(office: Office, agent_id: str, until: str | None = "2016-04-30", since: str = "2016-04-01") -> None:
    """Put a lender's letter on an agent's file."""
    office.insert(
        facts_tables.agent_paper, agent_id=agent_id, kind="letter", name="", principal="lender", valid_from=since,
        valid_until=until, imported_ms=office.clock(),
    )


def carrier(office: Office, code: str = "a1") -> Phone:
    """Give the phone of an authorised agent with a photo, heard a moment ago."""
    phone = Phone.enrolled(office, code)
    authorise(office, phone.agent_id)
    path = office.site.settings.folder_path / f"{code}.png"
    path.write_bytes(png())
    put_photo(office.site, code, path)
    phone.exchange()
    return phone


def show_code(phone: Phone, case_id: str | None = None, *, ago_ms: int = 0, **at: Any) -> str:
    """Give the code on a phone's screen, as made so long ago."""
    mono_ms = phone.office.clock() - START_MS - ago_ms
    reading = {"wall": "2016-04-07T10:00:00.000-07:00", "mono_ms": mono_ms, "boot": "boot-1"} | at
    return card.write_card(phone.key, phone.device_id, phone.agent_id, reading, case_id)


def load(office: Office, path: str, address: str = HOME, language: str = "en", **given: Any) -> Any:
    """Load a page as somebody at *address* does."""
    environ = {"REMOTE_ADDR": address}
    return office.client.get(path, environ_base=environ, headers={"Accept-Language": language} | given)


def send(office: Office, path: str, address: str = HOME, **form: Any) -> Any:
    """Send a form as somebody at *address* does."""
    return office.client.post(path, data=form, environ_base={"REMOTE_ADDR": address})


def scan(office: Office, code: str, address: str = HOME) -> Any:
    """Scan a code with a phone at *address*."""
    return load(office, f"/verify?c={quote(code)}", address)


def letter(office: Office, case_id: str, days: int = 30) -> str:
    """Give the token on a letter about a case."""
    [person_id] = [row.person_id for row in office.rows(tables.case.select()) if row.id == case_id]
    until_ms = office.clock() + days * DAY_MS
    return office.site.store.write(lambda c: issue_token(c, office.site, case_id, person_id, until_ms))
