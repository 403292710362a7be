"""Papers say what their list of contents says, in both languages, and nothing that a bystander may learn from."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from server.domain.conduct.rules import RuleType
from server.domain.notices import CODE_LENGTH, CONTENT, LANGUAGES, Letter, Slip, make_letter_code, message_of
from server.services.notice_papers import render_letters, render_slips, write_links
from server.services.rulebooks import load_shipped

ADDRESS = "https://visits.example.org"
ENGLISH = Letter(
    "01a20aaa-5530-7422-a3dd-cd6c5cec3b31", "Maria Okonkwo", "88 King Street", "San Francisco", "94107", "en",
    "Golden Gate Bank", "L-000123", "North Field Agency", ("Ann Keller", "Bo Lindqvist"), date(2026, 12, 3),
    "10:00", "12:00", date(2027, 3, 3), "+15550100", "maria@example.org", "7K3MQW9X2BTZ7K3MQW9X2BTZ7K3M", "H4RN-8VWP",
)  # fmt: skip
LETTERS = {
    "en": ENGLISH,
    "zh": replace(
        ENGLISH, language="zh", name="林美玲", address="苓雅区四维三路2号", lender="海湾储蓄银行", agency="北区外访",
        agents=("王芳", "李强"),
    ),
}  # fmt: skip
# UI.md: nowhere before identity is confirmed, nor on anything others may see
UNSAID = re.compile(
    r"debt|\bow(?:e|ing)|overdue|arrear|collect|repay|loan|default|court|police|债|欠|逾期|催|还款|贷|违约|法院|警",
    re.IGNORECASE,
)


class Reading(HTMLParser):
    """Reads a page as a person does: the words, by the class or the contents of the paragraph they stand in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.holds: list[str] = []
        self.words: list[str] = []
        self._silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a paragraph says that it holds."""
        self._silent += tag in {"style", "title", "svg"}
        self.holds += (dict(attrs).get("data-holds") or "").split()

    def handle_endtag(self, tag: str) -> None:
        """Listen again."""
        self._silent -= tag in {"style", "title", "svg"}

    def handle_data(self, words: str) -> None:
        """Take words in."""
        if not self._silent:
            self.words.append(words)

    @property
    def text(self) -> str:
        """All words in their order."""
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_holds_what_its_list_says(language: str) -> None:
    """Each named content is a paragraph of the letter, once, and no paragraph names one that is not listed."""
    assert sorted(CONTENT) == sorted(Reading(render_letters(ADDRESS, [LETTERS[language]])).holds)


@pytest.mark.parametrize(("rulebook", "rule_id"), [("FLOOR", "FLOOR-NOTICE-001"), ("UK", "UK-NOTICE-001")])
def test_the_list_is_enough_for_the_rules_a_letter_can_keep(rulebook: str, rule_id: str) -> None:
    """The house's own notice, and the one UK's rulebook asks for, ask for nothing a letter does not hold."""
    rules = [each for each in load_shipped(rulebook).rules if each.type is RuleType.PRIOR_NOTICE]

    assert [rule_id] == [each.id for each in rules]
    assert set(rules[0].params.content) - set(CONTENT) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_told_stands_in_letter_and_message(language: str) -> None:
    """Day, hours, agency, agents, the way to check and the way to answer are said in words, not only by the list."""
    letter = LETTERS[language]
    day = {"en": "Thursday 3 December 2026", "zh": "2026年12月3日（星期四）"}[language]
    told = [letter.name, day, "10:00", "12:00", letter.agency, *letter.agents, f"{ADDRESS}/verify", f"{ADDRESS}/answer"]
    page = Reading(render_letters(ADDRESS, [letter])).text
    message = message_of(letter, f"{ADDRESS}/verify", f"{ADDRESS}/answer/{letter.token}")

    assert [] == [each for each in told if each not in page]
    assert [] == [each for each in told[1:] if each not in message]
    assert letter.code in page
    assert "7K3M-QW9X-2BTZ-7K3M-QW9X-2BTZ-7K3M" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_above_the_fold_nothing_tells_what_it_is_about(language: str) -> None:
    """Through the window and above the first fold: the person, the address, a number; no sender, no square, no link."""
    letter = LETTERS[language]
    page = render_letters(ADDRESS, [letter])
    above = page[page.index('class="window"') : page.index("data-holds")].rsplit("<p>", 1)[0]

    assert [letter.name, letter.address] == [each for each in (letter.name, letter.address) if each in above]
    unsaid = [letter.lender, letter.agency, *letter.agents, letter.reference, ADDRESS, "<svg", letter.code]
    assert [] == [each for each in unsaid if each in above]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_paper_uses_words_that_shame(language: str) -> None:
    """Letters, messages and slips keep to UI.md: no word of debt, collection, courts, in either language."""
    letter = replace(LETTERS[language], lender="Bank", agency="North")
    slip = Slip(letter.name, language, letter.agency, letter.agents, letter.until, letter.token)
    said = [
        Reading(render_letters(ADDRESS, [letter])).text,
        Reading(render_slips(ADDRESS, [slip])).text,
        message_of(letter, "", ""),
    ]

    assert [] == [found.group() for text in said for found in UNSAID.finditer(text)]


def test_the_links_never_carry_a_code() -> None:
    """The file for the lender's messages has whom to write to and the link, never what opens the sealed part."""
    links = write_links(ADDRESS, list(LETTERS.values()))

    assert 2 == links.count(f"{ADDRESS}/answer/{ENGLISH.token},2027-03-03")
    assert [] == [each for each in (ENGLISH.code, ENGLISH.code.replace("-", "")) if each in links]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_slip_says_outside_only_whom_it_is_for(language: str) -> None:
    """The outside is a page of its own with the name on it; everything else is inside, and no code is on it."""
    letter = LETTERS[language]
    slip = Slip(letter.name, language, letter.agency, letter.agents, letter.until, letter.token)
    outside, inside = render_slips(ADDRESS, [slip]).split("</section>")[:2]
    said = {"en": f"Personal. For {letter.name} only.", "zh": f"{letter.name} 本人亲启"}[language]

    assert said == Reading(outside[outside.index("<section") :]).text
    assert letter.agency in inside
    assert f"{ADDRESS}/answer" in inside


def test_names_cannot_become_markup() -> None:
    """A name with letters that mean something to a browser is a name."""
    page = render_letters(ADDRESS, [replace(ENGLISH, name="<b>Bo & Co</b>")])

    assert "<b>Bo" not in page
    assert "<b>Bo & Co</b>" in Reading(page).text


def test_codes_are_short_and_hard_to_mistake() -> None:
    """Eight letters in two groups, none of them like another, each drawn from all of the random bytes."""
    codes = {make_letter_code(bytes([n]) * 16) for n in range(256)}

    assert 256 == len(codes)
    assert {CODE_LENGTH + 1} == {len(code) for code in codes}
    assert set() == set("01ILOU") & set("".join(codes))
