"""
Asking a geocoder where an address is: geopy's geocoders by name, rate limited, with precision from their own types.

An address goes out, `Found` (WGS-84, 1e-7 degree) or None comes back. A geocoder that does not answer, or refuses,
raises `FieldError`, so that what was found so far stands and the rest is asked later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from geopy.exc import (
    GeocoderAuthenticationFailure,
    GeocoderInsufficientPrivileges,
    GeocoderQuotaExceeded,
    GeocoderRateLimited,
    GeopyError,
)
from geopy.extra.rate_limiter import RateLimiter
from geopy.geocoders import BaiduV3, Nominatim, Pelias, Photon

from schemas.errors import FieldError
from schemas.vocabulary import Precision
from server.domain.coordinates import E7, Datum, to_wgs84_e7

USER_AGENT = "fairvisit"
TIMEOUT_S = 20
Raw = Mapping[str, Any]

REFUSALS = (
    GeocoderAuthenticationFailure, GeocoderInsufficientPrivileges, GeocoderQuotaExceeded, GeocoderRateLimited
)  # fmt: skip

_NOMINATIM = {
    **dict.fromkeys(("road", "street", "motorway", "residential", "postcode"), Precision.STREET),
    **dict.fromkeys(("village", "hamlet", "isolated_dwelling", "neighbourhood", "quarter", "farm"), Precision.VILLAGE),
    **dict.fromkeys(("building", "amenity", "shop", "office", "tourism", "leisure", "craft"), Precision.BUILDING),
}
_PHOTON = {"street": Precision.STREET, "locality": Precision.VILLAGE, "house": Precision.BUILDING}
_PELIAS = {"venue": Precision.BUILDING, "street": Precision.STREET, "neighbourhood": Precision.VILLAGE}
_BAIDU = {
    **dict.fromkeys(("道路", "交叉路口", "桥"), Precision.STREET),
    **dict.fromkeys(("国家", "省", "城市", "区县", "乡镇", "商圈", "绿地", "UNKNOWN", "NoClass", ""), Precision.TOWN),
    "村庄": Precision.VILLAGE,
}


@dataclass(frozen=True, slots=True)
class Found:
    """Where an address is, and how exactly that is known."""

    lat_e7: int
    lon_e7: int
    precision: str


Ask = Callable[[str], Found | None]


def precision_of_nominatim(raw: Raw) -> Precision:
    """Give the precision of Nominatim's answer: its address type, or its rank where that says nothing."""
    kind = str(raw.get("addresstype") or raw.get("type") or "")
    rank = int(raw.get("place_rank") or 0)
    if kind in ("house", "house_number") or (rank >= 30 and "house_number" in (raw.get("address") or {})):
        return Precision.DOOR
    return _NOMINATIM.get(kind, Precision.BUILDING if rank >= 30 else Precision.TOWN)


def precision_of_photon(raw: Raw) -> Precision:
    """Give the precision of Photon's answer by its type; a house is a door only if its number was found."""
    properties = raw.get("properties") or {}
    if properties.get("type") == "house" and properties.get("housenumber"):
        return Precision.DOOR
    return _PHOTON.get(str(properties.get("type")), Precision.TOWN)


def precision_of_pelias(raw: Raw) -> Precision:
    """Give the precision of Pelias' answer by its layer; an interpolated house number is as good as its street."""
    properties = raw.get("properties") or {}
    if properties.get("layer") == "address":
        is_measured = properties.get("accuracy") == "point" and properties.get("match_type", "exact") == "exact"
        return Precision.DOOR if is_measured else Precision.STREET
    return _PELIAS.get(str(properties.get("layer")), Precision.TOWN)


def precision_of_baidu(raw: Raw) -> Precision:
    """Give the precision of Baidu's answer by its level; without `precise` a door number was only estimated."""
    level = str(raw.get("level") or "")
    if level == "门址":
        return Precision.DOOR if raw.get("precise") == 1 else Precision.STREET
    return _BAIDU.get(level, Precision.BUILDING)


# name -> precision by the geocoder's own words, and the datum it answers in
GEOCODERS: Mapping[str, tuple[Callable[[Raw], Precision], Datum]] = {
    "nominatim": (precision_of_nominatim, "wgs84"),
    "photon": (precision_of_photon, "wgs84"),
    "pelias": (precision_of_pelias, "wgs84"),
    "baidu": (precision_of_baidu, "bd09"),
}


def make_geocoder(name: str, url: str, key: str, delay_s: float, retry_wait_s: float = 5.0) -> Ask:
    """
    Give a function that asks the geocoder *name*, at most once in *delay_s* seconds.

    *url* is the geocoder's own address where it is not the public one; Pelias has no public one.
    """
    # both log the address that is asked for, also as a warning where they try again: an address is personal
    for talkative in ("geopy", "urllib3"):
        logging.getLogger(talkative).setLevel(logging.CRITICAL)
    geocoder, options = _build(name, url, key)
    limited = RateLimiter(
        geocoder.geocode, min_delay_seconds=delay_s, max_retries=2, error_wait_seconds=retry_wait_s,
        swallow_exceptions=False,
    )  # fmt: skip
    read_precision, datum = GEOCODERS[name]

    def ask(address: str) -> Found | None:
        try:
            location = limited(address, **options)
        except REFUSALS as error:
            reason = f"{name} refuses to answer ({type(error).__name__}). Check its key and quota, then run this again."
            raise FieldError("unavailable", detail=reason) from error
        except GeopyError as error:
            reason = f"{name} does not answer ({type(error).__name__}). Run this again later; what was found stands."
            raise FieldError("unavailable", detail=reason) from error
        if location is None:
            return None
        lat_e7, lon_e7 = to_wgs84_e7(round(location.latitude * E7), round(location.longitude * E7), datum)
        return Found(lat_e7, lon_e7, read_precision(location.raw).value)

    return ask


def _build(name: str, url: str, key: str) -> tuple[Any, dict[str, Any]]:
    """Make geopy's geocoder, and the options its questions need."""
    parts = urlsplit(url if "//" in url or not url else f"https://{url}")
    common = {"user_agent": USER_AGENT, "timeout": TIMEOUT_S, "scheme": parts.scheme or "https"}
    domain = {"domain": (parts.netloc + parts.path).rstrip("/")} if url else {}
    if name == "nominatim":
        return Nominatim(**common, **domain), {"addressdetails": True}
    if name == "photon":
        return Photon(**common, **domain), {}
    if name == "pelias":
        if not url:
            raise FieldError("invalid", {"--geocoder-url": ["Pelias has no public address; name your own."]})
        return Pelias(api_key=key or None, **common, **domain), {}
    if name == "baidu":
        if not key:
            raise FieldError("invalid", {"FAIRVISIT_GEOCODER_KEY": ["Baidu answers with a key only; set it."]})
        geocoder = BaiduV3(key, **common)
        if url:
            geocoder.api = url.rstrip("/") + geocoder.api_path
        return geocoder, {}
    known = ", ".join(GEOCODERS)
    raise FieldError("invalid", {"--geocoder": [f"{name!r} is none of {known}."]})
