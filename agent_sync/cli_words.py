"""
What the `agent-sync` command says: sentences made of reports, states and packets. Pure text, no I/O.

What happened, what is safe, what to do; never a code alone (docs of the house: "How it speaks").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent_sync.report import Report
from agent_sync.rules import CLOCK_LOCKED
from agent_sync.views import PacketView, Status
from schemas.errors import FieldError
from schemas.vocabulary import (
    EventKind,
    HoldReason,
    ParkReason,
    ReceiptStatus,
    RecordingDuty,
    RecordingMedium,
    RemovalReason,
)
from schemas.words import say

SHORT = 8  # of a case's id, enough to tell the cases of one agent apart
RECEIVED = ("accepted", "duplicate", "parked", "id_reuse")


def plural(count: int, one: str, many: str = "") -> str:
    """
    Give a count with its noun.

    >>> plural(1, "visit"), plural(3, "visit"), plural(2, "copy", "copies")
    ('1 visit', '3 visits', '2 copies')
    """
    return f"{count} {one if count == 1 else many or one + 's'}"


def word(kind: Any, value: str, language: str) -> str:
    """Give what a word of a closed list is called; a word this program does not know as it came."""
    try:
        return say(kind(value), language)
    except ValueError:
        return value


def say_unsent(status: Status) -> str:
    """Say what is saved here and not yet received there."""
    if not status.unsent:
        return "Everything recorded on this device was received by the server."
    records = plural(status.unsent, "record")
    what = f"{plural(status.unsent_visits, 'visit')} ({records})" if status.unsent_visits else records
    are = "is" if what.startswith("1 ") else "are"
    return f"{what} {are} saved on this device and will be sent by the next exchange."


def say_export(path: str, count: int, files: int) -> Iterator[str]:
    """Say what is in an exported outbox and what is not: it holds records, and no captured file."""
    yield f"{plural(count, 'record')} in {path}. Only the office's server can read it. Nothing was deleted here."
    if files:
        left = f"{plural(files, 'file')} (photos, signatures, recordings)"
        yield f"Not in it: {left}. They stay on this device until the server takes from it again: keep the device."


def say_report(report: Report, status: Status, language: str) -> Iterator[str]:
    """Say what an exchange did, in lines."""
    counts = report.counts
    if report.error is not None:
        yield say_failure(report.error)
    received = sum(counts[name] for name in RECEIVED)
    if counts["sent"] or received:
        yield f"Sent {plural(counts['sent'], 'record')}; the server has received {received}."
    for name, count in sorted(counts.items()):
        if name.startswith("parked: "):
            records, problem = plural(count, "record"), name.removeprefix("parked: ")
            if problem == ParkReason.WITHHELD:
                yield f"{records} received but for the content, which goes as a file."
            else:
                yield f"{records} set aside for a person at the office: {word(ParkReason, problem, language)}."
    if counts["items_put"] or counts["items_removed"]:
        yield f"{plural(counts['items_put'], 'update')} came, {counts['items_removed']} removed."
    if counts["files_sent"]:
        yield f"{plural(counts['files_sent'], 'file')} sent."
    yield from report.notes
    for part, error in report.problems:
        yield f"{part}: {error.detail}"
    if status.stage != "wiped":
        yield say_unsent(status)
    if not report.is_ok:
        yield f"Next try in about {say_duration(report.next_ms)}, or now: agent-sync exchange"


def say_failure(error: FieldError) -> str:
    """Say why an exchange did not go through."""
    if error.code == "no-network":
        return f"No network. {error.detail}"
    if error.code == "unauthenticated":
        return "The server does not know this device. Ask the office for a new code; nothing on this device is lost."
    return error.detail


def say_duration(ms: int) -> str:
    """
    Say a duration as people do.

    >>> say_duration(4_000), say_duration(90_000), say_duration(900_000)
    ('4 seconds', '2 minutes', '15 minutes')
    """
    return plural(round(ms / 1000), "second") if ms < 60_000 else plural(round(ms / 60_000), "minute")


def say_packet_line(view: PacketView, language: str) -> str:
    """Say one packet in one line: short id, address, and why no visit may start now."""
    if not view.is_readable:
        why = "shut, as the clock was set back" if CLOCK_LOCKED in view.remarks else "its time on this device has ended"
        return f"{view.case_id[-SHORT:]}  {why}; exchange to renew it"
    address = view.open.get("place", {}).get("address", "no address")
    halted = [word(HoldReason, reason, language) for reason in view.holds]
    remark = f"  · halted: {', '.join(halted)}" if halted else f"  · {view.remarks[0]}" if view.remarks else ""
    plan = f"  · {view.plan[1]}. on {view.plan[0]} from {view.plan[2]}" if view.plan else ""
    return f"{view.case_id[-SHORT:]}  {address}{plan}{remark}"


def say_packet(view: PacketView, language: str) -> Iterator[str]:
    """Say the open part of one packet, in lines."""
    yield f"Case {view.case_id} (revision {view.rev}, {view.role or 'no role'})"
    if not view.is_readable:
        is_locked = CLOCK_LOCKED in view.remarks
        yield CLOCK_LOCKED if is_locked else "Its time on this device has ended. Exchange to renew it."
        return
    person, place = view.open.get("person", {}), view.open.get("place", {})
    yield f"Person    {person.get('name', 'not named')}"
    for name, value in sorted(person.get("contacts", {}).items()):
        yield f"          {name}: {value}"
    yield f"Place     {place.get('address', 'no address')}"
    if "lat_e7" in place and "lon_e7" in place:
        lat, lon = place["lat_e7"] / 1e7, place["lon_e7"] / 1e7
        yield f"          {lat:.6f}, {lon:.6f} ({place.get('precision', 'unknown')})"
    for member in view.open.get("crew", ()):
        yield f"Crew      {member['name']} ({member['role']})"
    for span in view.open.get("limits", {}).get("intervals", ()):
        yield f"Allowed   {span['starts'][:16].replace('T', ' ')} to {span['ends'][:16].replace('T', ' ')}"
    for warning in view.warnings:
        yield f"Mind      {warning}"
    if view.plan:
        yield f"Planned   {view.plan[0]} {view.plan[2]}, stop {view.plan[1]} of the day"
    for agreed in view.open.get("appointments", ()):
        yield f"Agreed    {agreed['starts'][:16].replace('T', ' ')}"
    for medium, duty in sorted(view.open.get("limits", {}).get("recording", {}).items()):
        yield f"Recording {word(RecordingMedium, medium, language)}: {word(RecordingDuty, duty, language)}"
    if keys := {text["key"] for text in view.open.get("texts", ())}:
        yield f"To say    {plural(len(keys), 'text')}, shown step by step during the visit"
    for reason in view.holds:
        yield f"Halted    {word(HoldReason, reason, language)}: no visit now"
    yield f"Until     {view.open.get('lease_until', 'not said')} on this device"
    if view.is_sealed:
        yield "Sealed    opens after identity is confirmed at the door"


def say_sealed(content: Mapping[str, Any]) -> Iterator[str]:
    """Say the sealed part's content, in lines. Amounts are in minor units of the currency, as the wire has them."""
    yield f"Lender    {content['lender']} (reference {content['reference']})"
    for name in ("product", "amount", "overdue", "days_past_due"):
        if name in content:
            unit = f" {content['currency']} minor units" if name in {"amount", "overdue"} else ""
            yield f"{name.replace('_', ' ').capitalize():<9} {content[name]}{unit}"
    for option in content.get("options", ()):
        yield f"Option    {option}"


