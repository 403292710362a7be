"""Opening the device that the command line names: which store, and what it opens with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from agent_sync import vault
from agent_sync.device import Device

PIN_VARIABLE = "AGENT_SYNC_PIN"


def open_device(chosen: Mapping[str, Any], server: str | None = None) -> Device:
    """Open the device; ask for the PIN where its store needs one, or a new one is to have one."""
    pin = os.environ.get(PIN_VARIABLE)
    needs_pin = vault.needs_pin(chosen["store"])
    if pin is None and (needs_pin or chosen["asks_pin"]):
        pin = ask_pin(is_new=not needs_pin)
    return Device(chosen["store"], server, pin=pin, in_keyring=chosen["in_keyring"])


def ask_pin(*, is_new: bool) -> str:
    """Ask for a PIN without showing it; twice where it is new."""
    asked: str = click.prompt("New PIN" if is_new else "PIN", hide_input=True, confirmation_prompt=is_new, err=True)
    return asked


def new_pin() -> str:
    """Give the PIN that a store is to have from now on."""
    return os.environ.get(PIN_VARIABLE) or ask_pin(is_new=True)


def store_of(chosen: Mapping[str, Any]) -> Path:
    """Give the path of the store that the command line names."""
    return Path(chosen["store"])
