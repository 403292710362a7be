"""The process behind `fairvisit serve` that does longer jobs: imports, exports, and what webhooks are told."""

from __future__ import annotations

import signal
import threading

import structlog

from server.app import open_site
from server.parent import has_parent
from server.services.delivering import Sender, drop_old_deliveries
from server.services.exporting import drop_old_exports, work_export
from server.services.site import Site
from server.services.sweeping import sweep_in_time
from server.services.uploading import work_upload

log = structlog.get_logger()
PAUSE_S = 0.5
JOBS = (work_upload, work_export, drop_old_exports, drop_old_deliveries, sweep_in_time)


def run() -> None:
    """Do jobs until told to stop, or until the server that started this is gone."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    site = open_site()
    sending = threading.Thread(target=send, args=(site, stopped), name="sender")
    sending.start()  # beside the jobs: an import takes minutes
    while not stopped.wait(PAUSE_S) and has_parent():
        for job in JOBS:
            try:
                job(site)
            except Exception:  # one job's failure keeps back no other
                log.exception("job_failed", job=job.__name__)
    stopped.set()
    sending.join()
    site.store.close()


def send(site: Site, stopped: threading.Event) -> None:
    """Send what webhooks are to be told, until told to stop; what is under way then is sent again by the next."""
    sender = Sender(site)
    while not stopped.is_set():
        try:
            sender.work(PAUSE_S)
        except Exception:  # the database's trouble: what was taken is taken again later
            log.exception("sending_failed")
            stopped.wait(PAUSE_S)


if __name__ == "__main__":
    run()
