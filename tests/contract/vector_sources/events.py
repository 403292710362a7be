"""One full example of each event kind, shorter ones of some, and events that must be parked, with the reason."""

from __future__ import annotations

from typing import Any

from tests.contract.vector_sources.plain import DROP, Vector, canon, changed, noise, sha, uid

ABOUT = (
    "One event of each kind with its canonical text and digest, and events that are parked for what they hold:"
    " `refused` is the reason, `at` the path of what is wrong."
)
CASE, VISIT = uid(0xCA5E), uid(0x71517)
FIX = {"lat_e7": 377_749_300, "lon_e7": -1_224_194_200, "radius_dm": 95, "datum": "wgs84", "mock": False, "age_ms": 800}
POOR_FIX = {"lat_e7": 226_273_000, "lon_e7": 1_203_014_000, "radius_dm": 6_000, "datum": "gcj02", "provider": "network"}

FULL: dict[str, dict[str, Any]] = {
    "visit_started": {
        "fixes": [FIX, POOR_FIX],
        "override_reason": "The person asked me by phone to come now.",
        "warned": ["outside-hours", "too-often"],
    },
    "crew_joined": {"fixes": [FIX], "qr": "eyJhbGciOiJFUzI1NiJ9.eyJ0eXAiOiJ2aXNpdCJ9.c2lnbmF0dXJl"},
    "step_done": {
        "step": "purpose_stated",
        "text_version": "2026-03",
        "response": "given",
        "note": "Asked twice.",
        "override_reason": "She knew of it and asked first.",
    },
    "identity_checked": {
        "identity": "confirmed",
        "method": "document_seen",
        "document_kind": "driving licence",
        "tries": 1,
    },
    "sealed_part_opened": {"method": "letter_code"},
    "recording_changed": {
        "state": "started",
        "medium": "audio",
        "source": "body recorder",
        "serial": "BR-0042",
        "reason": "As announced.",
    },
    "appointment_agreed": {
        "appointment_id": uid(0xA990),
        "starts": "2026-03-09T18:00:00.000-07:00",
        "ends": "2026-03-09T19:00:00.000-07:00",
        "made_by": "person",
        "note": "Not before six.",
    },
    "outcome_noted": {
        "contact_result": "person",
        "disposition": "promise",
        "promise": {"amount": 125_050, "currency": "USD", "due": "2026-03-31"},
        "note": "本人承诺月底前还款 😀",
    },
    "hold_placed": {"reason": "illness", "scope": "person", "until": "2026-06-30", "note": "In hospital until summer."},
    "visit_ended": {"reason": "completed", "fixes": [FIX]},
    "contact_proposed": {
        "changes": [
            {"field": "phone", "base": "+1 415 555 0100", "new": "+1 415 555 0199"},
            {"field": "email", "new": "a.person@example.org"},
            {"field": "employer", "base": "A Bakery", "new": ""},
        ]
    },
    "question_answered": {
        "decision_id": uid(0xDEC1),
        "answer": "The door was behind the shop; the pin is at the street.",
    },
    "finding_contested": {"finding_id": uid(0xF1D), "reason": "The phone had no view of the sky in the stairwell."},
    "event_corrected": {
        "event_id": uid(0xE4E),
        "reason": "The amount was mistyped.",
        "body": {
            "contact_result": "person",
            "disposition": "promise",
            "promise": {"amount": 12_505, "currency": "USD", "due": "2026-03-31"},
        },
    },
    "files_attached": {"source": "body recorder", "serial": "BR-0042"},
    "chain_opened": {"reason": "forked", "previous": uid(0xC8A0), "after_seq": 41, "lost": [[38, 39], [41, 41]]},
    "directive_done": {"directive_id": uid(0xD13), "result": "done"},
}
# Without anything that may be absent.
SHORT: dict[str, dict[str, Any]] = {
    "visit_started": {},
    "step_done": {"step": "card_shown", "text_version": "none", "response": "refused"},
    "crew_joined": {"no_fix_reason": "denied"},
    "identity_checked": {"identity": "declined"},
    "outcome_noted": {"contact_result": "nobody", "disposition": "none"},
    "hold_placed": {"reason": "minor", "scope": "case"},
    "files_attached": {},
    "chain_opened": {"reason": "enrolled", "lost": []},
}
# A file with its own times: by the clock of what made it, in whichever zone that stood.
RECORDING = {"sha256": sha(b"a film"), "size": 48_211_904, "media_type": "video/mp4", "role": "recording"}
RECORDING |= {"starts": "2026-03-05T14:02:00.000-08:00", "ends": "2026-03-05T22:21:09.040+00:00"}
OF_DEVICE = {"chain_opened", "directive_done"}
OF_CASE_ONLY = {"contact_proposed"}
OF_NEITHER = {"question_answered", "finding_contested", "event_corrected"}
FILE = {"sha256": sha(b"a photograph"), "size": 183_204, "media_type": "image/jpeg", "role": "door"}


def event(kind: str, body: dict[str, Any], number: int) -> dict[str, Any]:
    """Give a whole event, with the members that its kind asks for."""
    out: dict[str, Any] = {
        "id": uid(number),
        "kind": kind,
        "schema": 1,
        "at": {"wall": "2026-03-05T14:21:07.250-08:00", "mono_ms": 86_400_000 + number * 1000, "boot": "b7f3c2d1"},
        "body": body,
        "salt": noise(f"salt of {kind} {number}", 16).hex(),
    }
    if kind not in OF_DEVICE:
        out["case_id"] = CASE
    if kind not in OF_DEVICE | OF_CASE_ONLY | OF_NEITHER:
        out |= {"visit_id": VISIT, "packet_rev": 3}
    if kind == "files_attached":
        out["files"] = [FILE]
    return out


