"""A server's processes end with the one that started them, however that one ends: a stale one would share its port."""

from __future__ import annotations

import os
import threading
import time

SERVER_PID = "FAIRVISIT_SERVER_PID"  # set by `fairvisit serve`; elsewhere nobody is watched
LOOK_EVERY_S = 0.5


def has_parent() -> bool:
    """Say whether the process that started this one still runs."""
    return os.environ.get(SERVER_PID, str(os.getppid())) == str(os.getppid())


def end_with_parent() -> None:
    """End this process at once, from a thread of its own, as soon as its parent is gone."""

    def watch() -> None:
        while has_parent():
            time.sleep(LOOK_EVERY_S)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
