"""
What an outcome note seems to say: threats, shaming, telling others, money taken, each as a span of the text.

A list of named patterns in English and Chinese, so that whoever asks why reads which one matched where. It flags for
a reviewer's eye and decides nothing: it misses what is put otherwise, and a note that quotes a word may be flagged.
Who did it to whom matters: "he threatened me" is the agent's safety, not the agent's conduct.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class NoteCode(StrEnum):
    """What a span may be about."""

    THREAT = "threat"
    SHAMING = "shaming"
    DISCLOSURE = "disclosure"
    PAYMENT_TO_AGENT = "payment_to_agent"
    AGENT_THREATENED = "agent_threatened"


class Span(NamedTuple):
    """A flagged part of a note, `text[start:end]`, and the pattern that matched it."""

    code: NoteCode
    start: int
    end: int
    pattern: str


_THEM = r"(?:him|her|them|the\s+(?:person|man|woman|couple|family|borrower|customer))"
_WHO = (
    r"(?:neighbou?r|wife|husband|spouse|partner|mother|father|parent|son|daughter|child|children|kid|brother|sister|"
    r"relative|family|boss|employer|manager|colleague|co-?worker|landlord|flatmate|roommate|guard|receptionist)s?"
)
_MATTER = r"(?:debt|loan|owe[sd]?|overdue|arrears|repay\w*|borrowed|instal+ments?|collections?)"
_CREW = r"(?:agent|colleague|collector|companion|lead|teammate)"
_REST = r"[^.;!?\n]"  # of the same sentence
_NOT_HE = r"(?<!\bhe\s)(?<!\bshe\s)(?<!\bthey\s)"  # what the person did is not what the agent did
_HE = r"(?:他|她|对方|客户|借款人|债务人)"
_KIN = (
    r"(?:邻居|父母|父亲|母亲|爸爸|妈妈|妻子|丈夫|老婆|老公|配偶|儿子|女儿|孩子|同事|老板|领导|单位|保安|物业|门卫|亲戚|"
    r"家人|家属|室友|房东|村委|居委|前台)"
)
_NOT = "".join(f"(?<!{no})" for no in "没 没有 未 未曾 不 不得 不能 不会 不要 不可 不准 拒 拒绝 勿 别".split())
_ZH_REST = r"[^。；！？\n]"

# Code -> pattern's name -> what it matches. To add one: a line here, a hit and a near miss in test_notes.py.
_PATTERNS: dict[NoteCode, dict[str, str]] = {
    NoteCode.AGENT_THREATENED: {
        "en_they_threatened": (
            rf"\b(?:he|she|they|somebody|someone|(?:the|his|her|their)\s+(?!{_CREW})\w+)\s+(?:\w+ly\s+|then\s+|also\s+)?"
            rf"threaten(?:s|ed)\b(?!\s+{_THEM}\b)(?:\s+(?:me|us)\b)?"
        ),
        "en_threatened_me": r"\bthreaten(?:ed|ing|s)\s+(?:me|us|my\s+\w+)\b",
        "en_i_was_threatened": r"\b(?:i|we)\s+(?:was|were|felt|got|have\s+been|had\s+been)\s+(?:\w+\s+)?threatened\b",
        "zh_they_threatened": (
            rf"(?:{_HE}|(?!同事){_KIN})(?:们)?(?:还|又|当场|口头|一直|多次|出言){{0,2}}威胁(?!{_HE})(?:我们?)?"
        ),
        "zh_threatened_me": r"威胁(?:了)?(?:我们?|业务员|外访员)",
        "zh_i_was_threatened": (
            r"(?:对|向)我们?(?:进行)?威胁|"
            r"(?:我们?|业务员|外访员)(?:被|遭到?|受到?)(?:了)?[^。；！？，\n]{0,6}威胁"
        ),
    },
    NoteCode.THREAT: {
        "en_threatened_them": rf"\bthreaten(?:ed|ing|s)?\s+{_THEM}\b",
        "en_i_threatened": rf"\b(?:i|we)\s+(?:(?:have|had|also|then)\s+)?threaten(?:ed)?\b(?:\s+{_THEM}\b)?",
        "en_crew_threatened": rf"\b(?:my|our|the)\s+{_CREW}\s+threatened\b(?:\s+{_THEM}\b)?",
        "en_pay_or_else": (
            rf"\b(?:pay|sign|open)\b{_REST}{{0,40}}\bor\s+else\b"
            r"(?=\s*(?:[.,!…]|$)|\s+(?:i|we|they|he|she|you|it|there|the|his|her)\b)"
        ),
        "en_told_of_arrest": (
            rf"\b(?:told|warned)\s+{_THEM}\b(?!{_REST}{{0,40}}\b(?:no\s+one|nobody|(?:not|never)\s+be)\b)"
            rf"{_REST}{{0,60}}\b(?:police(?!\s+station)|jail|prison|arrest\w*|deport\w*)\b"
        ),
        "en_will_be_arrested": (
            r"(?<!no one )(?<!nobody )\b(?:will|would|going\s+to|could)\s+(?:be|get)\s+"
            r"(?:arrested|jailed|locked\s+up|deported)\b"
        ),
        "en_know_where": rf"\b(?:we|i)\s+know\s+where\b{_REST}{{0,30}}\b(?:lives?|works?|school)\b",
        "en_will_take": (
            r"\b(?:i|we)(?:['’]ll|\s+will|\s+would)\s+(?:take|seize|break|burn)\b"
            rf"(?!{_REST}{{0,20}}\b(?:photos?|pictures?)\b){_REST}{{0,30}}"
            r"\b(?:car(?!\s+to\b)|house|furniture|child(?:ren)?|kids|door|window)\b"
        ),
        "zh_threatened_them": rf"威胁(?:了)?{_HE}",
        "zh_i_threatened": rf"(?<!对)(?<!向)(?:我们?|同事)(?:当场|就|也|曾|又)?威胁(?:(?:了|过)?{_HE}|了|过|说|要)",
        "zh_or_else": rf"(?:否则|不还){_ZH_REST}{{0,12}}(?:坐牢|抓人?|曝光|通讯录|找你?家人|好看|上门闹)",
        "zh_consequences": r"后果自负|等着坐牢|让[他她你]坐牢|弄死|打断[他她你]?的?腿",
        "zh_police_take": rf"(?:叫|让|喊)警察{_ZH_REST}{{0,6}}抓",
    },
    NoteCode.SHAMING: {
        "en_shamed_them": rf"\b(?:sham(?:ed|ing)|humiliat(?:ed|ing)|embarrass(?:ed|ing)|insult(?:ed|ing))\s+{_THEM}\b",
        "en_called_names": (
            rf"\bcalled\s+{_THEM}\s+(?:an?\s+)?(?:\w+\s+)?"
            r"(?:liar|thief|thieves|cheat|deadbeat|crook|fraud|scum|idiot|parasite)s?\b"
        ),
        "en_notice_in_public": (
            rf"\b(?:put|stuck|posted|hung|taped|pinned)\s+(?!{_REST}{{0,40}}\b(?:sealed|letterbox|mailbox|under)\b)"
            rf"(?:\w+\s+){{0,5}}(?:notice|poster|note|sign|letter|banner)\b"
            rf"{_REST}{{0,30}}\b(?:door|gate|wall|noticeboard|lobby|entrance|lift|elevator|window)\b"
        ),
        "en_neighbours_hear": (
            rf"\bso\s+(?:that\s+)?(?:all\s+)?(?:the\s+)?neighbou?rs\b{_REST}{{0,25}}\b(?:hear|see|know)\b"
        ),
        "en_i_shouted": r"\b(?:i|we)\s+(?:shouted|yelled)\b",
        "zh_insulted_them": rf"{_NOT}(?:辱骂|侮辱|羞辱|嘲笑|骂)(?:了)?{_HE}",
        "zh_called_names": rf"(?:骂|叫|喊|说){_HE}?是?(?:个)?(?:老赖|骗子|无赖)",
        "zh_notice_in_public": rf"{_NOT}(?:张贴|贴){_ZH_REST}{{0,10}}(?:门上|门口|墙上|公告栏|电梯|楼道|单元门)",
        "zh_banner": r"(?:拉|挂)(?:了|起)?(?:条)?横幅",
        "zh_neighbours_hear": r"让(?:左右|楼上楼下)?(?:邻居|街坊)们?(?:都|全)?(?:听|知道|看)",
        "zh_make_lose_face": rf"让{_HE}(?:在\w{{1,6}})?(?:丢人|丢脸|出丑|难堪)",
    },
    NoteCode.DISCLOSURE: {
        "en_told_others": (
            rf"{_NOT_HE}\b(?:told|informed|explained\s+to|showed)\s+(?!me\b|us\b)(?:\w+\s+){{0,2}}{_WHO}\b"
            rf"(?!\s+(?:nothing|neither|no\s+word))(?:\s+{_REST}{{0,60}})?\b{_MATTER}\b"
        ),
        "en_asked_others_to_pay": (
            rf"\b(?:asked|urged|told|got)\s+(?!me\b|us\b)(?:\w+\s+){{0,2}}{_WHO}\s+to\s+(?:re)?pay\b"
        ),
        "en_left_papers": (
            rf"\b(?:left|gave|handed|showed)\s+(?:\w+\s+){{0,3}}(?:bill|statement|demand|contract|papers)\s+"
            rf"(?:with|to)\s+(?:\w+\s+){{0,2}}{_WHO}\b"
        ),
        "zh_told_others": (
            rf"{_NOT}(?:告诉|告知|通知|跟|向|和|对)(?:了)?(?!我)[^。；！？，\n]{{0,3}}{_KIN}{_ZH_REST}{{0,15}}"
            r"(?:欠款|欠钱|欠债|贷款|借款|逾期|还款|债务|催收)"
        ),
        "zh_asked_others_to_pay": (
            rf"{_NOT}(?:让|要求|叫|劝)(?!我)[^。；！？，\n]{{0,3}}{_KIN}"
            rf"(?:帮|代|替)?{_HE}?(?:还款|还钱|代偿|代还|偿还)"
        ),
    },
    NoteCode.PAYMENT_TO_AGENT: {
        "en_took_cash": (
            rf"(?<!never ){_NOT_HE}(?:\btook|\baccepted|\breceived|\bcollected)\s+(?:\S+\s+){{0,3}}?"
            r"(?:cash|money)\b(?!\s+(?:order|transfer))"
        ),
        "en_gave_me": (
            r"\b(?:gave|handed|slipped)\s+(?:me|us)\s+(?:\S+\s+){0,4}?"
            r"(?:cash|money|yuan|rmb|dollars?|euros?|pounds?|rupees?)\b"
        ),
        "en_paid_me": (
            r"\b(?:paid|transferred)\s+(?:\S+\s+){0,4}?(?:to\s+)?(?:me|us)\b"
            r"(?!\s+(?:a\s+(?:visit|compliment)|back))"
        ),
        "en_my_account": (
            r"\b(?:to|into|on|onto|via)\s+my\s+(?:own\s+|personal\s+|private\s+)?"
            r"(?:(?:bank\s+)?account|card|wallet|wechat|alipay|paypal|venmo|upi)\b"
        ),
        "zh_took_cash": rf"{_NOT}(?:收取|收到|收下|收|拿)(?:了)?[^。；！？，不未没\n]{{0,8}}现金",
        "zh_gave_me": rf"{_NOT}(?:给|塞|交)(?:了|给)?我们?(?:了)?[^。；！？，\n]{{0,8}}(?:现金|钱|元|块|红包)",
        "zh_paid_me": (
            rf"{_NOT}(?:转账|打款|汇款|付款|付|(?:转|打|汇|付)(?:了)?\d+(?:元|块|万)?(?:钱)?)(?:了)?给(?:了)?(?:我们?|本人)"
        ),
        "zh_my_account": (
            r"(?:到|进|入|至)(?:了)?(?:我|本人)(?:的|个人|私人){0,2}(?:账户|帐户|账号|银行卡|卡|微信|支付宝)"
        ),
    },
}  # fmt: skip
_COMPILED = [
    (code, name, re.compile(pattern, re.IGNORECASE))
    for code, patterns in _PATTERNS.items()
    for name, pattern in patterns.items()
]


def find_spans(text: str) -> list[Span]:
    """
    Find what a note seems to say, in the order of the text; of spans of one code that overlap the first stands.

    What was done to the agent is not flagged as done by the agent too.

    >>> text = "He was calm. I took 200 in cash."
    >>> [(span.code.value, text[span.start : span.end], span.pattern) for span in find_spans(text)]
    [('payment_to_agent', 'took 200 in cash', 'en_took_cash')]
    """
    found = sorted(
        (Span(code, each.start(), each.end(), name) for code, name, how in _COMPILED for each in how.finditer(text)),
        key=lambda span: (span.start, -span.end, span.pattern),
    )
    kept: list[Span] = []
    for span in found:
        if not any(other.code is span.code and span.start < other.end for other in kept):
            kept.append(span)
    suffered = [span for span in kept if span.code is NoteCode.AGENT_THREATENED]
    return [
        span
        for span in kept
        if span.code is not NoteCode.THREAT
        or not any(span.start < other.end and other.start < span.end for other in suffered)
    ]
