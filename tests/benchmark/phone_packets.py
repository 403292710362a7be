"""
Packets as the server packs them, by the thousand: a few cases are imported and assigned for real, the rest is stamped.

Sealing a packet derives two keys, 0.4 s; so each further packet takes a real one's body and gets a person, a place and
noise of its own, as long as what it stands for. What a page of them weighs on the wire is what a real one weighs.
"""

from __future__ import annotations

import base64
import csv
import random
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import select

from schemas import canonical
from schemas.vocabulary import WrapKind
from server.services.asking import prepare_pairs
from server.services.assigning import assign
from server.services.importing import FileOrder, import_portfolio
from server.services.people import AgentEntry, put_agents
from server.services.site import Site
from server.storage import feed, tables
from server.storage.feed import Change
from tests.benchmark import gen
from tests.benchmark.seed import Office, Scope

MODELS = 4
COLUMNS = "Loan No,Name,Language,Phone,Address,Amount,Options,Date of birth,Last two digits of ID".split(",")
NOISY = {"ciphertext", "iv", "key", "salt"}


def make_models(site: Site, folder: Path) -> list[dict[str, Any]]:
    """Import a few cases, assign them, and give the packets that the feed then holds."""
    put_agents(site, [AgentEntry("models", "Ann Agent", "North")])
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for number, made in enumerate(gen.cases(MODELS, "models")):
        where, loan = made["address"], made["loan"]
        rows.writerow([
            f"M-{number}", made["name"], "en", made["phones"][0], f"{where['line1']}, {where['city']}",
            loan["outstanding"], "Three parts from June", f"19{70 + number}-03-09", f"7{number}",
        ])  # fmt: skip
    path = folder / "models.csv"
    path.write_text(text.getvalue(), "utf-8")
    import_portfolio(site, FileOrder(path, lender="Zebra Savings Bank", currency="USD"))
    with site.store.read() as connection:
        case_ids = list(connection.scalars(select(tables.case.c.id).where(tables.case.c.reference.like("M-%"))))
    assign(site, case_ids, "models")
    prepare_pairs(site, MODELS)
    with site.store.read() as connection:
        agent_id = connection.scalars(select(tables.agent.c.id).where(tables.agent.c.code == "models")).one()
        rows_of = feed.read_page(connection, agent_id, 0, 10_000_000)
        bodies = [feed.live_body(row.item) for row in rows_of if b'"type":"packet"' in bytes(row.item)]
    if len(bodies) != MODELS or not all("sealed" in body for body in bodies):
        raise RuntimeError(f"{len(bodies)} of {MODELS} packets were packed, or not all of them with their sealed part")
    return [dict(body) for body in bodies]


def add_scope(office: Office, models: list[dict[str, Any]], name: str, count: int) -> Scope:
    """Make an agent with *count* cases and a packet of each."""
    scope = office.add_scope(name, count, packets=False)
    drawn = random.Random(name)
    pairs = zip(scope.case_ids, gen.cases(count, name), strict=True)
    changes = [
        Change(scope.agent_id, "packet", case_id, 1, canonical.encode(_stamp(drawn, drawn.choice(models), record)))
        for case_id, record in pairs
    ]
    office.publish(*changes)
    return scope


def _stamp(drawn: random.Random, model: dict[str, Any], record: gen.Record) -> dict[str, Any]:
    """Give a packet of the same build for another person at another place; of each wrap that can be, one."""
    body = deepcopy(model)
    where = record["address"]
    body["open"]["person"] |= {"name": record["name"], "contacts": {"phone": record["phones"][0]}}
    body["open"]["place"] |= {"address": f"{where['line1']}, {where['line2']}, {where['city']}"}
    wraps = body["sealed"]["wraps"]
    of_facts = next(each for each in wraps if each["kind"] == WrapKind.TWO_FACTS)
    if all(each["kind"] != WrapKind.LETTER_CODE for each in wraps):
        wraps.append({**of_facts, "kind": WrapKind.LETTER_CODE.value})
        del wraps[-1]["asks"]
    for ask in of_facts["asks"]:
        ask["choices"] = sorted(str(drawn.randrange(10, 99)) for _ in ask["choices"])
    for part in (body["sealed"], *wraps):
        for member in NOISY & part.keys():
            size = len(base64.urlsafe_b64decode(part[member] + "=="))
            part[member] = base64.urlsafe_b64encode(drawn.randbytes(size)).rstrip(b"=").decode()
    return body
