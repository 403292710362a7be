"""Notes: what is flagged, what nearly would be, and that a span is exactly the text it names."""

from __future__ import annotations

import pytest

from server.domain.conduct.notes import find_spans

HITS = [
    ("I threatened him with a suit.", "threat", "I threatened him"),
    ("We threatened to come back at night.", "threat", "We threatened"),
    ("My colleague threatened the woman.", "threat", "My colleague threatened the woman"),
    ("The agent threatened to come again.", "threat", "The agent threatened"),
    ("He threatened her, I stepped between them.", "threat", "threatened her"),
    ("Told them to pay by Friday or else.", "threat", "pay by Friday or else"),
    ("Warned her that the police will come.", "threat", "Warned her that the police"),
    ("Said he would be arrested.", "threat", "would be arrested"),
    ("I said we know where your son goes to school.", "threat", "we know where your son goes to school"),
    ("Said we’ll take the car.", "threat", "we’ll take the car"),
    ("我威胁了他。", "threat", "我威胁了他"),
    ("我当场威胁说要再来。", "threat", "我当场威胁说"),
    ("告诉他不还就坐牢。", "threat", "不还就坐牢"),
    ("今天必须还，后果自负。", "threat", "后果自负"),
    ("说会叫警察来抓。", "threat", "叫警察来抓"),
    ("He threatened me with a knife.", "agent_threatened", "He threatened me"),
    ("She then threatened to call the police.", "agent_threatened", "She then threatened"),
    ("The husband threatened us.", "agent_threatened", "The husband threatened us"),
    ("We felt threatened and left.", "agent_threatened", "We felt threatened"),
    ("他威胁我，我就走了。", "agent_threatened", "他威胁我"),
    ("家属多次威胁要报警。", "agent_threatened", "家属多次威胁"),
    ("他对我威胁说要报警。", "agent_threatened", "对我威胁"),
    ("我们受到言语威胁。", "agent_threatened", "我们受到言语威胁"),
    ("I humiliated her a bit.", "shaming", "humiliated her"),
    ("Called him a dirty thief.", "shaming", "Called him a dirty thief"),
    ("Stuck the notice on the front door.", "shaming", "Stuck the notice on the front door"),
    ("Spoke up so the neighbours could hear.", "shaming", "so the neighbours could hear"),
    ("In the end we shouted.", "shaming", "we shouted"),
    ("我骂了他几句。", "shaming", "骂了他"),
    ("当面说他是老赖。", "shaming", "说他是老赖"),
    ("贴了通知在门上。", "shaming", "贴了通知在门上"),
    ("在楼下拉了横幅。", "shaming", "拉了横幅"),
    ("让邻居都听见。", "shaming", "让邻居都听"),
    ("让他在村里丢脸。", "shaming", "让他在村里丢脸"),
    ("Told the neighbour about the loan.", "disclosure", "Told the neighbour about the loan"),
    ("I informed his boss that he is overdue.", "disclosure", "informed his boss that he is overdue"),
    ("Asked the mother to pay.", "disclosure", "Asked the mother to pay"),
    ("Left the statement with his sister.", "disclosure", "Left the statement with his sister"),
    ("告诉邻居他欠款的事。", "disclosure", "告诉邻居他欠款"),
    ("向其父母说明了贷款情况。", "disclosure", "向其父母说明了贷款"),
    ("要求他父亲代还。", "disclosure", "要求他父亲代还"),
    ("I took 200 in cash.", "payment_to_agent", "took 200 in cash"),
    ("She gave me 50 euros.", "payment_to_agent", "gave me 50 euros"),
    ("He paid 300 to me.", "payment_to_agent", "paid 300 to me"),
    ("Sent it to my personal account.", "payment_to_agent", "to my personal account"),
    ("收了他两百元现金。", "payment_to_agent", "收了他两百元现金"),
    ("她塞给我一个红包。", "payment_to_agent", "塞给我一个红包"),
    ("客户转账给我。", "payment_to_agent", "转账给我"),
    ("他转了500元给我。", "payment_to_agent", "转了500元给我"),
    ("钱打到我个人微信。", "payment_to_agent", "到我个人微信"),
]
NEAR_MISSES = [
    "She is ashamed and asked for time.",
    "Called her a taxi.",
    "He shouted, we left.",
    "The neighbour told me he owes money.",
    "The man told us his wife has a loan.",
    "Told the neighbour nothing about the loan.",
    "Told the neighbour that I will come again.",
    "He asked me to pay the parking.",
    "I never took cash.",
    "He did not pay me anything, there is nothing to take.",
    "He offered cash, I refused.",
    "He will not be arrested, I told nobody so.",
    "Left the sealed letter in the letterbox.",
    "He paid us a visit at the office.",
    "Waited at the door, or else I would have missed her.",
    "邻居告诉我他欠款。",
    "没有告诉邻居贷款的事。",
    "未收取现金。",
    "拒收现金，请他转账到公司账户。",
    "案件转给我处理。",
    "他骂了我，我离开了。",
    "孩子在家，没有大人。",
    "不得向家属透露欠款。",
    "他没有给我钱。",
    "",
]


@pytest.mark.parametrize(("text", "code", "words"), HITS)
def test_a_note_is_flagged_at_exactly_these_words(text: str, code: str, words: str) -> None:
    """The span is the very text, in both languages; who did it to whom decides between codes."""
    assert {(code, words)} == {(span.code.value, text[span.start : span.end]) for span in find_spans(text)}


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_words_alone_flag_nothing(text: str) -> None:
    """A denial, the other way round, or another sense of the word is no flag."""
    assert [] == find_spans(text)


def test_spans_stand_in_the_order_of_the_text_with_their_patterns() -> None:
    """Both languages in one note; wide characters do not shift what follows."""
    text = "收了现金。🙂 Then he threatened me."

    assert [
        ("payment_to_agent", "收了现金", "zh_took_cash"),
        ("agent_threatened", "he threatened me", "en_they_threatened"),
    ] == [(span.code.value, text[span.start : span.end], span.pattern) for span in find_spans(text)]


def test_both_sides_threatening_are_told_apart() -> None:
    """What was done to the agent hides only itself."""
    text = "He threatened me, so I threatened him."

    assert [("agent_threatened", 0), ("threat", 21)] == [(span.code.value, span.start) for span in find_spans(text)]
