"""The process behind `fairvisit serve` that does longer jobs: it imports what was uploaded, and writes exports."""

from __future__ import annotations

import signal
import threading

import structlog

from server.app import open_site
from server.parent import has_parent
from server.services.exporting import drop_old_exports, work_export
from server.services.uploading import work_upload

log = structlog.get_logger()
PAUSE_S = 0.5
JOBS = (work_upload, work_export, drop_old_exports)


def run() -> None:
    """Do jobs until told to stop, or until the server that started this is gone."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    site = open_site()
    while not stopped.wait(PAUSE_S) and has_parent():
        for job in JOBS:
            try:
                job(site)
            except Exception:  # one job's failure keeps back no other
                log.exception("job_failed", job=job.__name__)
    site.store.close()


if __name__ == "__main__":
    run()
