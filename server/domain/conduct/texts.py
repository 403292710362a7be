"""
Texts: what is said at the door, step by step: the house's own words in both languages, and statements of rulebooks.

Comes in: what rulebooks say of recording and of statements, compiled; the person's language. Goes out: the texts of a
packet. None of those in its open part tells what the visit is about; what does goes into the sealed part. `{name}` and
`{principal}` are filled in by the device, the second once the sealed part is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from schemas.vocabulary import RecordingDuty, Saying, Step
from server.domain.conduct.rules import Check, Rulebook, RuleType

VERSION = "2026.11.1"  # of the house's words; a text's own version adds the first letters of its hash
LANGUAGES = ("en", "zh")
HOUSE: dict[str, tuple[str, str]] = {
    Step.CARD_SHOWN: (
        "Hello. This card shows my name and the firm I work for. You can check it by its code; take your time.",
        "您好。这是我的证件，上面有我的姓名和所属机构，您可以扫码核实，不用着急。",
    ),
    Saying.IDENTITY: (
        (
            "I would like to speak with {name} in person. Before I say more I need to know that it is you: by the code"
            " in our letter, by two short questions, or by a document, which I only look at. You may say no, and I will"
            " go."
        ),
        (
            "我想与{name}本人谈谈。说明来意之前，需要先确认是您本人：可以用信函中的代码、回答两个简单问题，或出示证件，我只看不拍。"
            "您也可以不同意，我会离开。"
        ),
    ),
    Step.PRINCIPAL_NAMED: ("I come on behalf of {principal}.", "我受{principal}委托前来。"),
    Step.PURPOSE_STATED: (
        "It is about your agreement with them. I would like to hear how things stand for you and what would help.",
        "是关于您与其签订的合同。我想了解您目前的情况，以及怎样能帮到您。",
    ),
    Step.OPTIONS_GIVEN: (
        "There are several ways to go on. I will tell you each of them; you need not decide today.",
        "有几种处理方式，我会逐一说明，您不必今天决定。",
    ),
    Step.HARDSHIP_ASKED: (
        (
            "Is anything making it hard now, such as illness, lost work or a loss in the family? Then visits can pause"
            " and a team that helps takes over. You need not tell me why."
        ),
        "您目前是否有困难，比如生病、失业或亲人离世？如有，可以暂停上门，由帮扶小组跟进。您不必告诉我原因。",
    ),
    Step.PAYMENT_ANSWER: (
        "Would you like to say anything about paying? You need not answer now, and I take no money myself.",
        "关于还款，您有什么想说的吗？您不必现在答复，我本人也不收取任何款项。",
    ),
    Saying.SOMEONE_ELSE: (
        "Hello. I would like to speak with {name} in person. It is private, so I cannot say more. Thank you, goodbye.",
        "您好。我想与{name}本人谈谈。事关隐私，不便多说。谢谢，再见。",
    ),
    Saying.DECLINED: (
        "That is all right. I will go now. By the code on the card you can ask for another time or another way.",
        "没关系，我这就离开。您可以通过证件上的二维码另约时间或方式。",
    ),
    Saying.LEAVE: (
        "Thank you. By the code on the card you can ask for another time, refuse visits or complain. Goodbye.",
        "谢谢。您可以通过证件上的二维码另约时间、拒绝上门或投诉。再见。",
    ),
}
NOTICES: dict[str, tuple[str, str]] = {
    RecordingDuty.DUTY: (
        "I have to record {what} of this visit, from now until I leave; not the inside of your home unless you agree.",
        "按规定，从现在起到离开为止，我要对本次上门{what}；未经您同意，不拍摄室内。",
    ),
    RecordingDuty.ONLY_WITH_CONSENT: (
        "May I record {what} of this visit? If you say no, I do not.",
        "我可以对本次上门{what}吗？您不同意就不录。",
    ),
    "": ("Nothing is being recorded. If that changes, I ask you first.", "目前没有录音录像；如要录，会先征得您同意。"),
    RecordingDuty.FORBIDDEN: ("Nothing of this visit is recorded.", "本次上门不录音、不录像。"),
}
MEDIA: dict[tuple[str, ...], tuple[str, str]] = {
    ("audio",): ("sound", "录音"),
    ("video",): ("video", "录像"),
    ("audio", "video"): ("sound and video", "录音录像"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """Words that a rulebook wants said; `is_private` if only once identity is confirmed."""

    rule: str
    version: str  # of the rulebook
    words: str
    is_private: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One text to say, as a packet carries it."""

    key: str
    version: str
    language: str
    text: str


