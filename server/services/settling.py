"""Settling a month: the visits that began in it, counted once, signed by the server."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from server.domain.settling import Line, SettledVisit, month_of, settle
from server.services.keys import signing_key
from server.services.site import Site
from server.storage import field_rows


def settle_month(site: Site, month: str, agencies: Collection[str] = ()) -> list[Line]:
    """Give a month's lines (`YYYY-MM`, in the office's zone), of these agencies (ids) or of all."""
    try:
        since_ms, until_ms = month_of(month, site.settings.zone)
    except ValueError:
        raise FieldError("invalid", {"month": [f"'{month}' is not a month, YYYY-MM"]}) from None
    with site.store.read() as connection:
        rows = field_rows.read_month(connection, sorted(agencies), since_ms, until_ms)
    return settle(
        SettledVisit(row.case_id, row.visit_id, row.state, row.agency_name, row.code, bool(row.is_contested))
        for row in rows
    )  # fmt: skip


def sign_settlement(site: Site, month: str, lines: Sequence[Line]) -> str:
    """Sign a settlement as the server: JWS over month, moment and every line with its ids."""
    key, kid = signing_key(site)
    payload: dict[str, Any] = {
        "typ": "settlement", "month": month, "at": format_time(site.now()), "lines": [asdict(line) for line in lines],
    }  # fmt: skip
    return signing.sign(payload, key, kid)
