"""The process behind `fairvisit serve` that folds visits, ends leases and holds: away from the server's own threads."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import structlog

from server.app import open_site
from server.parent import has_parent
from server.services.asking import prepare_pairs
from server.services.help_calls import alert_calls
from server.services.holding import expire_holds
from server.services.leases import expire_leases
from server.services.reconciling import reconcile
from server.services.searching import index_due
from server.services.site import Site

log = structlog.get_logger()
AT_MOST = 200  # visits a round, so that a flood of news leaves room for the exchange
PAIRS_AT_MOST = 4  # keys of facts a round: each takes a quarter of a second, on purpose
LEASES_EVERY_S = 60


def run() -> None:
    """Reconcile until told to stop, or until the server that started this is gone."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    site = open_site()
    pause_s = max(0.05, site.settings.reconcile_every_ms / 1000)
    waited_s = float(LEASES_EVERY_S)
    while not stopped.wait(pause_s) and has_parent():
        waited_s += pause_s
        is_full_round = waited_s >= LEASES_EVERY_S
        waited_s = 0.0 if is_full_round else waited_s
        for step in STEPS if is_full_round else STEPS[:-2]:
            try:
                step(site)
            except Exception:  # one step's failure keeps back no other; the next round tries again
                log.exception("round_failed", step=step.__name__)
    site.store.close()


def fold_visits(site: Site) -> None:
    """Fold visits with news."""
    counts = reconcile(site, AT_MOST)
    if counts["folded"]:
        log.info("reconciled", **counts)


def derive_keys(site: Site) -> None:
    """Derive the keys of facts that lenders told."""
    prepare_pairs(site, PAIRS_AT_MOST)


# Who calls for help waits for nothing; what ends by itself is looked at now and then.
STEPS: tuple[Callable[[Site], object], ...] = (
    alert_calls, fold_visits, derive_keys, index_due, expire_leases, expire_holds,
)  # fmt: skip


if __name__ == "__main__":
    run()
