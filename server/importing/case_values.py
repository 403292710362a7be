"""
What a good row says of a person, a place and a case, and how it meets what is already known.

Pure: the office's and the agents' corrections stand against a row that did not change; what the lender itself changed
is taken, field by field.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from schemas.vocabulary import FactKind
from server.importing.reading import Record

Values = dict[str, Any]
_OPTION_CUTS = re.compile(r"\s*[;；|\n]\s*")


def case_values(record: Record) -> Values:
    """Give the columns of the case that only the lender fills."""
    sealed: Values = {}
    if options := [option for option in _OPTION_CUTS.split(record.text("options")) if option]:
        sealed["options"] = options
    for field in ("letter_code", "due_on"):
        if text := record.text(field):
            sealed[field] = text
    return {
        "role": record.text("role") or "borrower",
        "product": record.text("product") or None,
        "grade": record.text("grade") or None,
        "currency": record.text("currency"),
        "amount": record.number("amount"),
        "overdue": record.number("overdue"),
        "days_past_due": record.number("days_past_due"),
        "area": record.text("area") or None,
        "sealed": sealed,
    }


def fact_answers(record: Record) -> dict[str, str]:
    """Give what the person can be asked at the door; apart from the case, as it is kept for a short time only."""
    return {kind.value: answer for kind in FactKind if (answer := record.text(kind))}


def person_values(record: Record) -> Values:
    """Give the columns of the person."""
    return {
        "name": record.text("name"),
        "language": record.text("language") or None,
        "contacts": _contacts(record),
    }


def place_values(record: Record) -> Values:
    """Give the columns of the place; without coordinates it is marked as unknown by having none."""
    lat = record.number("lat")
    return {
        "address": record.text("address"),
        "area": record.text("area") or None,
        "postal_code": record.text("postal_code") or None,
        "lat_e7": lat,
        "lon_e7": record.number("lon"),
        "precision": None if lat is None else record.text("precision"),
        "source": None if lat is None else "lender",
    }


def changed_fields(before: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    """
    Give the fields that the lender changed, added or left out since it last told them.

    >>> sorted(changed_fields({"name": "1", "email": "2"}, {"name": "3", "phone": "4"}))
    ['email', 'name', 'phone']
    """
    return {field for field in {*before, *now} if before.get(field) != now.get(field)}


def merge_person(known: Mapping[str, Any], record: Record, changed: Collection[str]) -> Values:
    """Give the person with the fields the lender changed; the others stay, whoever corrected them."""
    new = person_values(record)
    contacts = dict(known["contacts"])
    if "phone" in changed:
        contacts = {name: value for name, value in contacts.items() if not name.startswith("phone")}
        contacts |= {name: value for name, value in new["contacts"].items() if name.startswith("phone")}
    if "email" in changed:
        contacts.pop("email", None)
        contacts |= {name: value for name, value in new["contacts"].items() if name == "email"}
    return {
        "name": new["name"] if "name" in changed else known["name"],
        "language": new["language"] if "language" in changed else known["language"],
        "contacts": contacts,
    }


def join_person(known: Mapping[str, Any], record: Record) -> Values:
    """Give a known person met in a new case: what was missing is added, nothing is replaced."""
    new = person_values(record)
    contacts = dict(known["contacts"])
    for phone in (value for name, value in new["contacts"].items() if name.startswith("phone")):
        free = [name for name in ("phone", "phone_2") if name not in contacts]
        if phone not in contacts.values() and free:
            contacts[free[0]] = phone
    if "email" in new["contacts"]:
        contacts.setdefault("email", new["contacts"]["email"])
    return {"name": known["name"], "language": known["language"] or new["language"], "contacts": contacts}


def merge_place(known: Mapping[str, Any], record: Record, changed: Collection[str]) -> Values:
    """
    Give the place with what the lender changed of it.

    A changed address drops coordinates that were found for the old one; coordinates that someone found for an
    unchanged address stay while the lender itself gives none.
    """
    new = place_values(record)
    merged = {name: known[name] for name in new}
    for field in {"area", "postal_code", "address"} & set(changed):
        merged[field] = new[field]
    has_moved = bool({"lat", "lon", "precision"} & set(changed))
    if "address" in changed or (has_moved and new["lat_e7"] is not None):
        merged |= {name: new[name] for name in ("lat_e7", "lon_e7", "precision", "source")}
    return merged


def _contacts(record: Record) -> dict[str, str]:
    phones = [phone for phone in record.text("phone").split("; ") if phone]
    contacts = dict(zip(("phone", "phone_2", "phone_3", "phone_4"), phones, strict=False))
    return contacts | ({"email": record.text("email")} if record.text("email") else {})
