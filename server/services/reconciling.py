"""
Reconciling: every visit with news is folded again, looked at by every rule, and put where its state says.

Runs behind the exchange. A visit's fold, its findings and its place in the queue change in one transaction; a finding
no longer found is kept as gone, since someone may have acted on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from schemas.vocabulary import Act, EventKind
from server.domain.findings.codes import CLEAN_RANK, RANKS, Finding
from server.domain.findings.context import ChainFacts, Context, Span
from server.domain.findings.crews import find_next_look
from server.domain.findings.files import find_next_miss
from server.domain.findings.find import find_all
from server.domain.findings.recordings import find_next_lack
from server.domain.folding import SeenEvent, Visit, fold_visit
from server.domain.reviewing import Decided, fold_state
from server.domain.travel import Sighting, find_repeats, judge_travel
from server.domain.visit_files import lacking
from server.domain.webhooks import Kind
from server.services import gathering
from server.services.effects import is_visit_qr_good
from server.services.following import follow_events
from server.services.gathering import ChainReader
from server.services.rejudging import judge_again
from server.services.site import Site
from server.services.telling import tell_visit
from server.services.visit_files import find_elsewhere, gather_files, keep_files, read_recording
from server.storage import intake_rows, visit_rows, voice_rows
from server.storage.types import AnyRow

AT_ONCE = 100
NEXT = (find_next_look, find_next_miss, find_next_lack)  # when time alone may change what is found
TOLD = ("state", "contact_result", "disposition")  # of a visit, where they change


def reconcile(site: Site, most: int | None = None) -> dict[str, int]:
    """Follow events and fold visits until none is due, or *most* visits were folded; give counts."""
    counts = {"followed": follow_events(site), "silent": _mark_silent(site), "folded": 0}
    while most is None or counts["folded"] < most:
        with site.store.read() as connection:
            due = visit_rows.read_due(connection, AT_ONCE if most is None else min(AT_ONCE, most - counts["folded"]))
        if not due:
            break
        for case_id, visit_id, _ in due:
            site.store.write(partial(reconcile_visit, site=site, case_id=case_id, visit_id=visit_id))
        counts["folded"] += len(due)
    return counts


def _mark_silent(site: Site) -> int:
    """Mark visits of which nothing more is expected, and promises whose day has passed: time alone changed them."""
    today = gathering.today_of(site)

    def find(connection: Connection, most: int) -> list[tuple[str, str]]:
        silent = visit_rows.read_silent(connection, site.now(), most)
        return silent + visit_rows.read_lapsed_promises(connection, today, most)

    def job(connection: Connection) -> int:
        found = find(connection, AT_ONCE)
        intake_rows.mark_visits(connection, found, site.now())
        return len(found)

    with site.store.read() as connection:
        if not find(connection, 1):
            return 0
    return site.store.write(job)


def reconcile_visit(connection: Connection, site: Site, case_id: str, visit_id: str) -> None:
    """Fold one visit and write what was found."""
    row = visit_rows.lock_visit(connection, case_id, visit_id)
    if row is None:
        return
    visit, reader, reused = fold_rows(connection, site, case_id, visit_id)
    context = judge_again(connection, site, _look_around(connection, site, visit, reader, reused))
    findings = find_all(context)
    decisions = [
        Decided(each.id, Act(each.act), each.at_ms)
        for each in visit_rows.read_decisions(connection, case_id, visit_id)
    ]
    lacks_files = bool(lacking(context.files))
    state = fold_state(visit, decisions, site.now(), site.thresholds.abandon_ms, lacks_files=lacks_files)
    span, sightings = gathering.span_of(visit), gathering.sightings_of(visit)
    folded = {} if span is None else gathering.dump_span(span, sightings)
    outcome = visit.outcome
    values: dict[str, Any] = {
        "lead_agent_id": None if visit.lead is None else visit.lead.agent_id,
        "state": state.value,
        "folded": folded,
        "started_ms": None if span is None else visit.events[0].bound.estimate_ms,
        "look_again_ms": min(filter(None, (find(context) for find in NEXT)), default=None),
        "contact_result": outcome.get("contact_result"),
        "disposition": outcome.get("disposition"),
        "rank": min((RANKS[each.severity] for each in findings), default=CLEAN_RANK),
        **visit_rows.read_queued_by(connection, case_id, None if visit.lead is None else visit.lead.agent_id),
    }
    visit_rows.keep_visit(connection, case_id, visit_id, row.due, values)
    keep_files(connection, site, visit, context.files)
    is_news = _keep_findings(connection, site, visit, findings)
    _tell(connection, site, row, values, is_news=is_news)
    if span is not None and folded != row.folded:
        visit_rows.keep_crew(connection, case_id, visit_id, sorted(span.agent_ids), values["started_ms"])
        _mark_neighbours(connection, site, context, span)


def fold_rows(
    connection: Connection, site: Site, case_id: str, visit_id: str
) -> tuple[Visit, ChainReader, dict[str, list[str]]]:
    """Fold a visit from its rows; give with it the chains it was read from, and reused ids by device."""
    rows = visit_rows.read_visit_events(connection, case_id, visit_id)
    reader = ChainReader(connection, sorted({row.device_id for row in rows}), site.thresholds)
    events, has_unreadable = reader.read_events(rows)
    events += _corrections(connection, reader, events)
    parked = [row.id for row in rows if row.status == "parked"]
    reused: dict[str, list[str]] = {}
    for row in rows:
        if row.status == "id_reuse":
            reused.setdefault(row.device_id, []).append(row.id)
    assigned = gathering.read_assigned(visit_rows.read_assigned(connection, case_id))
    joined = frozenset(
        event.agent_id
        for event in events
        if event.kind == EventKind.CREW_JOINED
        and "qr" in event.body
        and is_visit_qr_good(connection, event.body["qr"], case_id, visit_id)
    )
    visit = fold_visit(
        case_id, visit_id, events, assigned, joined, parked, has_unreadable_beside=has_unreadable
    )
    return visit, reader, reused


def _corrections(connection: Connection, reader: ChainReader, events: Sequence[SeenEvent]) -> list[SeenEvent]:
    """Give corrections of these events that do not name the visit themselves."""
    ids = {event.id for event in events}
    rows = visit_rows.read_corrections(connection, sorted({event.agent_id for event in events}), ids)
    found, _ = reader.read_events([row for row in rows if row.id not in ids])
    return [event for event in found if event.body["event_id"] in ids]


def _look_around(
    connection: Connection, site: Site, visit: Visit, reader: ChainReader, reused: dict[str, list[str]]
) -> Context:
    """Gather everything the rules may know about a visit."""
    case = visit_rows.read_case(connection, visit.case_id)
    span = gathering.span_of(visit)
    near: list[AnyRow] = []
    if span is not None:
        low, high = span.earliest_start_ms - gathering.NEAR_MS, span.latest_end_ms + gathering.NEAR_MS
        near = visit_rows.read_near(connection, visit.case_id, visit.visit_id, sorted(span.agent_ids), low, high)
    lead_id = None if visit.lead is None else visit.lead.agent_id
    sightings = [each for row in near if row.lead_agent_id == lead_id for each in gathering.load_sightings(row)]
    sightings = sorted(
        [*sightings, *gathering.sightings_of(visit)], key=lambda each: (each.bound.estimate_ms, each.visit_id)
    )
    own = {place for place, each in enumerate(sightings) if each.visit_id == visit.visit_id}
    leaps = [leap for leap in judge_travel(sightings, site.thresholds) if leap.later in own]
    repeats = [repeat for repeat in find_repeats(sightings, site.thresholds) if repeat.again in own]
    files = gather_files(connection, visit)
    decisions = visit_rows.read_decisions(connection, visit.case_id, visit.visit_id)
    findings = visit_rows.read_findings(connection, visit.case_id, visit.visit_id)
    chains = {
        device_id: ChainFacts(facts.lost, facts.forked, facts.bad_checkpoint_from, tuple(reused.get(device_id, ())))
        for device_id, facts in reader.facts(visit).items()
    }
    return Context(
        visit=visit,
        now_ms=site.now(),
        door=gathering.door_of(case),
        assigned=gathering.read_assigned(visit_rows.read_assigned(connection, visit.case_id)),
        others=[found for row in near if (found := gathering.load_span(row)) is not None],
        leaps=leaps,
        repeats=repeats,
        sightings=sightings,
        clock_faults=reader.faults,
        chains=chains,
        revisions=gathering.revisions_of(visit_rows.read_revisions(connection, visit.case_id)),
        closed_ms=None if case is None else case.closed_ms,
        files=files,
        elsewhere=find_elsewhere(connection, visit, files),
        recording=read_recording(connection, visit),
        payments=None if case is None else visit_rows.read_payments(connection, visit.case_id, case.lender),
        today=gathering.today_of(site),
        decided_ms=decisions[-1].at_ms if decisions else None,
        feedback=voice_rows.read_feedback(connection, visit.case_id).get(visit.visit_id),
        contests={row.id: row.contested for row in findings if row.contested},
        thresholds=site.thresholds,
    )


def _tell(connection: Connection, site: Site, row: AnyRow, values: dict[str, Any], *, is_news: bool) -> None:
    """Tell webhooks of a visit that is new, or whose state, outcome or findings are others than before."""
    if row.state is None or is_news or any(getattr(row, name) != values[name] for name in TOLD):
        kind = Kind.VISIT_CREATED if row.state is None else Kind.VISIT_CHANGED
        tell_visit(connection, site, kind, row.case_id, row.visit_id, values["state"], values["agency_id"])


def _keep_findings(connection: Connection, site: Site, visit: Visit, findings: Sequence[Finding]) -> bool:
    """Write what was found (new, brought up to date, vanished ones as gone); say whether that changed anything."""
    known = {(row.code, row.key): row for row in visit_rows.read_findings(connection, visit.case_id, visit.visit_id)}
    found = {(finding.code.value, finding.key): finding for finding in findings}
    added, changed = [], 0
    for name, finding in found.items():
        written = {
            "severity": finding.severity.value, "facts": dict(finding.facts), "sentence": finding.sentence,
            "gone_ms": None,
        }  # fmt: skip
        row = known.get(name)
        if row is None:
            place = {
                "id": site.new_id(), "case_id": visit.case_id, "visit_id": visit.visit_id, "code": name[0],
                "key": name[1], "found_ms": site.now(), "agent_id": None if visit.lead is None else visit.lead.agent_id,
            }  # fmt: skip
            added.append(place | written)
        elif row.gone_ms is not None or row.facts != written["facts"] or row.severity != written["severity"]:
            changed += visit_rows.change_finding(connection, row.id, **written)
    visit_rows.add_findings(connection, added)
    for name, row in known.items():
        if name not in found and row.gone_ms is None:
            changed += visit_rows.change_finding(connection, row.id, gone_ms=site.now())
    return bool(added or changed)


def _mark_neighbours(connection: Connection, site: Site, context: Context, span: Span) -> None:
    """Mark the visits that this one changes: those it overlaps, the next one, those with its very fix."""
    overlapping = {
        (other.case_id, other.visit_id)
        for other in context.others
        if other.earliest_start_ms <= span.latest_end_ms and span.earliest_start_ms <= other.latest_end_ms
    }
    later = [other for other in context.others if other.earliest_start_ms > span.latest_end_ms]
    following = min(later, key=lambda other: other.earliest_start_ms, default=None)
    own = {_spot(each) for each in context.sightings if each.visit_id == context.visit.visit_id}
    alike = {each.visit_id for each in context.sightings if _spot(each) in own}
    marked = overlapping | {(other.case_id, other.visit_id) for other in context.others if other.visit_id in alike}
    if following is not None:
        marked.add((following.case_id, following.visit_id))
    intake_rows.mark_visits(connection, marked, site.now())


def _spot(sighting: Sighting) -> tuple[int, int, int]:
    return sighting.fix.lat_e7, sighting.fix.lon_e7, sighting.fix.radius_dm
