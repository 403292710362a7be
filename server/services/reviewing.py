"""Reviewing: a person decides on a visit; the decision travels to the crew, a question comes back as an answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from schemas.errors import FieldError
from schemas.messages import format_time
from schemas.vocabulary import Act, ItemType
from server.domain.conduct.codes import ConductCode
from server.domain.merging import NO_VALUE, fold_value
from server.domain.reviewing import State, permitted_acts
from server.services.following import merge_person
from server.services.reconciling import reconcile_visit
from server.services.site import Site
from server.services.telling import tell_decision
from server.storage import contact_rows, feed, review_rows, search_rows, visit_rows


@dataclass(frozen=True, slots=True)
class Said:
    """What goes with a decision. `saw` is the conduct the reviewer saw: none at all, or None: not looked."""

    reason: str = ""
    question: str = ""
    amendment: Mapping[str, str] | None = None
    saw: Collection[ConductCode] | None = None


NOTHING_SAID = Said()


def decide_visit(site: Site, case_id: str, visit_id: str, act: Act, by: str, said: Said = NOTHING_SAID) -> str:
    """Decide on a visit; give the decision's id. Raises what `decide_within` raises."""
    return site.store.write(lambda connection: decide_within(connection, site, case_id, visit_id, act, by, said))


def decide_within(
    connection: Connection, site: Site, case_id: str, visit_id: str, act: Act, by: str, said: Said
) -> str:
    """
    Decide on a visit within a transaction of the caller's; give the decision's id.

    Raises not-found, and conflict where the visit's state does not permit the act, or an act lacks what it needs: a
    question to return it, a reason to reject it, at least one field or an answer about conduct to amend.
    """
    needed = {
        Act.RETURNED: ("question", said.question),
        Act.REJECTED: ("reason", said.reason),
        Act.AMENDED: ("field", said.amendment or said.saw is not None),
    }
    if act in needed and not needed[act][1]:
        raise FieldError("conflict", detail=f"A visit is not {act.value} without a {needed[act][0]}.")
    reconcile_visit(connection, site, case_id, visit_id)
    row = visit_rows.lock_visit(connection, case_id, visit_id)
    if row is None or row.state is None:
        raise FieldError("not-found", detail=f"There is no visit {visit_id} on case {case_id}.")
    check_permitted(row.state, act)
    return _keep(connection, site, row, act, by, said)


def check_permitted(state: str, act: Act) -> None:
    """Raise `conflict` where a visit of this state is not decided so."""
    permitted = permitted_acts(State(state))
    if act not in permitted:
        can = ", ".join(permitted) or "nothing yet"
        raise FieldError("conflict", detail=f"This visit is {state}; what can be done with it: {can}.")


def _keep(connection: Connection, site: Site, row: Any, act: Act, by: str, said: Said) -> str:
    decision_id, now_ms = site.new_id(), site.now()
    kept = {
        "id": decision_id, "case_id": row.case_id, "visit_id": row.visit_id, "act": act.value, "by": by,
        "reason": said.reason or None, "question": said.question or None, "at_ms": now_ms,
        "amendment": _before_and_after(row, said.amendment) if said.amendment else None,
    }  # fmt: skip
    review_rows.add_decision(connection, kept)
    if said.saw is not None:
        seen = {name: kept[name] for name in ("id", "case_id", "visit_id", "by", "at_ms")}
        review_rows.add_conduct_seen(connection, seen | {"codes": sorted({code.value for code in said.saw})})
    reconcile_visit(connection, site, row.case_id, row.visit_id)  # what was seen is judged before it is told
    found = [each for each in visit_rows.read_findings(connection, row.case_id, row.visit_id) if each.gone_ms is None]
    body: dict[str, Any] = {
        "case_id": row.case_id, "visit_id": row.visit_id, "act": act.value, "at": format_time(now_ms),
        "findings": [
            {"finding_id": each.id, "code": each.code, "severity": each.severity, "sentence": each.sentence}
            for each in found
        ],
    }  # fmt: skip
    body |= {name: text for name, text in (("question", said.question), ("reason", said.reason)) if text}
    agents = review_rows.crew_of(connection, row.case_id, row.visit_id)
    rev = now_ms // 1000
    tell_decision(connection, site, decision_id, act.value, row.case_id, row.visit_id, row.agency_id)
    feed.publish(connection, [feed.Change(each, ItemType.DECISION, decision_id, rev, body) for each in agents])
    return decision_id


def _before_and_after(row: Any, amendment: Mapping[str, str]) -> dict[str, dict[str, str | None]]:
    """Keep what an amended field was before; the events themselves are never touched."""
    before = {"contact_result": row.contact_result, "disposition": row.disposition}
    unknown = sorted(set(amendment) - set(before))
    if unknown:
        raise FieldError(
            "invalid", {name: ["cannot be amended; contact_result and disposition can"] for name in unknown}
        )
    return {field: {"before": before[field], "after": value} for field, value in amendment.items()}


def resolve_clash(
    site: Site, event_id: str, field: str, by: str, *, accept: bool, instead: str | None = None
) -> None:
    """
    Decide a clash of contact proposals: take this proposal's value (or *instead* of it another), or keep what is held.

    Every other undecided proposal for the same field of the person is decided with it. Raises not-found.
    """

    def job(connection: Connection) -> None:
        chosen = contact_rows.lock_clash(connection, event_id, field)
        if chosen is None:
            raise FieldError("not-found", detail=f"There is no open clash about {field} in event {event_id}.")
        for row in contact_rows.read_proposals(connection, chosen.person_id):
            if row.field != field:
                continue
            is_same = fold_value(field, row.new, site.settings.phone_region) == fold_value(
                field, chosen.new, site.settings.phone_region
            )
            is_taken = accept and instead is None and is_same
            state = "accepted" if is_taken else "kept"
            contact_rows.change_proposal(
                connection, row.event_id, field, state=state, decided_ms=site.now(), decided_by=by
            )
        if accept:
            value = chosen.new if instead is None else instead
            contacts = {**chosen.contacts, field: fold_value(field, value, site.settings.phone_region)}
            held = {name: value for name, value in contacts.items() if value != NO_VALUE}
            contact_rows.change_person(connection, chosen.person_id, contacts=held, updated_ms=site.now())
            search_rows.mark_person(connection, chosen.person_id)
        changes = merge_person(connection, site, chosen.person_id)
        if changes:
            feed.publish(connection, changes)

    site.store.write(job)
