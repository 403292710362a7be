"""
Longer jobs of the office: one worker takes each, says that it lives, and keeps what came of it.

A worker that dies leaves a job that tells nothing any more; the next one begins it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from server.services.site import Site
from server.storage import job_rows
from server.storage.types import AnyRow

log = structlog.get_logger()


def work_job(site: Site, kind: str, dead_ms: int, job: Callable[[AnyRow], Mapping[str, Any]], failed: str) -> bool:
    """
    Do the job that waits longest; say whether there was one.

    *job* gives what is to be kept of it; where it breaks, *failed* is what the page says. A worker that tells nothing
    for *dead_ms* is dead.
    """
    since_ms = site.now() - dead_ms
    with site.store.read() as connection:
        if not job_rows.is_any_free(connection, kind, since_ms):
            return False
    row = site.store.write(lambda connection: job_rows.take_job(connection, kind, site.now(), since_ms))
    if row is None:
        return False
    try:
        done = job(row)
    except Exception:  # the job says that it failed, the log says why
        log.exception("job_failed", kind=kind, job_id=row.id)
        done = {"state": "failed", "problem": failed}
    tell_job(site, kind, row.id, **done)
    return True


def tell_job(site: Site, kind: str, job_id: str, **values: Any) -> None:
    """Keep how far a job is, and that its worker lives."""
    site.store.write(
        lambda connection: job_rows.change_job(connection, kind, job_id, **values, touched_ms=site.now())
    )  # fmt: skip
