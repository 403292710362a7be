"""Codes have names in both languages wherever a page shows them: acts, findings, kinds of rules, columns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import server
from server.domain.conduct.retention import RecordClass
from server.domain.conduct.rules import RuleType
from server.domain.conduct.voices import ANSWERS, QUESTIONS
from server.domain.findings.codes import Code
from server.importing.fields import load_spec
from server.office.conflicts import ACTS as DOOR_ACTS
from server.office.devices import ACTS
from server.office.replying import read_replies
from server.office.speaking import read_texts
from server.services.exporting import KINDS, PROFILES
from server.services.uploading import IMPORTS

# Where an act's name stands among a call's arguments.
NOTING = {"note_act": 3, "noted": 2, "do": 1}
LOOKING = {"note_look": 2}
# What calls put together, and what only rows hold.
MADE = {f"device_{act}" for act in ACTS} | {f"{act}_hold" for act in ("lift", "extend", "confirm")}
MADE |= {f"{act}_call" for act in ("take", "hold", "message", "close")} | {"bulk_done", "bulk_cancelled"}
MADE |= {f"{act}_contact" for act in ("accept", "keep", "edit")} | {"approved", "returned", "rejected", "amended"}
MADE |= {"switched_webhook_on", "switched_webhook_off", "joined_persons", "parted_persons", *DOOR_ACTS.values()}
KEPT = {"answer", "verify", "office", "telephone", "device", "public", "identity", "name_phone", "name_address"}
KEPT |= {"rows", "new", "changed", "unchanged", "repeated", "rejected", "doubts", "unplaced", "matches"}
KEPT |= {"call", "message", "letter", "app", "made", "attempt", "sent", "phone", "email", "lender", "known"}
KEPT |= {"door", "photo", "signature", "recording"}
KEPT |= {"not_between", "only_between", "not_on", "not_at", "not_by"}


def named_in_calls(places: dict[str, int]) -> Iterator[str]:
    """Give what the server's sources name at these places of these calls."""
    for path in sorted(Path(server.__path__[0]).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                at = places.get(called)
                if at is not None and len(node.args) > at and isinstance(node.args[at], ast.Constant):
                    yield str(ast.literal_eval(node.args[at]))


CODES = {
    *Code, *RecordClass, *RuleType, *QUESTIONS, *ANSWERS, *KINDS, *PROFILES, *MADE, *KEPT,
    *(each["name"] for each in read_replies()), *(name for kind in IMPORTS for name in load_spec(kind).fields),
    *named_in_calls(NOTING), *named_in_calls(LOOKING),
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_has_a_name_in_chinese(code: str) -> None:
    """A page in Chinese shows no English code."""
    english = code.replace("_", " ").replace("-", " ")

    assert english != read_texts("zh").pgettext("code", english)
