"""
Cards: whether whoever stands at a door is who the card says, sent by whom, and until when.

Asked by the public pages: by the code on the agent's phone, which is good for two minutes and opens once, or by the
number printed on the card, which only says what is known of that agent. Whatever is not valid looks alike.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from schemas import card, signing
from schemas.errors import FieldError
from server.domain.cards import GOOD_MS, Standing, date_code
from server.domain.clocks import Reading, parse_wall
from server.domain.conduct.periods import local_day
from server.domain.tokens import make_token, read_token
from server.services.gathering import sample_of
from server.services.site import Site
from server.storage import card_rows, facts_rows, people_rows, voice_rows
from server.storage.types import AnyRow, is_id

DAY_MS = 24 * 3_600_000
MOST_PHOTO = 12_288
MOST_SIDE = 480
NOBODY = "00000000-0000-0000-0000-000000000000"
NUMBER_LENGTH = 8
_NO_KEY = signing.new_private_key().public_key()  # so that an unknown device costs as much as a known one


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a card, as anybody may know: the days are those of the authorisation, in the office's zone."""

    agent_id: str
    name: str
    agency: str
    valid_from: str
    valid_until: str
    photo: bytes | None
    media_type: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a card; a holder only where it is good, or unsure with a good signature."""

    standing: Standing
    holder: Holder | None = None
    age_ms: int | None = None
    opened_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """A code that was good when it was made: whose it is, and which case it was shown for."""

    agent_id: str
    case_id: str | None
    digest: str


def check_code(site: Site, code: str, address: str) -> Checked:
    """Say what is known of the code on a phone, opened from *address*; the first address to open it is the only one."""
    with site.store.read() as connection:
        checked = _check(connection, site, code)
    if checked.standing is not Standing.GOOD:
        return checked  # only a good code is worth a write: what anybody may send never waits for the exchange
    opening = {"code": _digest(code), "address": _hide(site, address), "opened_ms": site.now()}

    def job(connection: Connection) -> AnyRow:
        card_rows.forget_openings(connection, site.now() - DAY_MS)
        return card_rows.open_code(connection, opening)

    first = site.store.write(job)
    if first.address != opening["address"]:
        return Checked(Standing.OPENED, opened_ms=first.opened_ms)
    return checked


def _check(connection: Connection, site: Site, code: str) -> Checked:
    row, read = _verify(connection, code)
    boot, device_id = (read.boot, read.device_id) if read else ("", NOBODY)
    holder = _holder(connection, site, row)
    sample = card_rows.read_sample(connection, device_id, boot)
    if row is None or read is None or holder is None or row.state != "active" or read.agent_id != row.agent_id:
        return Checked(Standing.NOT_VALID)
    now_ms = site.now()
    reading = Reading(parse_wall(read.wall), read.mono_ms, read.boot)
    made_ms = date_code(reading, None if sample is None else sample_of(sample), now_ms, site.thresholds)
    if made_ms is None or now_ms - row.seen_ms > site.settings.silence_days * DAY_MS:
        return Checked(Standing.UNSURE, holder)
    if now_ms - made_ms > GOOD_MS:
        return Checked(Standing.LATE, age_ms=now_ms - made_ms)
    return Checked(Standing.GOOD, holder, now_ms - made_ms)


def _verify(connection: Connection, code: str) -> tuple[AnyRow | None, card.Card | None]:
    """Give whose device signed a code, and what it says; None for a code that is none."""
    try:
        device_id = card.device_of(code)
    except FieldError:
        device_id = NOBODY
    row = card_rows.read_holder(connection, device_id if is_id(device_id) else NOBODY)
    try:
        return row, card.read_card(code, _NO_KEY if row is None else signing.load_public(row.jwk))
    except FieldError:
        return row, None


def _holder(connection: Connection, site: Site, row: AnyRow | None) -> Holder | None:
    """Give who holds a card, None unless agent, agency and an authorisation stand today."""
    papers = facts_rows.read_agent_papers(connection, [NOBODY if row is None else row.agent_id])
    today = local_day(site.now(), site.settings.zone)
    days = _authorised(papers, today.isoformat())
    if row is None or days is None or row.status != "active" or row.agency_status != "active":
        return None
    photo = None if row.photo is None else bytes(row.photo)
    return Holder(row.agent_id, row.name, row.agency_name, *days, photo, row.media_type)


def _authorised(papers: Iterable[AnyRow], today: str) -> tuple[str, str] | None:
    """Give from when until when letters of authorisation that stand today reach; None if none does."""
    letters = [row for row in papers if row.kind == "letter" and row.valid_from <= today <= (row.valid_until or today)]
    if not letters:
        return None
    ends = [row.valid_until for row in letters]
    return min(row.valid_from for row in letters), "" if None in ends else max(ends)


def check_number(site: Site, number: str) -> Checked:
    """Say what is known of the agent whose card has this number; it does not say who stands at a door."""
    with site.store.read() as connection:
        holder = _holder(connection, site, card_rows.find_number(connection, read_token(number[:40])))
    return Checked(Standing.NOT_VALID) if holder is None else Checked(Standing.GOOD, holder)


def read_scanned(connection: Connection, code: str) -> Scanned | None:
    """
    Give what a code names, however old, if a device of ours signed it and was not withdrawn.

    The case only where the agent has it or had it: a device's key names no other.
    """
    row, read = _verify(connection, code)
    if row is None or read is None or read.agent_id != row.agent_id or row.state == "gone":
        return None
    crew = () if read.case_id is None else voice_rows.read_assigned_agents(connection, read.case_id, only_now=False)
    is_theirs = any(each.id == read.agent_id for each in crew)
    return Scanned(read.agent_id, read.case_id if is_theirs else None, _digest(code))


def _digest(code: str) -> str:
    """Hash what was signed: another signature over the same is the same code."""
    return hashlib.sha256(code.rpartition(".")[0].encode("utf-8", "surrogatepass")).hexdigest()


def _hide(site: Site, address: str) -> str:
    return hmac.digest(site.nonce_secret, b"address." + address.encode(), "sha256").hex()


# -- made by the office


def put_photo(site: Site, agent_code: str, path: Path) -> str:
    """
    Put a photo on an agent's card, which is made if there is none; give the card's number.

    Raises `invalid` for what is no small JPEG or PNG, `not-found` for an unknown agent.
    """
    photo = path.read_bytes()
    media_type, sides = _look(photo)
    wrong = []
    if media_type is None:
        wrong.append("is neither a JPEG nor a PNG")
    if len(photo) > MOST_PHOTO:
        wrong.append(f"has {len(photo)} bytes; {MOST_PHOTO} are the most, so that it loads on a slow network")
    if sides is not None and max(sides) > MOST_SIDE:
        wrong.append(f"is {sides[0]} by {sides[1]} points; {MOST_SIDE} are enough for a face")
    if wrong:
        raise FieldError("invalid", {str(path): wrong})

    def job(connection: Connection) -> str:
        agent_id = people_rows.find_agent(connection, agent_code).id
        number = make_token(site.random_bytes(18))[:NUMBER_LENGTH]
        row = {"agent_id": agent_id, "number": number, "photo": photo, "media_type": media_type, "made_ms": site.now()}
        card_rows.put_card(connection, row)
        kept = card_rows.read_card(connection, agent_id)
        assert kept is not None
        return str(kept.number)

    return site.store.write(job)


def _look(photo: bytes) -> tuple[str | None, tuple[int, int] | None]:
    """Give what kind of picture this is and its sides, as far as its first bytes say so."""
    if photo.startswith(b"\x89PNG\r\n\x1a\n") and photo[12:16] == b"IHDR":
        return "image/png", (int.from_bytes(photo[16:20], "big"), int.from_bytes(photo[20:24], "big"))
    if photo.startswith(b"\xff\xd8\xff") and photo.rstrip(b"\0").endswith(b"\xff\xd9"):
        return "image/jpeg", _jpeg_sides(photo)
    return None, None


def _jpeg_sides(photo: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(photo) and photo[at] == 0xFF:
        marker, length = photo[at + 1], int.from_bytes(photo[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            return int.from_bytes(photo[at + 7 : at + 9], "big"), int.from_bytes(photo[at + 5 : at + 7], "big")
        at += 2 + length
    return None
