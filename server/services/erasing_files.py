"""
Erasing files by themselves: the key goes first, then the bytes, and a certificate stays; the event that names it stays.

A chain holds the hash of what an event said, and an event the hash of a file, never the file: so every chain verifies
as before. The certificate stands beside the file and in the audit: its hash, the id of the key that was deleted, by
which rule, whom and when. A file that another case names as well is only let go of, and goes with the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection

from schemas.messages import format_time
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.erasure_log import Emptying
from server.services.site import Site
from server.storage import case_rows, retention_rows

log = structlog.get_logger()
CheckHeld = Callable[[Connection, Sequence[str]], None]


def erase_files(site: Site, emptying: Emptying, check_held: CheckHeld) -> None:
    """Erase the files of a case, one after the other; *check_held* raises where a legal hold was placed meanwhile."""
    with site.store.read() as connection:
        hashes = retention_rows.read_case_files(connection, emptying.case_id)
    for sha256 in hashes:

        def note(connection: Connection, key_id: str | None, sha256: str = sha256) -> bool:
            case_rows.lock_cases(connection, [emptying.case_id])  # whoever places a legal hold waits for it, too
            check_held(connection, [emptying.case_id])
            return _note(connection, site, emptying, sha256, key_id)

        site.blobs.erase(sha256, note)
    log.info("files_erased", case_id=emptying.case_id, count=len(hashes))


def _note(connection: Connection, site: Site, emptying: Emptying, sha256: str, key_id: str | None) -> bool:
    """Write the certificate; say whether the bytes may go, which they may not while another case keeps them."""
    is_shared = retention_rows.is_kept_elsewhere(connection, emptying.case_id, sha256)
    retention_rows.give_up_files(connection, emptying.case_id, sha256, emptying.at_ms)
    row = {
        "case_id": emptying.case_id, "sha256": sha256, "key_id": None if is_shared else key_id,
        "reason": emptying.reason, "by": emptying.by, "at_ms": emptying.at_ms,
    }  # fmt: skip
    if retention_rows.add_erased_file(connection, row):
        facts = {
            "case": emptying.case_id, "key": row["key_id"], "reason": emptying.reason, "shared": is_shared,
            "erased_at": format_time(emptying.at_ms),
        }  # fmt: skip
        note_act(connection, site, Viewer("", emptying.by, frozenset()), "erased_file", "file", sha256, **facts)
    return not is_shared
