"""
Changes of house rules: signed by the server's key, kept for ever, in effect until a day.

A row that the server's key did not sign, as it stands, counts for nothing: the rule then stays as strict as its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Any

import structlog
from sqlalchemy import Connection

from schemas import signing
from schemas.errors import FieldError
from schemas.messages import format_time
from server.domain.conduct.periods import local_day
from server.services.keys import signing_key
from server.services.site import Site
from server.storage import conduct_rows, device_rows
from server.storage.types import AnyRow

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Other parameters for one house rule, until the end of a day in the office's zone."""

    id: str
    rulebook: str
    rule_id: str
    params: Mapping[str, Any]
    by: str
    reason: str
    until: date
    made_ms: int
    signature: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "typ": "rule_change",
            "id": self.id,
            "rulebook": self.rulebook,
            "rule_id": self.rule_id,
            "params": dict(self.params),
            "by": self.by,
            "reason": self.reason,
            "until": self.until.isoformat(),
            "made_at": format_time(self.made_ms),
        }


def keep_change(
    site: Site, rulebook: str, rule_id: str, params: Mapping[str, Any], by: str, reason: str, until: date
) -> RuleChange:
    """Sign and keep a change; whether the rule can take these parameters was looked at before."""
    change = RuleChange(site.new_id(), rulebook, rule_id, params, by, reason, until, site.now())
    key, kid = signing_key(site)
    row = {name: value for name, value in change.payload.items() if name not in {"typ", "made_at"}}
    signature = signing.sign(change.payload, key, kid)

    def job(connection: Connection) -> None:
        conduct_rows.add_rule_change(connection, row | {"made_ms": change.made_ms, "signature": signature})

    site.store.write(job)
    log.info("rule_changed", rulebook=rulebook, rule=rule_id, until=until.isoformat())
    return RuleChange(**{name: getattr(change, name) for name in row | {"made_ms": 0}}, signature=signature)


def day_of(site: Site, at_ms: int) -> date:
    """Give the day of a moment in the office's zone."""
    return local_day(at_ms, site.settings.zone)


def read_changes(site: Site, rulebook: str, at_ms: int, within: Connection | None = None) -> list[RuleChange]:
    """Give the changes of a rulebook in effect at a moment, the oldest first; *within* a read that is open already."""
    with site.store.read() if within is None else nullcontext(within) as connection:
        rows = conduct_rows.read_rule_changes(connection, rulebook)
        keys = {row.kid: row.jwk for row in device_rows.read_keys(connection)} if rows else {}
    day = day_of(site, at_ms)
    live = [change for change in map(_change, rows) if change.made_ms <= at_ms and day <= change.until]
    return [change for change in live if _is_signed(change, keys)]


def _change(row: AnyRow) -> RuleChange:
    until = date.fromisoformat(row.until)
    return RuleChange(
        row.id, row.rulebook, row.rule_id, row.params, row.by, row.reason, until, row.made_ms, row.signature
    )


def _is_signed(change: RuleChange, keys: Mapping[str, Mapping[str, Any]]) -> bool:
    try:
        jwk = keys[signing.kid_of(change.signature)]
        if signing.verify(change.signature, signing.load_public(jwk), "rule_change") == change.payload:
            return True
    except (FieldError, KeyError):
        pass
    log.warning("rule_change_not_signed", change=change.id, rulebook=change.rulebook, rule=change.rule_id)
    return False
