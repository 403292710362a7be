"""Two agencies' towns: one thing of each kind in either, the foreign one's under a name nobody can mistake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas.vocabulary import HoldReason, HoldScope
from server.domain.roles import Role, Viewer
from server.services import exporting, holding
from server.services.searching import index_due
from server.storage import search_rows, tables, visit_tables, voice_tables
from tests.contract.office.visits import FAR, carrier, visit
from tests.office import Office

FOREIGN = "zzforeign"  # in every name of the foreign town


@dataclass
class Town:
    """What stands in addresses, by the name of its part."""

    name: str
    parts: dict[str, str]

    @property
    def marks(self) -> set[str]:
        """What shows that something of this town was told."""
        return {self.name, *(text for name, text in self.parts.items() if name.endswith("_id"))}


def build_towns(office: Office) -> tuple[Town, Town]:
    """Make the town of the office's own agency and a foreign one; a person of ours has a case there, too."""
    other_id = office.site.new_id()
    office.insert(tables.agency, id=other_id, name=f"{FOREIGN} agency", status="active")
    ours, theirs = _build(office, "ours", office.agency_id), _build(office, FOREIGN, other_id)
    case_id = office.add_case(f"R-{FOREIGN}-too", ours.parts["person_id"])
    office.assign(case_id, theirs.parts["agent_id"])
    owner = f"{FOREIGN} owner"
    holding.place_office_hold(office.site, case_id, HoldScope.PERSON, HoldReason.ILLNESS, owner)
    theirs.parts["other_case_id"] = case_id
    index_all(office)
    return ours, theirs


def index_all(office: Office) -> None:
    """Let every case be found by its words."""
    office.site.store.write(search_rows.mark_all)
    while index_due(office.site):
        pass


def _build(office: Office, name: str, agency_id: str) -> Town:
    phone = carrier(office, name, agency_id)
    visit_id = visit(office, phone, f"R-{name}", FAR)
    [row] = office.rows(visit_tables.visit.select().where(visit_tables.visit.c.visit_id == visit_id))
    [case] = office.rows(tables.case.select().where(tables.case.c.id == row.case_id))
    findings = office.rows(visit_tables.finding.select().where(visit_tables.finding.c.visit_id == visit_id))
    now_ms, complaint_id = office.clock(), office.site.new_id()
    office.insert(
        voice_tables.complaint, id=complaint_id, channel="answer", codes=[], words=f"{name} said", reach=name,
        case_id=case.id, made_ms=now_ms, acknowledge_by_ms=now_ms, answer_by_ms=now_ms,
    )  # fmt: skip
    parts: dict[str, Any] = {
        "visit_id": visit_id, "case_id": case.id, "person_id": case.person_id, "device_id": phone.device_id,
        "agent_id": phone.agent_id, "agency_id": agency_id, "complaint_id": complaint_id,
        "finding_id": findings[0].id, "lead": name,
        "day": datetime.fromtimestamp(office.clock() / 1000, UTC).date().isoformat(),
    }  # fmt: skip
    return Town(name, parts)


def export_for(office: Office, account_id: str, agency_id: str) -> str:
    """Have an export written for an account within an agency; give its id."""
    viewer = Viewer(account_id, "somebody", frozenset({Role.AUDITOR}), frozenset({agency_id}))
    export_id = exporting.ask_export(office.site, viewer, "visits", "csv", "full")
    while exporting.work_export(office.site):
        pass
    return export_id