def taken(name: str, given: dict[str, Any]) -> Vector:
    """Write the vector of an event that is taken: its canonical text and digest."""
    content = canon(given)
    return {"name": name, "given": given, "expected": {"content": content.decode(), "digest": sha(content)}}


STARTED = event("visit_started", FULL["visit_started"], 0x300)
PROMISED = event("outcome_noted", FULL["outcome_noted"], 0x301)
FILED = event("files_attached", FULL["files_attached"], 0x305) | {"files": [RECORDING]}
OPENED = event("chain_opened", FULL["chain_opened"], 0x302)
PROPOSED = event("contact_proposed", FULL["contact_proposed"], 0x303)
# name -> (valid event, path to what is wrong with it, what stands there, where the refusal is shown)
INVALID: dict[str, tuple[dict[str, Any], str, Any, str]] = {
    "no salt": (STARTED, "salt", DROP, "salt"),
    "a salt in upper case": (STARTED, "salt", "A" * 32, "salt"),
    "a salt that ends with a newline": (STARTED, "salt", "a" * 32 + "\n", "salt"),
    "a member nobody knows": (STARTED, "mood", "good", "mood"),
    "a visit without its case": (STARTED, "case_id", DROP, "case_id"),
    "a visit's event without its visit": (PROMISED, "visit_id", DROP, "visit_id"),
    "a device's event with a case": (OPENED, "case_id", CASE, "case_id"),
    "null instead of absent": (STARTED, "packet_rev", None, "packet_rev"),
    "a packet revision as text": (STARTED, "packet_rev", "3", "packet_rev"),
    "true for a number": (STARTED, "at.mono_ms", True, "at.mono_ms"),
    "a number below its least": (STARTED, "at.mono_ms", -1, "at.mono_ms"),
    "wall time in UTC as Z": (STARTED, "at.wall", "2026-03-05T22:21:07.250Z", "at.wall"),
    "wall time without milliseconds": (STARTED, "at.wall", "2026-03-05T14:21:07-08:00", "at.wall"),
    "wall time at the 24th hour": (STARTED, "at.wall", "2026-03-05T24:00:00.000-08:00", "at.wall"),
    "an id in upper case": (STARTED, "case_id", CASE.upper(), "case_id"),
    "a latitude beyond the pole": (STARTED, "body.fixes.0.lat_e7", 900_000_001, "body.fixes.0.lat_e7"),
    "a fix of an unknown datum": (STARTED, "body.fixes.1.datum", "bd09", "body.fixes.1.datum"),
    "1 for true": (STARTED, "body.fixes.0.mock", 1, "body.fixes.0.mock"),
    "one fix too many": (STARTED, "body.fixes", [POOR_FIX] * 21, "body.fixes"),
    "a remark nobody knows": (STARTED, "body.warned.1", "rain", "body.warned.1"),
    "a list where an object belongs": (STARTED, "body", [], "body"),
    "an outcome nobody knows": (PROMISED, "body.disposition", "promised", "body.disposition"),
    "a currency in lower case": (PROMISED, "body.promise.currency", "usd", "body.promise.currency"),
    "a promise without a day": (PROMISED, "body.promise.due", DROP, "body.promise.due"),
    "a note one character too long": (PROMISED, "body.note", "好" * 4001, "body.note"),
    "a thirteenth month": (PROMISED, "body.promise.due", "2026-13-01", "body.promise.due"),
    "no change in a proposal": (PROPOSED, "body.changes", [], "body.changes"),
    "a field that cannot be corrected": (PROPOSED, "body.changes.0.field", "amount", "body.changes.0.field"),
    "a lost range of three": (OPENED, "body.lost.0", [1, 2, 3], "body.lost.0"),
    "a lost range from 0": (OPENED, "body.lost.0.0", 0, "body.lost.0.0"),
    "a file without its size": (event("files_attached", {}, 0x304), "files.0.size", DROP, "files.0.size"),
    "a file that starts in server time": (FILED, "files.0.starts", "2026-03-05T22:02:00.000Z", "files.0.starts"),
    "a file that ends by null": (FILED, "files.0.ends", None, "files.0.ends"),
}


def vectors() -> list[Vector]:
    """Give the vectors of `events.json`."""
    out = [taken(kind, event(kind, body, 0x100 + at)) for at, (kind, body) in enumerate(FULL.items())]
    out += [
        taken(f"{kind}, as short as it can be", event(kind, body, 0x200 + at))
        for at, (kind, body) in enumerate(SHORT.items())
    ]
    out.append(taken("a recording that says when it starts and ends", FILED))
    photo = FILE | {"starts": "2026-03-05T14:20:59.000-08:00"}
    out.append(taken("a picture that says when it was taken", changed(FILED, "files", [photo])))
    longest = changed(PROMISED, "body.note", "好" * 4000)
    out.append(taken("a note as long as it may be, in characters and not bytes", longest))
    out.append(taken("a day that no calendar has keeps the shape", changed(PROMISED, "body.promise.due", "2026-02-31")))
    out.append(
        {"name": "a kind of a later version", "given": STARTED | {"kind": "drone_sent"}, "refused": "unknown-kind"}
    )
    out.append({"name": "a schema of a later version", "given": STARTED | {"schema": 2}, "refused": "unknown-schema"})
    out.append({"name": "the schema as text", "given": STARTED | {"schema": "1"}, "refused": "unknown-schema"})
    out.append({"name": "no kind at all", "given": changed(STARTED, "kind", DROP), "refused": "unknown-kind"})
    for name, (valid, path, new, where) in INVALID.items():
        reason = "unreadable" if new is None else "invalid"  # null has no canonical form (E0)
        out.append({"name": name, "given": changed(valid, path, new), "refused": reason, "at": where})
    return out
