"""The gate with its tables: cases as an office has them in SQLite, judged with all that has to be read, and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from server.domain.conduct.judging import can_be_vouched_for
from server.domain.conduct.rules import Rulebook
from server.services import gating, vouching
from server.storage.case_rows import chunks
from server.storage.facts_tables import contact_log
from server.storage.migrating import migrate
from server.storage.portfolio_rows import add_rows
from server.storage.portfolio_tables import import_run
from tests.contract.people.office import DAY_MS, START_MS, Office, opened_office

CASES = 2_000
UNTIL = date(2026, 12, 31)
SAID = {"found_lawful": True, "found_not_time_barred": True, "found_not_refused_by_court": True}
LOG = (("call", "attempt"), ("message", "sent"), ("letter", "sent"), ("call", "attempt"), ("app", "sent"))


def measure_tables(folder: Path) -> dict[str, dict[str, float]]:
    """Judge from the tables, and again with every answer kept; CPU seconds, of the writing thread's too."""
    url = f"sqlite:///{folder}/gate.db"
    migrate(url)
    china = {"zone": "Asia/Shanghai", "region": "CN", "phone_region": "CN", "rulebooks": "CN"}
    with opened_office(url, folder=str(folder), **china) as office:
        books = gating.rulebooks_of(office.site)
        crews = _fill(office, books)
        judged = _clock(office, crews, lambda connection, some: gating.judge_cases(
            connection, office.site, books, some, office.site.now() + 7 * DAY_MS
        ))  # fmt: skip
        kept = _clock(office, crews, lambda connection, some: gating.ask_gate(
            connection, office.site, books, some, 7 * DAY_MS
        ))  # fmt: skip
    answers = len([rule for book in books for rule in book.rules if "gate" in rule.checks]) * CASES
    names = (f"{CASES:,} read and judged", f"{CASES:,} read, judged and kept")
    return {name: {"answers": answers, "cpu_s": cpu_s} for name, cpu_s in zip(names, (judged, kept), strict=True)}


def _clock(
    office: Office, crews: Mapping[str, Sequence[str]], ask: Callable[[Any, Mapping[str, Sequence[str]]], object]
) -> float:
    began = time.process_time()
    for chunk in chunks(list(crews)):
        office.site.store.write(partial(ask, some={case_id: crews[case_id] for case_id in chunk}))
    return time.process_time() - began


def _fill(office: Office, books: Sequence[Rulebook]) -> dict[str, list[str]]:
    """Enter cases with five contacts each, a crew, what the lender says and what the house vouches for."""
    site = office.site
    office.add_agents("a1", "a2")
    case_ids = office.add_cases(CASES, lat_e7=312_300_000, lon_e7=1_214_700_000)
    contact = {"lender": "Bank", "number": "", "content": [], "source": "lender", "digest": "0" * 64, "imported_ms": 1}
    rows = [
        contact
        | {"reference": f"{case_id}/{place}", "case_id": case_id, "channel": channel, "result": result}
        | {"at_ms": START_MS - (20 - 2 * place) * DAY_MS}
        for case_id in case_ids
        for place, (channel, result) in enumerate(LOG)
    ]
    run = {"lender": "Bank", "file_name": "f", "file_sha256": "0" * 64, "state": "finished", "line": 0, "counts": {}}
    run |= {"started_ms": 1, "updated_ms": 1}
    runs = [run | {"id": site.new_id(), "kind": kind} for kind in ("ledger", "contacts")]
    site.store.write(partial(add_rows, table=contact_log, rows=rows))
    site.store.write(partial(add_rows, table=import_run, rows=runs))
    for rule in (rule for book in books for rule in book.rules):
        if can_be_vouched_for(rule):
            vouching.attest_rule(site, rule.id, "Dana", "bench", UNTIL)
    vouching.state_words(site, "Bank", SAID | {"debt_transferred": False}, "Wu", "bench", UNTIL)
    return {case_id: [office.agents["a1"], office.agents["a2"]] for case_id in case_ids}
