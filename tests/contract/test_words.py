"""Words, codes and tables: the pages, the vocabularies and the code say the same, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema

from schemas import event, exchange, packet, vocabulary
from schemas.errors import PROBLEMS
from schemas.problem import ProblemSchema
from schemas.words import WORDS, say
from server.domain.findings.codes import Code
from server.domain.reviewing import State
from tests.builders import read_vectors
from tests.contract.doc_tables import PAGES, fill

ROOT = Path(__file__).parents[2]
PROTOCOL, GLOSSARY = (page.read_text(encoding="utf-8") for page in PAGES)
VOCABULARIES = [value for value in vars(vocabulary).values() if isinstance(value, type) and issubclass(value, StrEnum)]
VOCABULARIES.remove(StrEnum)
CHINESE = re.compile("[\u4e00-\u9fff]")
SAME_IN_BOTH = {"WGS-84", "GCJ-02"}  # names that nobody translates
THINGS = """
person case place agency team agent crew device packet visit event outbox batch receipt exchange chain checkpoint
countersignature scope feed cursor rulebook verdict limits quota appointment hold finding decision statement parked
office
"""
VERBS = "import assign pack issue record exchange receive park fold find decide return amend enrol revoke seal open"
# What the server or a device says by itself; other vocabularies are what people choose from.
SAID_BY_CODE = [
    vocabulary.ParkReason,
    vocabulary.Flag,
    vocabulary.ReceiptStatus,
    vocabulary.EventKind,
    vocabulary.ItemType,
    vocabulary.DirectiveKind,
]
# States and members that rules name and no schema holds; they are texts of the code.
ELSEWHERE = {"from_seq", "upload_only", "rule_change", "fairvisit-exchange-1", "fairvisit-data-key-1"}


@cache
def trees() -> dict[Path, ast.Module]:
    """Read every module of the three packages."""
    paths = [path for room in ("schemas", "server", "agent_sync") for path in (ROOT / room).rglob("*.py")]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def nodes(*, outside: str = "") -> Iterator[ast.AST]:
    """Give every node of the code, but for one module."""
    for path, tree in trees().items():
        if not outside or path != ROOT / outside:
            yield from ast.walk(tree)


def texts(*, outside: str) -> set[str]:
    """Give every text constant in the code outside one module."""
    return {
        node.value for node in nodes(outside=outside) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


class TestVocabularies:
    """Every closed list has words for people."""

    def test_every_vocabulary_has_its_words(self) -> None:
        """No enum of the wire is without a table of words, and no table without an enum."""
        assert set(VOCABULARIES) == set(WORDS)

    @pytest.mark.parametrize("words", VOCABULARIES, ids=lambda words: words.__name__)
    def test_every_word_is_said_in_both_languages(self, words: type[StrEnum]) -> None:
        """Each word has an English and a Chinese name, and none is named that is not there."""
        assert [word.value for word in words] == list(WORDS[words])
        for word in words:
            english, chinese = say(word), say(word, "zh")
            assert english.isascii()
            assert english == english.strip() != ""
            assert CHINESE.search(chinese) or chinese in SAME_IN_BOTH, word

    @pytest.mark.parametrize("words", VOCABULARIES, ids=lambda words: words.__name__)
    def test_no_two_words_of_a_list_are_said_alike(self, words: type[StrEnum]) -> None:
        """A person who reads one of them knows which it is."""
        for place in (0, 1):
            said = [pair[place] for pair in WORDS[words].values()]
            assert len(said) == len(set(said))

    @pytest.mark.parametrize("words", VOCABULARIES, ids=lambda words: words.__name__)
    def test_every_list_promises_something(self, words: type[StrEnum]) -> None:
        """The sentence that stands over the list in GLOSSARY.md is there, and ends."""
        assert (words.__doc__ or "").splitlines()[0].endswith(".")

    @pytest.mark.parametrize("tag", ["zh", "zh-CN", "zh-Hans", "zh-TW"])
    def test_any_chinese_is_answered_in_chinese(self, tag: str) -> None:
        """A language tag with a region is understood."""
        assert say(vocabulary.ContactResult.NOBODY, tag) == "无人在家"

    @pytest.mark.parametrize("words", SAID_BY_CODE, ids=lambda words: words.__name__)
    def test_every_word_the_server_or_device_gives_is_used(self, words: type[StrEnum]) -> None:
        """A word that no code gives or reads would be a promise nobody keeps."""
        named = {
            node.attr
            for node in nodes(outside="schemas/vocabulary.py")
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute)
        }
        given = texts(outside="schemas/words.py")

        assert [word for word in words if word.name not in named and word.value not in given] == []


class TestErrorTable:
    """One table for every error."""

    def test_every_code_that_is_raised_is_in_the_table(self) -> None:
        """`FieldError("…")` anywhere names a line of the table."""
        raised = {
            node.args[0].value
            for node in nodes()
            if isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) == "FieldError"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        }

        assert raised
        assert raised - set(PROBLEMS) == set()

    def test_every_line_of_the_table_is_used(self) -> None:
        """A code that nothing raises is no error anybody can meet."""
        assert set(PROBLEMS) - texts(outside="schemas/errors.py") == set()

    def test_the_wire_and_parking_share_no_code_by_chance(self) -> None:
        """Reasons for parking are no problem codes, but for `invalid`, which means the same in both."""
        assert set(PROBLEMS) & set(vocabulary.ParkReason) == {"invalid"}


class TestPages:
    """PROTOCOL.md and GLOSSARY.md cannot lie."""

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_its_tables_are_written_from_the_code(self, page: Path) -> None:
        """`python -m tests.contract.doc_tables` would change nothing."""
        text = page.read_text(encoding="utf-8")

        assert "<!-- table: " in text
        assert fill(text) == text

    @pytest.mark.parametrize("kind", list(vocabulary.EventKind))
    def test_every_kind_is_in_both_pages(self, kind: str) -> None:
        """Event kinds are explained on the wire's page and named on the words' page."""
        assert f"| `{kind}` |" in PROTOCOL
        assert f"| `{kind}` |" in GLOSSARY

    @pytest.mark.parametrize("code", [*PROBLEMS, *vocabulary.ParkReason, *vocabulary.Flag, *vocabulary.ItemType])
    def test_every_code_is_in_the_protocol(self, code: str) -> None:
        """Errors, reasons for parking, flags and item types stand in a table of PROTOCOL.md."""
        assert f"| `{code}` |" in PROTOCOL

    @pytest.mark.parametrize("code", [*Code, *State])
    def test_every_finding_and_state_is_in_the_glossary(self, code: str) -> None:
        """Findings and states of a visit are named on the words' page."""
        assert f"| `{code}` |" in GLOSSARY

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_every_compound_word_it_quotes_exists(self, page: Path) -> None:
        """What stands between back quotes with a `_` or `-` in it is a word, a code or a member of the code."""
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        quoted = set(re.findall(r"`([a-z]+(?:[_-][a-z0-9]+)+)\??`", text))

        assert len(quoted) > 20
        assert quoted - known_words() - (ELSEWHERE & texts(outside="tests")) == set()

    @pytest.mark.parametrize("word", [*THINGS.split(), *VERBS.split()])
    def test_every_word_of_the_design_is_explained(self, word: str) -> None:
        """Each word of DESIGN section 2 has its line."""
        assert f"| **{word}** |" in GLOSSARY

    def test_every_thing_has_a_chinese_word(self) -> None:
        """The first table has three columns, the last of them Chinese, and no two things share a word there."""
        things = GLOSSARY.split("## Things")[1].split("## Verbs")[0]
        chinese = [line.split(" | ")[-1].removesuffix(" |") for line in things.splitlines() if line.startswith("| **")]

        assert all(CHINESE.search(word) for word in chinese)
        assert len(chinese) == len(set(chinese))


