"""The office speaks both languages whole: each sentence of a page has its Chinese, and nothing idle is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from server.domain.conduct.questions import ASKED
from server.domain.findings.codes import CATALOGUE
from server.office import speaking
from tests.contract.office.desk import Desk

OFFICE = speaking.HERE
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}")
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
BESIDE = {"findings", "codes", "questions", "errors", "domain"}  # whose sentences do not stand in pages


@cache
def asked() -> set[str]:
    """Give every sentence that pages and templates ask for."""
    return {
        each
        for _, _, message, _, _ in extract_from_dir(OFFICE, METHODS, keywords=KEYWORDS)
        for each in ([message] if isinstance(message, str) else message[:1])
    }  # fmt: skip


def catalogues() -> Iterator[tuple[str, str, str]]:
    """Give (catalogue, English, Chinese) of every entry."""
    for path in sorted(Path(OFFICE).glob("translations/*.zh.po")):
        with path.open("rb") as file:
            for entry in read_po(file, locale="zh_Hans"):
                if entry.id:
                    english = entry.id if isinstance(entry.id, str) else entry.id[-1]
                    chinese = entry.string if isinstance(entry.string, str) else entry.string[0]
                    yield path.name.removesuffix(".zh.po"), english, chinese
                    if not isinstance(entry.id, str):
                        yield path.name.removesuffix(".zh.po"), entry.id[0], chinese


def test_every_sentence_of_a_page_has_its_chinese() -> None:
    """What a page may say stands in a catalogue."""
    said = {english for _, english, _ in catalogues()}

    assert set() == {each for each in asked() if each not in said}


def test_no_catalogue_keeps_what_nobody_says() -> None:
    """A sentence that went from the pages goes from the catalogues."""
    plurals = {english for name, english, _ in catalogues() if "%(num)d" in english and name not in BESIDE}

    assert set() == {english for name, english, _ in catalogues() if name not in BESIDE} - asked() - plurals


def test_every_finding_has_its_chinese() -> None:
    """What reconciliation notices is said in both languages, and nothing else stands in that catalogue."""
    said = {english for name, english, _ in catalogues() if name == "findings"}

    assert {sentence for _, sentence in CATALOGUE.values()} == said


def test_every_question_has_its_chinese() -> None:
    """What a reviewer is asked is said in both languages, and nothing else stands in that catalogue."""
    assert set(ASKED.values()) == {english for name, english, _ in catalogues() if name == "questions"}


@pytest.mark.parametrize(("name", "english", "chinese"), list(catalogues()))
def test_chinese_keeps_every_value(name: str, english: str, chinese: str) -> None:
    """No value is lost or invented, nothing is shouted, and it is Chinese."""
    values = set(PLACEHOLDER.findall(english))
    if "%(num)d" not in english:
        assert values == set(PLACEHOLDER.findall(chinese))
    assert chinese
    assert not set("!！") & set(chinese)


def test_a_count_of_any_number_is_said_in_chinese() -> None:
    """Chinese has one form for one and for many; no number falls back to English."""
    texts = speaking.read_texts("zh")

    assert ["%(num)d 个案件"] * 4 == [texts.ngettext("%(num)d case", "%(num)d cases", each) for each in (0, 1, 2, 312)]


def test_pages_come_in_the_language_of_the_account(desk: Desk) -> None:
    """The browser's language before signing in, the account's once it has one."""
    browser = desk.sign_in("reviewer")
    english = browser.get("/queue")
    chinese = browser.client.get("/office/queue", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    browser.post("/me/language", language="zh")
    kept = browser.get("/queue")

    assert '<html lang="en">' in english
    assert "Queue" in english
    assert all('<html lang="zh-Hans">' in page and "待审队列" in page for page in (chinese, kept))
