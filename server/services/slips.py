"""Slips: a small sealed paper for where nobody was met, with a token of its own; a printed one cannot be read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from server.domain.conduct.spans import whole_day
from server.domain.notices import ANSWER_DAYS, Slip, choose_language
from server.services.answer_tokens import draw_token
from server.services.notice_rights import Told, why_no_paper
from server.services.rule_changes import day_of
from server.services.site import Site
from server.storage import case_rows, facts_rows, token_rows
from server.storage.case_rows import chunks

log = structlog.get_logger()


@dataclass(slots=True)
class SlipReport:
    """Slips to print, and why a case got none."""

    slips: list[Slip] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)  # reference, sentence


def make_slips(site: Site, case_ids: Sequence[str], by: str, keep: Callable[[Sequence[Slip]], None]) -> SlipReport:
    """Make a slip for each of these cases that a crew has; *keep* puts them on disk before their tokens count."""
    report = SlipReport()
    tokens: list[dict[str, Any]] = []
    until = day_of(site, site.now()) + timedelta(days=ANSWER_DAYS)
    crews: dict[str, list[Any]] = {}
    with site.store.read() as connection:
        told = Told(connection, site, case_ids)
        for chunk in chunks(case_ids):
            for row in case_rows.read_crews(connection, chunk):
                crews.setdefault(row.case_id, []).append(row)
        agents = {row.agent_id for crew in crews.values() for row in crew}
        agencies = {row.id: row.agency_name for row in facts_rows.read_agents(connection, agents)}
    for case in told.cases:
        crew = crews.get(case.id, [])
        sentence = why_no_paper(told, case) or (None if crew else "is with nobody who could leave a slip")
        if sentence is not None:
            report.refused.append((case.reference, sentence))
            continue
        token, token_row = draw_token(site, case.id, case.person_id, whole_day(until, site.settings.zone).ends_ms)
        tokens.append(token_row)
        language = choose_language(case.language, site.settings.region)
        names = tuple(each.name for each in crew)
        report.slips.append(Slip(case.name, language, agencies[crew[0].agent_id], names, until, token))
    if tokens:
        keep(report.slips)
        site.store.write(lambda connection: token_rows.add_tokens(connection, tokens))
    log.info("slips_made", by=by, made=len(tokens), refused=len(report.refused))
    return report
