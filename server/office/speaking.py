"""
The office's languages: English stands in pages and templates, Simplified Chinese in `translations/*.zh.po`.

Flask-Babel chooses the language and writes dates; the catalogues are read as they are, so there is nothing to compile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_currency_precision
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, format_currency, format_datetime, get_locale
from markupsafe import Markup

from schemas.errors import FieldError, Sentence
from schemas.vocabulary import ContactResult, Disposition, EventKind, NoFixReason, RecordingMedium
from schemas.words import WORDS, say_body
from server.domain.assigning import CaseStatus
from server.domain.conduct.codes import say_conduct
from server.domain.conduct.periods import local_day
from server.domain.conduct.questions import ASKED
from server.domain.findings.codes import CATALOGUE, Code, fill_sentence
from server.domain.reviewing import State
from server.domain.roles import Role
from server.office.texts import gettext as _
from server.office.texts import pgettext
from server.services.site import Site

HERE = Path(__file__).parent
CODED_FACTS: dict[str, type[Any]] = {  # of findings; their other texts are sentences, or stand as they are
    "medium": RecordingMedium, "contact_result": ContactResult, "disposition": Disposition, "reason": NoFixReason,
    "written_in": EventKind,
}  # fmt: skip
LANGUAGES = {"en": "English", "zh": "中文"}


class Catalogue(Domain):  # type: ignore[misc]  # Flask-Babel ships no types
    """The texts of the language in hand."""

    def get_translations(self) -> NullTranslations:
        """Give them."""
        return read_texts(language())


@cache
def read_texts(name: str) -> NullTranslations:
    """Read every catalogue of a language; English needs none."""
    if name == "en":
        return NullTranslations()
    texts = Translations()
    for path in sorted(HERE.glob(f"translations/*.{name}.po")):
        compiled = BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale="zh_Hans"))
        compiled.seek(0)
        texts.merge(Translations(compiled))
    texts.plural = lambda _number: 0  # `merge` keeps English's way of counting; a catalogue here has one form
    return texts


def language() -> str:
    """Give the language in hand: the account's, else the one asked for, else the browser's best."""
    if not has_request_context():
        return "en"
    viewer = g.get("viewer")
    chosen = viewer.language if viewer is not None else request.args.get("lang", "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(list(LANGUAGES)) or "en"


def register_languages(app: Flask, site: Site) -> None:
    """Put the languages, and words for times and for the wire's codes, on *app* and its templates."""
    babel = Babel(
        app, locale_selector=lambda: {"zh": "zh_Hans"}.get(language(), "en"),
        timezone_selector=lambda: site.settings.zone,
    )  # fmt: skip
    babel.domain_instance = Catalogue()

    def when(at_ms: int | None) -> Markup:
        return say_when(at_ms, site.now(), site.settings.zone)

    def when_told(text: str) -> Markup:
        return when(round(datetime.fromisoformat(text).timestamp() * 1000))

    def since(at_ms: int) -> str:
        return say_span(site.now() - at_ms)

    app.jinja_env.globals.update(
        when=when, when_told=when_told, since=since, span=say_span, called=say_word, language=language,
        state_word=say_state, role_word=say_role, request_word=say_request, case_word=say_status,
        device_word=say_device, job_word=say_job, file_word=say_file, money=say_money,
        local_clock=lambda text: say_clock(text, site.settings.zone), event_words=say_event, code_words=say_code,
        finding_words=say_finding, question_words=say_question, error_words=say_error,
        sentence_words=say_sentence,
        conduct_words=lambda code: say_conduct(code, language()),
    )  # fmt: skip


def say_when(at_ms: int | None, now_ms: int, zone: str) -> Markup:
    """Give a moment as people say it, exact on touch: today 14:05, yesterday 14:05, 12 Oct 14:05, 12 Oct 2015 14:05."""
    if at_ms is None:
        return Markup('<span class="quiet">{}</span>').format(_("not known"))
    at, now = (datetime.fromtimestamp(each / 1000, UTC) for each in (at_ms, now_ms))
    days = (local_day(now_ms, zone) - local_day(at_ms, zone)).days
    clock = format_datetime(at, "HH:mm")
    if days == 0:
        said = _("today %(clock)s", clock=clock)
    elif days in {1, -1}:
        said = _("yesterday %(clock)s", clock=clock) if days == 1 else _("tomorrow %(clock)s", clock=clock)
    else:
        pattern = {"zh": "M月d日 HH:mm"}.get(language(), "d MMM HH:mm")
        far = {"zh": "y年M月d日 HH:mm"}.get(language(), "d MMM y HH:mm")
        said = format_datetime(at, pattern if at.year == now.year else far)
    exact = format_datetime(at, "y-MM-dd HH:mm:ss ZZZZ")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact, said)