def say_status(status: Status, language: str) -> Iterator[str]:
    """Say how a device stands, in lines."""
    if status.stage in {"new", "wiped"}:
        yield "This device is not enrolled. Enter a code: agent-sync enrol CODE --server https://…"
        return
    agent = status.agent
    yield f"Agent {agent.get('code', '?')} ({agent.get('name', '?')}), device {status.device_id}"
    if status.stage != "enrolled":
        yield f"Stage: {status.stage.replace('_', ' ')}." + (f" {CLOCK_LOCKED}" if status.stage == "locked" else "")
    yield say_unsent(status)
    received, packets = plural(status.received, "record"), plural(status.packets, "packet")
    yield f"{received} received by the server; {packets} on this device."
    if status.lost:
        yield f"{plural(status.lost, 'record')} could not be read any more and were declared lost."
    for parked in status.parked:
        if parked.get("replayed") == ReceiptStatus.ACCEPTED:
            continue  # it waits for nobody any more
        kind, problem = word(EventKind, parked["kind"], language), parked.get("problem", "")
        if problem == ParkReason.WITHHELD:
            yield f"Received but for its content, which goes as a file: {kind}"
        else:
            yield f"Set aside at the office: {kind}: {word(ParkReason, problem, language)}"
    if status.files_waiting:
        yield f"{plural(status.files_waiting, 'file')} not yet verified by the server."
    for visit in status.open_visits:
        why = (
            f" The case was withdrawn ({word(RemovalReason, visit['withdrawn'], language)}): end the visit."
            if visit["withdrawn"]
            else ""
        )
        yield f"Open visit {visit['visit_id']} at case {visit['case_id'][-SHORT:]}.{why}"
    for hold in status.holds:
        yield f"Halted: case {hold['case_id'][-SHORT:]} ({word(HoldReason, hold['reason'], language)})"
    for question in status.questions:
        yield f"Question {question['decision_id']}: {question.get('question', '')}"
    for notice in status.notices:
        yield f"Notice: {notice.get('title', '')}. {notice.get('text', '')}"
    if status.last_contact:
        yield f"Last heard from the server: {status.last_contact}"
    if abs(status.clock_off_ms) > 300_000:
        yield f"This device's clock is off by about {say_duration(abs(status.clock_off_ms))}. Set date and time."
