"""
Choosing: turn what the office names (references, a file, an area, distances) into orders for assigning.

Comes in: words from the command line, or a CSV file. Goes out: case ids and orders. Nothing is written here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence

from schemas.errors import FieldError
from server.domain.assigning import Carrier, Order, nearest, rough_distance
from server.services.site import Site
from server.storage import case_rows, people_rows

COLUMNS = {"lender", "reference", "agent", "companions"}
MOST_SAID = 20


def find_one(ids: Sequence[str], text: str, what: str, command: str) -> str:
    """Give the one id that *text* is, or the ending of; raise `not-found` naming the command that lists them."""
    found = [each for each in ids if each == text] or [each for each in ids if len(text) >= 4 and each.endswith(text)]
    if len(found) != 1:
        count = f"no {what}" if not found else f"{len(found)} of them"
        raise FieldError("not-found", detail=f"{text!r} names {count}; `{command}` shows their ids.")
    return found[0]


def find_cases(site: Site, references: Sequence[str], lender: str | None = None) -> list[str]:
    """Give the ids of the cases with these references; raise `not-found` or `conflict` naming each that is not one."""
    wrong: dict[str, list[str]] = {}
    case_ids = []
    with site.store.read() as connection:
        for reference in references:
            found = case_rows.find_reference(connection, reference, lender)
            if len(found) == 1:
                case_ids += found
            elif found:
                wrong[reference] = [f"is used by {len(found)} lenders; name one with --lender"]
            else:
                wrong[reference] = ["is no case's reference"]
    if wrong:
        raise FieldError("not-found", wrong)
    return case_ids


def find_free(site: Site, area: str | None) -> list[str]:
    """Give the open cases of an area that nobody has; raise `not-found` if there is none."""
    with site.store.read() as connection:
        found = [str(row.id) for row in case_rows.read_unassigned(connection, area)]
    if not found:
        raise FieldError("not-found", detail=f"No open case of area {area!r} is without an agent.")
    return found


def find_due(site: Site, area: str | None, lender: str | None) -> list[str]:
    """Give the open cases that nobody has, of an area and of a lender where they are named."""
    with site.store.read() as connection:
        rows = case_rows.read_unassigned(connection, area)
    return [str(row.id) for row in rows if lender is None or row.lender == lender]


def find_led(site: Site, code: str) -> list[str]:
    """Give the cases an agent leads now."""
    with site.store.read() as connection:
        return case_rows.read_led(connection, people_rows.find_agent(connection, code).id)


def order_for(case_ids: Sequence[str], lead: str, companions: Sequence[str]) -> list[Order]:
    """Give one order for each case, all to the same crew."""
    return [Order(case_id, lead, tuple(companions)) for case_id in case_ids]


def read_orders(site: Site, content: bytes) -> list[Order]:
    """
    Read orders from a CSV file in UTF-8 with the columns lender, reference, agent, companions.

    Companions are parted by spaces or semicolons. Raises `invalid` naming each line that is wrong; then none counts.
    """
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        reader.fieldnames = [title.strip().lower() for title in reader.fieldnames or ()]
        missing = COLUMNS - {"companions"} - set(reader.fieldnames)
        if missing:
            raise FieldError("invalid", {name: ["is missing; add the column"] for name in sorted(missing)})
        rows = [(reader.line_num, {name: (row.get(name) or "").strip() for name in COLUMNS}) for row in reader]
    except UnicodeDecodeError:
        raise FieldError("invalid", {".": ["is not UTF-8; save it again as CSV UTF-8"]}) from None
    except csv.Error as error:
        raise FieldError("invalid", {".": [f"is not CSV: {error}"]}) from None
    keys = sorted({(row["lender"], row["reference"]) for _, row in rows})
    found: dict[tuple[str, str], str] = {}
    with site.store.read() as connection:
        for start in range(0, len(keys), case_rows.CHUNK):
            found |= case_rows.find_cases(connection, keys[start : start + case_rows.CHUNK])
    orders: dict[str, Order] = {}
    wrong: dict[str, list[str]] = {}
    for line, row in rows:
        case_id = found.get((row["lender"], row["reference"]))
        if case_id is None:
            wrong[f"line {line}"] = [f"lender {row['lender']!r} has no case {row['reference']!r}"]
        elif case_id in orders:
            wrong[f"line {line}"] = [f"case {row['reference']!r} is named a second time"]
        elif not row["agent"]:
            wrong[f"line {line}"] = ["names no agent"]
        else:
            companions = tuple(row["companions"].replace(";", " ").split())
            orders[case_id] = Order(case_id, row["agent"], companions)
    if wrong:
        more = len(wrong) - MOST_SAID
        said = dict(list(wrong.items())[:MOST_SAID])
        raise FieldError("invalid", said | ({"and": [f"{more} lines more"]} if more > 0 else {}))
    return list(orders.values())


def choose_nearest(
    site: Site, area: str | None = None, crew: int = 1, codes: Collection[str] | None = None
) -> tuple[list[Order], list[str]]:
    """
    Choose for each open case that nobody has the nearest active agent who has room, and who goes along.

    Only agents of these *codes* are looked at, where they are named.
    Companions are the nearest of the same agency. Gives the orders, and the references of cases without coordinates or
    with too few agents, which go to a person.
    """
    with site.store.read() as connection:
        agents = [
            row for row in people_rows.list_agents(connection)
            if row.status == "active" and row.lat_e7 is not None and (codes is None or row.code in codes)
        ]  # fmt: skip
        cases = case_rows.read_unassigned(connection, area)
    carriers = [Carrier(row.code, (row.lat_e7, row.lon_e7), row.cases, row.capacity) for row in agents]
    agencies = {row.code: row.agency_name for row in agents}
    if not carriers:
        detail = "No active agent has coordinates; give them with `fairvisit agents add --at` or in the agents' file."
        raise FieldError("conflict", detail=detail)
    orders, unplaced = [], []
    for case in cases:
        point = None if case.lat_e7 is None else (case.lat_e7, case.lon_e7)
        chosen = None if point is None else nearest(point, carriers)
        if point is None or chosen is None:
            unplaced.append(case.reference)
            continue
        mates = [each for each in carriers if each is not chosen and agencies[each.code] == agencies[chosen.code]]
        mates.sort(key=lambda each: (rough_distance(point, each.at), each.code))
        if len(mates) < crew - 1:
            unplaced.append(case.reference)
            continue
        chosen.load += 1
        orders.append(Order(case.id, chosen.code, tuple(each.code for each in mates[: crew - 1])))
    return orders, unplaced
