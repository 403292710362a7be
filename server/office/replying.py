"""Replies to begin an answer with, in both languages; whoever answers writes them to an end."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

HERE = Path(__file__).parent


@cache
def read_replies() -> list[Mapping[str, str]]:
    """Give the replies: `name`, `en`, `zh`."""
    read: list[Mapping[str, str]] = yaml.safe_load((HERE / "replies.yaml").read_text("utf-8"))
    return read
