"""
Where San Francisco's places are that came without coordinates, as far as the other places of their street tell.

Comes in: the public file's rows. Goes out: for an address, coordinates with the precision they deserve: the same
house number known (building), a neighbour in the same street (street), the middle of the postal code (town).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

Row = Mapping[str, str]
HOUSE = re.compile(r"\s*(\d+)\s+(.+?)\s*(?:,|#|\b(?:SUITE|STE|SPACE|UNIT|FLOOR|FL|\d+(?:ST|ND|RD|TH) FLOOR)\b|$)")
TYPES = re.compile(r"\b(?:ST|STREET|AVE|AVENUE|BLVD|DR|RD|PL|PLAZA|WAY|LN|CT|TER)\b\.?.*$")
NEAR = 400  # house numbers: about four blocks


@dataclass(frozen=True, slots=True)
class Known:
    """Where an address is, in degrees, and how exactly that is known."""

    lat: float
    lon: float
    precision: str


def read_house(address: str) -> tuple[int, str] | None:
    """
    Give house number and street of an address, None where it has none.

    >>> read_house("500 CALIFORNIA ST, 2ND  FLOOR"), read_house(" OFF THE GRID  ")
    ((500, 'CALIFORNIA'), None)
    """
    if not (match := HOUSE.match(address)):
        return None
    street = TYPES.sub("", match[2]).strip(" .")
    return (int(match[1]), street.lstrip("0")) if street else None


class Gazetteer:
    """The places with coordinates, by street and by postal code."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._streets: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
        self._codes: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in rows:
            if not row["latitude"]:
                continue
            lat, lon = float(row["latitude"]), float(row["longitude"])
            self._codes[row["postal_code"][:5]].append((lat, lon))
            if house := read_house(row["address"]):
                self._streets[house[1]].append((house[0], lat, lon))

    def find(self, row: Row) -> Known | None:
        """Give where a place is that came without coordinates, None where nothing tells."""
        if house := read_house(row["address"]):
            number, street = house
            neighbours = sorted(self._streets.get(street, ()), key=lambda each: (abs(each[0] - number), each))
            if neighbours and abs(neighbours[0][0] - number) <= NEAR:
                nearest, lat, lon = neighbours[0]
                return Known(lat, lon, "building" if nearest == number else "street")
        inside = self._codes.get(row["postal_code"][:5], ())
        if len(inside) < 20:
            return None
        return Known(round(fmean(lat for lat, _ in inside), 6), round(fmean(lon for _, lon in inside), 6), "town")