def say_span(length_ms: int) -> str:
    """Give a length of time in its largest unit: 3 hours, 2 天."""
    seconds = max(1, abs(length_ms) // 1000)
    return str(format_timedelta(seconds, threshold=1.5, locale=get_locale() or "en"))


def say_word(kind: type[Any], value: str | None) -> str:
    """Give the word of a value of `schemas.vocabulary` in the language in hand; a dash for none."""
    if value is None:
        return "–"
    return WORDS[kind][value][0 if language() == "en" else 1]


def say_state(name: str) -> str:
    """Give what a visit's state is called."""
    said: dict[State, str] = {
        State.OPEN: _("still open"), State.ABANDONED: _("never ended"), State.AWAITING_FILES: _("files on their way"),
        State.AWAITING_REVIEW: _("awaiting review"), State.RETURNED: _("question asked"),
        State.ANSWERED: _("answered"), State.APPROVED: _("approved"), State.REJECTED: _("rejected"),
    }  # fmt: skip
    return said[State(name)]


def say_clock(text: str, zone: str) -> str:
    """Give the office's time of day of a moment as the wire writes it."""
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(zone)):%H:%M:%S}"


def say_event(event: Mapping[str, Any]) -> str:
    """Give what happened and what it says: step done: card shown, given."""
    said, more = say_word(EventKind, event["kind"]), say_body(EventKind(event["kind"]), event["body"], language())
    return f"{said}: {more}" if more else said


def say_file(name: str) -> str:
    """Give what a file's state is called."""
    said: dict[str, str] = {"wanted": _("on its way"), "verified": _("here, whole"), "discarded": _("given up")}
    said["erased"] = _("erased, its time was over")
    return said[name]


def say_job(name: str) -> str:
    """Give what a job's state is called."""
    said: dict[str, str] = {
        "waiting": _("waiting to begin"), "running": _("at work"), "asks": _("asks something"), "done": _("done"),
        "failed": _("failed"),
    }  # fmt: skip
    return said[name]


def say_device(name: str) -> str:
    """Give what a device's state is called."""
    said: dict[str, str] = {
        "active": _("in use"), "awaiting": _("waiting to be let in"), "upload_only": _("may only send"),
        "gone": _("withdrawn"),
    }  # fmt: skip
    return said[name]


def say_status(name: str) -> str:
    """Give what a case's status is called."""
    said: dict[CaseStatus, str] = {
        CaseStatus.OPEN: _("open"), CaseStatus.PAID: _("paid"), CaseStatus.CLOSED: _("closed"),
        CaseStatus.EXPIRED: _("expired"),
    }  # fmt: skip
    return said[CaseStatus(name)]


def say_money(amount: int, currency: str) -> str:
    """Give an amount of minor units with its currency."""
    digits = get_currency_precision(currency)
    return str(format_currency(amount / 10**digits, currency))


def say_request(kind: str) -> str:
    """Give what a person's request is called."""
    said: dict[str, str] = {
        "copy": _("a copy of everything held"), "erasure": _("erasure"), "hardship": _("help with a hard time"),
        "wrong_address": _("an address put right"),
    }  # fmt: skip
    return said[kind]


def say_role(name: str) -> str:
    """Give what a role is called."""
    said: dict[Role, str] = {
        Role.DISPATCHER: _("dispatcher"), Role.REVIEWER: _("reviewer"), Role.SUPERVISOR: _("supervisor"),
        Role.AUDITOR: _("auditor"), Role.ADMIN: _("admin"), Role.SUPPORT: _("support"),
    }  # fmt: skip
    return said[Role(name)]


def say_code(code: str) -> str:
    """Give the name of a code that has no sentence: an act, a finding, a kind of rule or record, a column."""
    return pgettext("code", code.replace("_", " ").replace("-", " "))


def say_question(question: Mapping[str, Any]) -> str:
    """Give what a reviewer is asked about something that is not known."""
    asks, missing = ASKED.get(question["missing"]), question["missing"]
    return _(asks) if asks else _("Not known: %(what)s.", what=say_code(missing) if missing else _("why"))


def say_finding(finding: Any) -> str:
    """Give a finding's sentence in the language in hand, and the words among its facts too."""
    facts = {name: _say_fact(name, value) for name, value in finding["facts"].items()}
    return fill_sentence(_(CATALOGUE[Code(finding["code"])][1]), facts)


def _say_fact(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    kind, word = CODED_FACTS.get(name), value.replace(" ", "_")
    return say_word(kind, word) if kind is not None and word in WORDS[kind] else say_sentence(value)


def say_sentence(sentence: str) -> str:
    """Give a sentence that stands in no page, and the sentences among its facts, in the language in hand."""
    text, facts = (sentence.text, sentence.facts) if isinstance(sentence, Sentence) else (sentence, {})
    told = {name: say_sentence(fact) if isinstance(fact, Sentence) else fact for name, fact in facts.items()}
    said = next((each for each in (_(text), pgettext("code", text)) if each != text), text) if text else ""
    return said.format(**told) if told else said


def say_error(error: FieldError) -> list[str]:
    """Give what an error says in the language in hand: a sentence for each wrong field, or the one of it all."""
    said = [
        f"{pgettext('field', path)}: {' '.join(_say_refusal(each, error) for each in sentences)}"
        for path, sentences in error.fields.items()
    ]
    return said or [_say_refusal(error.detail, error)]


def _say_refusal(sentence: str, error: FieldError) -> str:
    """Give a use case's sentence, or an error's own before it where no catalogue holds it; the office's is ready."""
    said = say_sentence(sentence)
    if said == sentence and said.isascii() and language() != "en":
        return f"{_(error.kind.title)} ({sentence})"
    return said
