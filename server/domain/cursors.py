"""
Cursors: how far a device has read both its scopes, as an opaque text.

`epoch.scope.agent_seq.shared_seq`: the scope's mark tells a cursor of another agent's scope from this one's (F5).
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.errors import FieldError


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last seq read of the agent's scope and of the shared one, in an epoch."""

    epoch: str
    scope_id: str
    agent_seq: int = 0
    shared_seq: int = 0

    def __str__(self) -> str:
        return f"{self.epoch}.{_mark(self.scope_id)}.{self.agent_seq}.{self.shared_seq}"


def _mark(scope_id: str) -> str:
    return scope_id.replace("-", "")[-8:]


def read_cursor(text: str | None, epoch: str, scope_id: str) -> Cursor:
    """
    Read a device's cursor; none means from the beginning.

    Raises `FieldError` epoch-changed for one of another epoch, cursor-foreign for one of another scope or none at all.

    >>> str(read_cursor("e1.bbbbbbbb.7.2", "e1", "00000000-0000-7000-8000-aaaabbbbbbbb"))
    'e1.bbbbbbbb.7.2'
    """
    if text is None:
        return Cursor(epoch, scope_id)
    parts = text.split(".")
    if len(parts) != 4 or not (parts[2].isdecimal() and parts[3].isdecimal()) or not text.isascii():
        raise FieldError("cursor-foreign", detail="The cursor is not one of this server's; repair by the manifest.")
    if parts[1] != _mark(scope_id):
        raise FieldError("cursor-foreign")
    if parts[0] != epoch:
        raise FieldError("epoch-changed")
    return Cursor(epoch, scope_id, int(parts[2]), int(parts[3]))