def find_statements(rulebooks: Iterable[Rulebook]) -> tuple[Statement, ...]:
    """Give the statements that rules checked at the door require."""
    return tuple(
        Statement(rule.id, book.version, rule.params.text, "identity" in rule.params.when)
        for book in rulebooks
        for rule in book.rules
        if rule.type is RuleType.REQUIRED_STATEMENT and Check.DOOR in rule.checks
    )


def find_recording(rulebooks: Iterable[Rulebook]) -> tuple[str, str]:
    """
    Give what holds of recording sound and picture, "" for nothing.

    What protects more wins: a ban over consent, consent over a duty.
    """
    said: dict[str, set[str]] = {"audio": set(), "video": set()}
    for book in rulebooks:
        for rule in book.rules:
            if rule.type is RuleType.RECORDING and Check.DOOR in rule.checks:
                said["audio"].add(rule.params.audio)
                said["video"].add(rule.params.video)
    order = (RecordingDuty.FORBIDDEN, RecordingDuty.ONLY_WITH_CONSENT, RecordingDuty.DUTY)
    audio, video = (next((duty.value for duty in order if duty in said[each]), "") for each in ("audio", "video"))
    return audio, video


@lru_cache(maxsize=256)
def write_texts(
    steps: tuple[Step, ...], recording: tuple[str, str], statements: tuple[Statement, ...], language: str | None
) -> tuple[Text, ...]:
    """
    Write the texts that stand in the open part: those of *steps*, and what is said beside them.

    In the person's language; in each where it is not known or another one, so that the agent can choose.
    """
    said = dict(HOUSE) | {Step.RECORDING_NOTICE: _write_notice(*recording)}
    keys = [*(step for step in Step if step in steps or step is Step.RECORDING_NOTICE), *Saying]
    texts = [_house_text(key, tongue, said[key]) for tongue in _tongues(language) for key in keys]
    return (*texts, *_required(statements, is_private=False))


def write_private_texts(statements: Sequence[Statement]) -> list[Text]:
    """Write the texts that go into the sealed part: statements that nobody but the person may hear."""
    return list(_required(statements, is_private=True))


def _tongues(language: str | None) -> Sequence[str]:
    return [each for each in LANGUAGES if (language or "").lower().startswith(each)] or LANGUAGES


def _house_text(key: str, language: str, both: tuple[str, str]) -> Text:
    text = both[LANGUAGES.index(language)]
    return Text(str(key), f"{VERSION}-{_digest(text)}", language, text)


def _required(statements: Iterable[Statement], *, is_private: bool) -> Iterator[Text]:
    """Give the statements in the rulebooks' own words, which nobody translates; each belongs to the purpose."""
    for each in statements:
        if each.is_private is is_private:
            text = f"{each.rule}: “{each.words}”"
            yield Text(Step.PURPOSE_STATED.value, f"{each.version}-{_digest(text)}"[:40], "und", text)


def _write_notice(audio: str, video: str) -> tuple[str, str]:
    """Write the notice of recording from what holds of sound and of picture."""
    sentences: list[tuple[str, str]] = []
    for duty in (RecordingDuty.DUTY, RecordingDuty.ONLY_WITH_CONSENT):
        media = tuple(name for name, held in (("audio", audio), ("video", video)) if held == duty)
        if media:
            english, chinese = NOTICES[duty]
            what = MEDIA[media]
            sentences.append((english.format(what=what[0]), chinese.format(what=what[1])))
    if not sentences:
        is_banned = audio == video == RecordingDuty.FORBIDDEN
        sentences.append(NOTICES[RecordingDuty.FORBIDDEN if is_banned else ""])
    return " ".join(each[0] for each in sentences), "".join(each[1] for each in sentences)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
