"""One visit told from beginning to end, for a reviewer or a regulator: events, clocks, findings, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.vocabulary import EventKind
from schemas.words import say, say_body
from server.domain.conduct.questions import find_questions
from server.domain.conduct.recounting import load
from server.domain.conduct.verdicts import Answer, Verdict
from server.domain.folding import SeenEvent
from server.services.reconciling import fold_rows
from server.services.site import Site
from server.services.visit_files import tell_files
from server.storage import conduct_rows, people_rows, review_rows, visit_rows
from server.storage.types import AnyRow


def tell_visit(site: Site, visit_id: str) -> dict[str, Any]:
    """Tell one visit; raise not-found if there is none."""
    with site.store.read() as connection:
        rows = review_rows.find_visit(connection, visit_id)
        if not rows:
            raise FieldError("not-found", detail=f"There is no visit {visit_id}.")
        return _tell(connection, site, rows[0])


def _tell(connection: Connection, site: Site, row: Any) -> dict[str, Any]:
    visit, _, _ = fold_rows(connection, site, row.case_id, row.visit_id)
    names = {agent.id: agent.code for agent in people_rows.list_agents(connection)}
    findings = visit_rows.read_findings(connection, row.case_id, row.visit_id)
    decisions = visit_rows.read_decisions(connection, row.case_id, row.visit_id)
    files, is_complete = tell_files(connection, site, visit, names)
    seen = {each.id: each.codes for each in review_rows.read_conduct_seen(connection, row.case_id, row.visit_id)}
    return {
        "visit_id": row.visit_id,
        "case_id": row.case_id,
        "reference": row.reference,
        "address": row.address,
        "state": row.state or "open",
        "lead": row.code,
        "events": [_tell_event(event, names) for event in visit.events],
        "beside": [_tell_event(event, names) for event in visit.beside],
        "parked": list(visit.parked),
        "files": files,
        "media_complete": is_complete,
        "findings": [
            {"id": each.id, "code": each.code, "severity": each.severity, "sentence": each.sentence,
             "facts": each.facts, "contested": each.contested}
            for each in findings if each.gone_ms is None
        ],
        "decisions": [
            {"id": each.id, "act": each.act, "by": each.by, "at": format_time(each.at_ms), "reason": each.reason,
             "question": each.question, "answer": each.answer, "amendment": each.amendment,
             "saw": seen.get(each.id)}
            for each in decisions
        ],
        "complaints": [
            {"id": each.id, "made": format_time(each.made_ms), "codes": each.codes,
             "is_answered": each.answered_ms is not None}
            for each in review_rows.read_claims(connection, row.case_id, row.started_ms or 0)
        ],
        "conduct": _tell_conduct(conduct_rows.read_visit_judgement(connection, row.case_id, row.visit_id)),
    }  # fmt: skip


def _tell_conduct(judged: AnyRow | None) -> dict[str, Any] | None:
    """Tell how the rules answered of the visit; None where it was not judged."""
    if judged is None:
        return None
    verdicts = [load(Verdict, each) for each in judged.troubles]
    return {
        "passed": sum(answer == Answer.PASS for answer in judged.answers.values()),
        "failed": [
            {"rule": each.rule_id, "limit": each.limit, "citation": each.citation, "confidence": each.confidence.value,
             "used": [f"{used.name}: {used.value}" for used in each.used]}
            for each in verdicts if each.answer is Answer.FAIL
        ],
        "questions": [
            {"missing": each.missing, "asks": each.asks, "rules": [{"rule": rule, "limit": limit}
             for rule, limit in each.rules]}
            for each in find_questions(verdicts)
        ],
    }  # fmt: skip


def _tell_event(event: SeenEvent, names: Mapping[str, str]) -> dict[str, Any]:
    more = say_body(EventKind(event.kind), event.body)
    return {
        "id": event.id,
        "kind": event.kind,
        "packet_rev": event.packet_rev,
        "words": say(EventKind(event.kind)),
        "more": f": {more}" if more else "",
        "agent": names.get(event.agent_id, event.agent_id),
        "time": format_time(event.bound.estimate_ms),
        "bound_ms": event.bound.latest_ms - event.bound.earliest_ms,
        "basis": event.bound.basis.value,
        "device_time": None if event.reading.wall_ms is None else format_time(event.reading.wall_ms),
        "received": format_time(event.received_ms),
        "body": event.body,
    }
