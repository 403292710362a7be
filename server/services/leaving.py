"""
Leaving: an agent who is not active any more holds nothing more, and what they still have to send is taken.

Their cases go back to the board, their devices may only send from then on (A4): late work is received and set aside for
a person, and at its next contact, or at its leases' end without one, a device keeps no packet.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from schemas.vocabulary import RemovalReason
from server.services.assigning import unassign
from server.services.site import Site
from server.storage import case_rows, device_rows, people_rows

log = structlog.get_logger()


class Left(NamedTuple):
    """What those who left had: cases that are free again, devices that may only send now."""

    cases: int = 0
    devices: int = 0


def release_agents(site: Site, agent_ids: Collection[str]) -> Left:
    """Take back what these agents have, as far as they are not active; a second time changes nothing."""
    with site.store.read() as connection:
        gone = sorted(people_rows.read_idle(connection, agent_ids))
        cases = case_rows.read_held_by(connection, gone)
    count = unassign(site, cases, RemovalReason.REVOKED)

    def job(connection: Connection) -> int:
        for agent_id in gone:
            device_rows.lock_agent(connection, agent_id)
        return device_rows.withdraw_devices(connection, gone)

    left = Left(count, site.store.write(job) if gone else 0)
    if any(left):
        log.info("agents_left", agents=len(gone), cases=left.cases, devices=left.devices)
    return left
