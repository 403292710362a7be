"""
A server that kills itself (SIGKILL) at the n-th boundary of a durable write.

That is before and after each COMMIT, and before and after each step of keeping a file: fsync, link, unlink.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from werkzeug.serving import make_server

from server.app import create_app, open_site


def between(honest: Callable[..., Any], reach_boundary: Callable[[], None]) -> Callable[..., Any]:
    """Give a call with a boundary on either side."""

    def call(*arguments: Any, **options: Any) -> Any:
        reach_boundary()
        result = honest(*arguments, **options)
        reach_boundary()
        return result

    return call


def main() -> None:
    """Serve on --port until killed."""
    port, kill_at = int(sys.argv[sys.argv.index("--port") + 1]), int(os.environ["KILL_AT"])
    site = open_site()
    count = [0]

    def reach_boundary(*_: Any) -> None:
        count[0] += 1
        if count[0] == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("fsync", "link", "unlink"):
        setattr(os, name, between(getattr(os, name), reach_boundary))
    event.listen(site.store.engine, "commit", reach_boundary)  # told before the COMMIT
    honest = type(site.store).write

    def write(store: Any, job: Any) -> Any:
        result = honest(store, job)
        reach_boundary()
        return result

    type(site.store).write = write  # type: ignore[method-assign]
    make_server("127.0.0.1", port, create_app(site), threaded=True).serve_forever()


if __name__ == "__main__":
    main()
