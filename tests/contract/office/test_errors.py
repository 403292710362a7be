"""What is refused is said in both languages: sentences by their text, with their facts, and each kind by its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import server
from schemas.errors import PROBLEMS
from server.services import rights
from server.storage import office_tables
from tests.contract.office.desk import Desk
from tests.contract.office.test_languages import catalogues

ROOT = Path(server.__path__[0])
# Asked by what the office asks.
BEHIND = {"server.services.statements", "server.services.posting", "server.services.watermarks"}
# Every sentence of these has its Chinese; elsewhere one with facts in it still comes in English, after its kind's.
WHOLE = {
    f"server.services.{name}"
    for name in (
        "rights", "linking", "oidc", "statements", "device_days", "exporting", "adding_files", "viewing_files",
        "watermarks",
    )
}  # fmt: skip


def path_of(module: str) -> Path:
    """Give where a module lies."""
    return ROOT.parent.joinpath(*module.split(".")).with_suffix(".py")


@cache
def tree_of(module: str) -> ast.Module:
    """Read a module."""
    return ast.parse(path_of(module).read_text("utf-8"))


def asked_by_the_office() -> set[str]:
    """Give the use cases that the office's pages import, and what stands behind them."""
    names = [f"server.office.{path.stem}" for path in (ROOT / "office").glob("*.py")]
    found = {*names, *BEHIND}
    for node in (each for name in names for each in ast.walk(tree_of(name)) if isinstance(each, ast.ImportFrom)):
        found |= {node.module or "", *(f"{node.module}.{each.name}" for each in node.names)}
    rooms = ("server.office.", "server.services.")
    return {each for each in found if each.startswith(rooms) and path_of(each).exists()}


def calls(module: str, name: str) -> Iterator[ast.Call]:
    """Give the calls of something in a module."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
            yield node


def texts(node: ast.AST | None, module: str) -> Iterator[str]:
    """Give the sentences that an argument may be; none for one that is put together."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.BinOp(left=left, right=right):
            yield from (one + other for one in texts(left, module) for other in texts(right, module))
        case ast.Name(id=name):
            value = getattr(import_module(module), name, None)
            if isinstance(value, str):
                yield value
            for each in ast.walk(tree_of(module)):
                if isinstance(each, ast.Assign) and name in {getattr(to, "id", "") for to in each.targets}:
                    yield from texts(each.value, module)
        case ast.List(elts=parts):
            yield from (each for part in parts for each in texts(part, module))


def refused(module: str) -> Iterator[str]:
    """Give the sentences by which a module refuses."""
    for call in calls(module, "FieldError"):
        given = [each.value for each in call.keywords if each.arg == "detail"]
        given += [value for each in call.args if isinstance(each, ast.Dict) for value in each.values]
        yield from (each for value in given for each in texts(value, module))
    for call in calls(module, "Sentence"):
        yield from texts(call.args[0], module)


def test_every_refusal_has_its_chinese() -> None:
    """What a use case of the office says where it refuses, and what each kind of error is; nothing idle is kept."""
    said = {english for name, english, _ in catalogues() if name == "errors"}
    wanted = {kind.title for kind in PROBLEMS.values()} | {
        each for module in asked_by_the_office() for each in refused(module)
    }

    assert (set(), set()) == (wanted - said, {each for each in said if " " in each} - wanted)


@pytest.mark.parametrize("module", sorted(WHOLE))
def test_a_sentence_with_facts_keeps_them_apart(module: str) -> None:
    """Filled in by hand, no other language could say it."""
    inside = [each for call in calls(module, "FieldError") for each in ast.walk(call)]

    assert [] == [ast.unparse(each) for each in inside if isinstance(each, ast.JoinedStr)]


def test_a_refusal_is_said_in_the_language_of_the_account(desk: Desk) -> None:
    """With its facts, by the name of its field, on a page and on the next one; what has no Chinese yet, by its kind."""
    desk.add("rita", "reviewer")
    admin = desk.sign_in("admin")
    admin.post("/me/language", language="zh")
    [rita] = [row for row in desk.office.rows(office_tables.office_user.select()) if row.name == "rita"]
    address = f"/accounts/{rita.id}/change"

    told = [
        admin.follow(address, seen=rights.state_rights(rita)),
        admin.follow(address, role="auditor", seen="support"),
        admin.follow(address, role="auditor", agency=rita.id, seen="support"),
        admin.follow("/accounts", name="rita", role="auditor"),
    ]

    expected = [
        "角色: 请至少选一个", "此期间另有人更改了这个账号。", f"机构: 没有 {rita.id}",
        "名称: 有些内容不能这样填写。请改正后再试。 ('rita' is taken)",
    ]  # fmt: skip
    assert [] == [sentence for sentence, page in zip(expected, told, strict=True) if sentence not in page]
    assert "此地址没有内容，或不属于您。" in admin.get("/nowhere", 404)
