"""
The data key of a device whose PIN was wrong too often: the office opens it, so that unsent work is not lost.

Comes in: the device's vault file (`agent_sync/vault.py`). Goes out: the key that `agent-sync recover` takes. It opens
that one store, which whoever uses it has to hold as well. Each opening is noted before the key is handed out.
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.domain.roles import Viewer
from server.services.auditing import note_act
from server.services.site import Site
from server.services.unsealing import UnreadableError, unseal
from server.storage import device_rows
from server.storage.types import AnyRow, is_id

FORMAT = "fairvisit-data-key-1"


def open_data_key(site: Site, raw: bytes, by: str) -> tuple[AnyRow, str]:
    """
    Give the device's row and its data key, in hex, from its vault's `escrow`.

    Raises `invalid` for a file that is no vault, holds no key or was written for another server, `not-found` for an
    unknown device.
    """
    if not by.strip():
        raise FieldError("invalid", {"by": ["say who opens it: it is kept"]})
    try:
        opened: dict[str, Any] = orjson.loads(unseal(site, orjson.loads(raw)["escrow"], FORMAT))
        device_id, data_key = str(opened["device_id"]), str(opened["data_key"])
    except UnreadableError as error:
        raise FieldError("invalid", {"file": [str(error)]}) from None
    except (ValueError, KeyError, TypeError):
        said = "is not the vault of a device's store, or of one that was never enrolled"
        raise FieldError("invalid", {"file": [said]}) from None

    def note(connection: Connection) -> AnyRow:
        device = device_rows.read_device(connection, device_id) if is_id(device_id) else None
        if device is None:
            raise FieldError("not-found", detail="The key is of a device that is not known here.")
        note_act(connection, site, Viewer("", by, frozenset()), "opened_device_key", "device", device_id)
        return device

    return site.store.write(note), data_key
