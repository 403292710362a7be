"""What an agent reads out at the door: the packet's texts, in one language, with the names filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from agent_sync.views import PacketView

ANY = "und"  # a statement in a rulebook's own words, which nobody translates
MOST_VERSION = 40  # characters, as the wire has it


@dataclass
class Script:
    """The texts of one case. Those that tell what it is about come with the sealed part, once it is open."""

    language: str
    texts: list[Mapping[str, Any]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, view: PacketView, language: str) -> Script:
        """Give the script of a packet, in *language* where it has that, else in the one it has."""
        texts = list(view.open.get("texts", ()))
        tongues = {text["language"] for text in texts} - {ANY}
        spoken = language if language in tongues or not tongues else sorted(tongues)[0]
        return cls(spoken, texts, {"name": str(view.open.get("person", {}).get("name", "")), "principal": "…"})

    def unseal(self, content: Mapping[str, Any]) -> None:
        """Take in what the sealed part says: whose behalf it is on, and texts that nobody else may hear."""
        self.names["principal"] = str(content["lender"])
        self.texts += content.get("texts", ())

    def find(self, key: str) -> list[Mapping[str, Any]]:
        """Give the texts of one step or saying."""
        return [text for text in self.texts if text["key"] == key and text["language"] in {self.language, ANY}]

    def version(self, key: str) -> str:
        """Give the version of what is said, as `step_done` records it; "none" where there is no text."""
        return "+".join(str(text["version"]) for text in self.find(key))[:MOST_VERSION] or "none"

    def say(self, key: str) -> None:
        """Show what to say, with its version and language."""
        for text in self.find(key):
            words = str(text["text"])
            for name, value in self.names.items():
                words = words.replace(f"{{{name}}}", value)
            click.echo(f"  {words}")
            click.echo(f"    ({text['language']}, {text['version']})")
