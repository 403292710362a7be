"""
Erasing: delete an event's content and salt for good; its id, seq, digest and hash stay, so the chain still holds.

Called by `fairvisit erase`, and by `finish_erasures` before a server serves (E12). The log outside the backup is
written first: an erasure cut short by a crash, or undone by a restore, is done again from it. Kept are what the office
itself holds: appointments and holds that an event gave rise to. What was made of its words goes: contact proposals
and what they changed, an answer in a decision, an objection to a finding; the visit is folded again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.vocabulary import DEVICE_KINDS, ItemType, ParkReason, ReceiptStatus
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.erasure_log import Erasure, append_erasures, read_erasures
from server.services.following import merge_person
from server.services.site import Site
from server.storage import chain_rows, intake_rows, packed_rows, people_rows, proof_rows, retention_rows, search_rows
from server.storage.feed import Change, publish
from server.storage.keeping import scrub
from server.storage.types import AnyRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Erased:
    """What `erase_events` did: newly erased, erased before, and corrections that repeat what was erased."""

    done: list[Erasure] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    corrections: list[str] = field(default_factory=list)
    is_scrubbed: bool = True


def erase_events(
    site: Site,
    event_ids: Sequence[str],
    by: str,
    reason: str,
    *,
    agent_code: str | None = None,
    digest: str | None = None,
) -> Erased:
    """
    Erase the content of these events, and of the files that only they name; return once nothing of it is left.

    An id is unique within its agent only, so *agent_code* is asked for where two agents used it. With *agent_code*
    and *digest* an event that is not here (yet) can be erased ahead: its content will never be stored.
    Raises `not-found` for an unknown event, `conflict` for one that the proof itself needs or a legal hold keeps,
    `invalid` without name or reason.
    """
    if not by.strip() or not reason.strip():
        raise FieldError("invalid", {"by, reason": ["say who erases, and why: both are kept with the erasure"]})
    with site.store.read() as connection:
        agent_id = people_rows.find_agent(connection, agent_code).id if agent_code is not None else None
        erased = Erased()
        for event_id in dict.fromkeys(event_ids):
            owner, rows = _find(connection, event_id, agent_id, digest)
            _check_held(connection, rows)
            if rows and all(row.erased is not None for row in rows):
                erased.before.append(event_id)
                continue
            digests = tuple(sorted({row.digest for row in rows} | ({digest} if digest else set())))
            files = _own_files(connection, owner, rows)
            erased.done.append(Erasure(site.new_id(), owner, event_id, digests, files, by, reason, site.now()))
        erased.corrections.extend(_find_corrections(connection, erased.done))
    if not erased.done:
        return Erased(before=erased.before, is_scrubbed=scrub(site.store))
    append_erasures(site.settings.folder_path, erased.done)
    is_scrubbed = _carry_out(site, erased.done)
    for erasure in erased.done:
        log.info("event_erased", event_id=erasure.event_id, by=by)
    return Erased(erased.done, erased.before, erased.corrections, is_scrubbed)


def _find(
    connection: Connection, event_id: str, agent_id: str | None, digest: str | None
) -> tuple[str, Sequence[AnyRow]]:
    """Give whose event this is, and every content kept under its id."""
    rows = proof_rows.find_events(connection, [event_id], agent_id)
    agents = {row.agent_id for row in rows} or ({agent_id} if agent_id and digest else set())
    if not agents:
        detail = f"There is no event {event_id}. To erase one that has not come (again) yet, give --agent and --digest."
        raise FieldError("not-found", detail=detail)
    if len(agents) > 1:
        raise FieldError("conflict", detail=f"Two agents used the id {event_id}; say whose event with --agent.")
    if any(row.kind in DEVICE_KINDS and row.status == ReceiptStatus.ACCEPTED for row in rows):
        detail = f"Event {event_id} is a {rows[0].kind}: it holds nothing of a person, and the proof needs it."
        raise FieldError("conflict", detail=detail)
    return agents.pop(), rows


def _check_held(connection: Connection, rows: Sequence[AnyRow]) -> None:
    """Raise `conflict` where a legal hold lies on the case of an event, or on its person."""
    held = retention_rows.read_held(connection, {row.case_id for row in rows if row.case_id is not None})
    if held:
        detail = f"A legal hold lies on {', '.join(held)}: nothing of it is erased until another person lifts it."
        raise FieldError("conflict", detail=detail)


def _own_files(connection: Connection, agent_id: str, rows: Sequence[AnyRow]) -> tuple[str, ...]:
    """Give the files that these contents name and no other content does: they go with them."""
    named = {sha256 for row in rows if row.content is not None for sha256 in _files_in(row.content)}
    erasing = {(row.id, row.digest) for row in rows}
    for sha256 in sorted(named):
        agents = sorted({agent_id, *proof_rows.read_namers(connection, sha256)})
        for row in proof_rows.stream_contents(connection, agents):
            if (row.id, row.digest) not in erasing and sha256.encode() in row.content:
                named.discard(sha256)
                break
    return tuple(sorted(named))


def _files_in(content: bytes) -> list[str]:
    """Give the hashes of the files a content names; none where it cannot be read."""
    try:
        files = orjson.loads(content)["files"]
        return [str(each["sha256"]) for each in files if len(str(each["sha256"])) == 64]
    except (ValueError, KeyError, TypeError):
        return []


def _find_corrections(connection: Connection, done: Sequence[Erasure]) -> list[str]:
    """Give the corrections that still repeat what these events said."""
    ids = {erasure.event_id for erasure in done}
    found = proof_rows.find_corrections(connection, sorted({erasure.agent_id for erasure in done}))
    return [row.id for row in found if row.id not in ids and _corrected_in(row.content) in ids]


def _corrected_in(content: bytes) -> str | None:
    try:
        return str(orjson.loads(content)["body"]["event_id"])
    except (ValueError, KeyError, TypeError):
        return None


def finish_erasures(site: Site) -> int:
    """
    Do every erasure of the log that this database does not know; give how many. Runs before a server serves (E12).

    A database restored from a backup knows fewer than the log; so does one whose erasing was cut short.
    """
    logged = read_erasures(site.settings.folder_path)
    if not logged:
        return 0
    with site.store.read() as connection:
        known = proof_rows.known_erasures(connection, [erasure.id for erasure in logged])
    missing = [erasure for erasure in logged if erasure.id not in known]
    if missing:
        _carry_out(site, missing)
        log.info("erasures_finished", count=len(missing))
    return len(missing)


def _carry_out(site: Site, erasures: Sequence[Erasure]) -> bool:
    """Delete files, then rows, then what deleting left behind; say whether nothing is left behind."""
    _delete_files(site, erasures)
    site.store.write(lambda connection: _erase_rows(connection, site, erasures))
    _delete_files(site, erasures)  # an upload may have ended in between
    return scrub(site.store)


def _delete_files(site: Site, erasures: Iterable[Erasure]) -> None:
    for erasure in erasures:
        for sha256 in (*erasure.files, *erasure.digests):
            _delete_file(site, erasure, sha256)
            for part in (site.settings.folder_path / "uploads").glob(f"*-{sha256}"):
                part.unlink(missing_ok=True)


def _delete_file(site: Site, erasure: Erasure, sha256: str) -> None:
    """Delete a file, its key first, and certify in the audit that it went; most contents never came as a file."""
    if site.blobs.find(sha256) is None:
        site.blobs.delete(sha256)  # perhaps a key without its bytes
        return

    def note(connection: Connection, key_id: str | None) -> bool:
        facts = {"event": erasure.event_id, "key": key_id, "erased_at": format_time(erasure.at_ms)}
        note_act(connection, site, Viewer("", erasure.by, frozenset()), "erased_file", "file", sha256, **facts)
        return True

    site.blobs.erase(sha256, note)


def _erase_rows(connection: Connection, site: Site, erasures: Sequence[Erasure]) -> None:
    for agent_id in sorted({erasure.agent_id for erasure in erasures}):
        chain_rows.lock_agent(connection, agent_id)
    known = proof_rows.known_erasures(connection, [erasure.id for erasure in erasures])
    fresh = [erasure for erasure in erasures if erasure.id not in known]
    proof_rows.secure_deletes(connection, on=True)
    try:
        publish(connection, [change for erasure in fresh for change in _erase_one(connection, site, erasure)])
    finally:
        proof_rows.secure_deletes(connection, on=False)


def _erase_one(connection: Connection, site: Site, erasure: Erasure) -> list[Change]:
    """Erase one event's rows and what was made of its words; give the changes to publish."""
    mark = {"by": erasure.by, "at": format_time(erasure.at_ms), "reason": erasure.reason}
    rows = proof_rows.find_events(connection, [erasure.event_id], erasure.agent_id)
    for row in rows:
        if row.content is not None and row.status == ReceiptStatus.ACCEPTED:
            proof_rows.blank_words(connection, orjson.loads(row.content))
            proof_rows.blank_flags(connection, _flagged_by(orjson.loads(row.content)))
        if row.erased is None:
            parked = {"problem": ParkReason.ERASED} if row.status == ReceiptStatus.PARKED else {}
            proof_rows.blank_event(connection, row.pos, {"erased": mark, **parked})
    for digest in sorted(set(erasure.digests) - {row.digest for row in rows}):
        proof_rows.add_blank_event(connection, _blank_row(erasure, digest, mark))
    proof_rows.drop_due(connection, erasure.agent_id, erasure.event_id)
    proof_rows.forget_files(connection, erasure.files, [(erasure.agent_id, digest) for digest in erasure.digests])
    proof_rows.add_erasure(
        connection,
        {name: getattr(erasure, name) for name in ("id", "agent_id", "event_id", "by", "reason", "at_ms")},
    )
    persons = proof_rows.drop_proposals(connection, erasure.agent_id, erasure.event_id)
    for person_id in persons:
        packed_rows.drop_packed(connection, person_id)
        search_rows.forget_person(connection, person_id)  # the last digits of a number that is erased
    merged = [change for person_id in persons for change in merge_person(connection, site, person_id)]
    visits = {(row.case_id, row.visit_id) for row in rows if row.case_id and row.visit_id}
    intake_rows.mark_visits(connection, visits, site.now())
    body = {"event_id": erasure.event_id}
    told = Change(erasure.agent_id, ItemType.ERASED, erasure.event_id, site.now() // 1000, body)
    return [*merged, told]


def _flagged_by(members: Mapping[str, Any]) -> list[str]:
    """Give by what findings name the words of an event: its own id, and what an objection or correction names."""
    return [members["id"], *(members["body"][name] for name in ("finding_id", "event_id") if name in members["body"])]


def _blank_row(erasure: Erasure, digest: str, mark: dict[str, str]) -> dict[str, object]:
    return {
        "agent_id": erasure.agent_id,
        "id": erasure.event_id,
        "digest": digest,
        "content": None,
        "status": ReceiptStatus.PARKED,
        "problem": ParkReason.ERASED,
        "first_received_ms": erasure.at_ms,
        "erased": mark,
    }