def known_words() -> set[str]:
    """Give every word a page may quote: vocabularies, codes, members of objects, purposes of signatures."""
    schemas = [
        value
        for module in (event, exchange, packet)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Schema)
    ] + [ProblemSchema, *event.EVENT_SCHEMAS.values()]
    words = {word.value for words in VOCABULARIES for word in words}
    members = {name for schema in schemas for name in schema().fields}
    return words | members | set(PROBLEMS) | set(Code) | set(State)


class TestSignatures:
    """The table of signatures in PROTOCOL.md."""

    ROWS = re.findall(r"^\| `([a-z_]+)` \| ([a-z ]+) \| ([a-z, ]+) \| ([^|]+) \|", PROTOCOL, re.MULTILINE)

    def test_every_typ_of_the_code_is_in_it_and_no_other(self) -> None:
        """A `typ` that code signs is in the table, and each in the table is signed somewhere."""
        signed = {
            value.value
            for node in nodes()
            if isinstance(node, ast.Dict)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and key.value == "typ" and isinstance(value, ast.Constant)
        }

        assert signed == {row[0] for row in self.ROWS}

    @pytest.mark.parametrize("vector", [each for each in read_vectors("signatures") if each["name"].startswith("typ ")],
                             ids=lambda vector: vector["name"])  # fmt: skip
    def test_its_members_are_those_of_the_vectors(self, vector: dict[str, Any]) -> None:
        """The payload in the table is the payload that the golden vectors sign."""
        payload = vector["expected"]["payload"]
        row = next(row for row in self.ROWS if row[0] == payload["typ"])

        assert set(row[3].split(", ")) == set(payload) - {"typ"}
