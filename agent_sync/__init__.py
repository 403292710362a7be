"""
The device: keeps packets and events durably, and exchanges them with the server in one round trip.

`Device` and `FieldError` are the promised import; everything else may move.
"""

from agent_sync.device import Device
from schemas.errors import FieldError

__all__ = ["Device", "FieldError"]
