"""Pages that can lie are held against the code: words, codes, rules, commands, options, settings and links."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agent_sync.cli import main as agent_sync
from schemas import vocabulary
from schemas.errors import PROBLEMS
from server.cli.main import fairvisit
from server.settings import Settings

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "schemas" / "PROTOCOL.md").read_text()
RULE = re.compile(r"^- ([A-Z]\d+) ", re.MULTILINE)
NAMED_RULES = re.compile(r"((?:[A-Z]\d+(?:, | and )?)+):")
COMMAND = re.compile(r"(?:^|[\s`$(])(fairvisit|agent-sync|make) ([a-z][a-z-]*)([^`\n#|]*)", re.MULTILINE)
TYPED = re.compile(r"^    \$ .*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# PROTOCOL's own lists: the line they begin with, and the enum they must equal.
LISTS = {
    "step_done.step:": vocabulary.Step,
    "contact_result:": vocabulary.ContactResult,
    "identity:": vocabulary.Identity,
    "disposition:": vocabulary.Disposition,
}
PROGRAMS = {"fairvisit": fairvisit, "agent-sync": agent_sync}
KIND_LINES = ("visit:", "other:", "device:")


def pages() -> dict[str, str]:
    """Give the text of each page of the project by its path."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name: (ROOT / name).read_text() for name in listed.stdout.splitlines() if (ROOT / name).exists()}


def listed_words(start: str) -> list[str]:
    """Give the words of the line of PROTOCOL's event block that begins with *start*, without what is in brackets."""
    line = next(line for line in PROTOCOL.splitlines() if line.startswith(start))
    words = re.sub(r"\(.*?\)", "", line.removeprefix(start).split("  methods:")[0])
    return re.findall(r"[a-z_]+", words)


def quoted(text: str) -> str:
    """Give what a page says literally: fenced blocks, what is typed at a `$`, and what stands between back quotes."""
    return "\n".join([*FENCE.findall(text), *TYPED.findall(text), *re.findall(r"`[^`\n]+`", FENCE.sub("", text))])


def commands_named() -> Iterator[tuple[str, str, str, str]]:
    """Give (page, program, command, rest of the line) for each command a page tells people to type."""
    for name, text in pages().items():
        for program, command, rest in COMMAND.findall(quoted(text.replace("\\\n", ""))):
            yield name, program, command, rest


def fault_of(program: click.Group, words: list[str]) -> str:
    """Say what is wrong with a command as a page names it, without some or all of its arguments; empty for nothing."""
    command: click.Command = program
    context = click.Context(program)
    while isinstance(command, click.Group) and words:
        name, *words = words
        found = command.get_command(context, name)
        if found is None:
            return f"there is no command {name}"
        command, context = found, click.Context(found, parent=context)
    try:
        given, rest, _ = command.make_parser(context).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    for each in command.params:
        word = given.get(each.name or "")
        if isinstance(each.type, click.Choice) and isinstance(word, str):
            rest += [] if word in {*each.type.choices, str(each.name).upper()} else [word]
    return f"it does not take {rest}" if rest else ""


def rules_tested() -> set[str]:
    """Give the numbers of the rules that the docstring of some test begins with."""
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named = NAMED_RULES.match(ast.get_docstring(node) or "")
                found |= set(re.findall(r"[A-Z]\d+", named[1])) if named else set()
    return found


class TestProtocol:
    """PROTOCOL.md and the vocabulary are one thing."""

    def test_its_event_kinds_are_the_vocabulary(self) -> None:
        """The three lines of event kinds are `EventKind`, in its order."""
        assert [word for line in KIND_LINES for word in listed_words(line)] == list(vocabulary.EventKind)

    @pytest.mark.parametrize("start", LISTS)
    def test_its_lists_are_the_vocabulary(self, start: str) -> None:
        """Each closed list of the event block is its enum, in its order."""
        assert listed_words(start) == list(LISTS[start])

    def test_each_code_it_names_is_in_the_tables(self) -> None:
        """Every hyphenated word in back quotes is a problem code, a reason for parking or a device's remark."""
        named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PROTOCOL))

        assert named
        assert named - set(PROBLEMS) - set(vocabulary.ParkReason) - set(vocabulary.StartRemark) == set()

    def test_each_rule_has_a_test_that_names_it(self) -> None:
        """A numbered rule without a test that begins with its number is only a wish."""
        assert sorted(set(RULE.findall(PROTOCOL)) - rules_tested()) == []

    def test_no_test_names_a_rule_that_is_not_there(self) -> None:
        """A test that claims to prove a rule proves one that exists."""
        assert sorted(rules_tested() - set(RULE.findall(PROTOCOL))) == []


class TestCommands:
    """What pages tell people to type."""

    def test_each_make_target_exists(self) -> None:
        """`make x` on a page is a target of the Makefile."""
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

        assert {command for _, program, command, _ in commands_named() if program == "make"} <= targets

    def test_each_command_can_be_typed(self) -> None:
        """`fairvisit x --y` or `agent-sync z WORD` on a page is a command that takes this option and this word."""
        wrong = {}
        for page, program, name, rest in commands_named():
            if program in PROGRAMS:
                words = shlex.split(f"{name} {rest}".removesuffix("&").removesuffix("& "))
                wrong[f"{page}: {program} {shlex.join(words)}"] = fault_of(PROGRAMS[program], words)

        assert wrong
        assert {} == {command: fault for command, fault in wrong.items() if fault}

    @pytest.mark.parametrize(
        "words", ["recorder SERIAL", "recorder started --colour red", "photo ONE TWO", "records", "exchange --watch=1"]
    )
    def test_what_cannot_be_typed_is_seen(self, words: str) -> None:
        """A word of no list, an option or command that is not there, one word too many, a value for a flag."""
        assert fault_of(agent_sync, words.split())

    def test_each_setting_exists(self) -> None:
        """A FAIRVISIT_… variable on a page is a field of the settings."""
        known = {f"FAIRVISIT_{name.upper()}" for name in Settings.__dataclass_fields__}
        named = {name for text in pages().values() for name in re.findall(r"FAIRVISIT_[A-Z][A-Z0-9_]*[A-Z0-9]", text)}

        assert named - known == set()


def test_links_between_pages_lead_somewhere() -> None:
    """A relative link is a file of the project."""
    broken = [
        f"{name}: {target}"
        for name, text in pages().items()
        for target in LINK.findall(text)
        if not (ROOT / name).parent.joinpath(target).exists()
    ]

    assert broken == []


def test_what_holds_a_measure_is_there() -> None:
    """Each file and each test that the threat model names exists, and each measure names a test."""
    rows = [line for line in pages()["docs/threat-model.md"].splitlines() if line.startswith("| ")]
    measures = [row for row in rows if not row.startswith(("| measure ", "| --- "))]
    named = {path for row in rows for path in re.findall(r"`(\w+/[\w/.]+)`", row)}

    assert len(measures) > 20
    assert [] == [row for row in measures if "tests/" not in row and not row.endswith("| the same |")]
    assert [] == sorted(path for path in named if not (ROOT / path).exists())
