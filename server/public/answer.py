"""
The pages behind a letter's code: see how it stands, choose a time, say no, ask, read, and tell how a visit went.

Every page opens the code itself; one that cannot be used shows the same page whatever the reason.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from schemas.errors import FieldError
from server.domain.conduct.facts import Interval
from server.domain.conduct.voices import ANSWERS, CHOICES, OTHER, QUESTIONS
from server.public.asking import language_of
from server.public.pages import go, read_words, show
from server.public.wording import local, read_guides, say_day
from server.services import answering, complaints, help_calls, recorded
from server.services.site import Site

MOST_WORDS, MOST_REACH = 2000, 100
DONE = ("time", "complaint", *answering.SAYINGS)  # what a page may say was done


def add_pages(pages: Blueprint, site: Site) -> None:
    """Put the pages of a letter on the blueprint: its start, times, what one button says, help."""

    @pages.get("/answer")
    def start() -> Response:
        """Ask for a letter's code, and go to its page."""
        token = request.args.get("t", "")[:80].strip().replace("/", "")
        return go(f"/answer/{token}") if token else show(site, "start")

    @pages.get("/answer/<token>")
    def answer(token: str) -> Response:
        """Show how it stands, and what can be done."""
        done = request.args.get("done", "")
        situation = answering.look(site, token)
        return show(site, "answer", token=token, situation=situation, done=done if done in DONE else "")

    @pages.get("/answer/<token>/time")
    def times(token: str) -> Response:
        """Show the times that may be chosen."""
        place_zone, offers = answering.offers_of(site, token)
        language = language_of(request)
        days: dict[str, list[Interval]] = {}
        for each in offers:
            days.setdefault(say_day(language, local(each.starts_ms, place_zone).date()), []).append(each)
        is_gone = "gone" in request.args
        return show(site, "time", token=token, place_zone=place_zone, days=list(days.items()), is_gone=is_gone)

    @pages.post("/answer/<token>/time")
    def choose(token: str) -> Response:
        """Make the appointment that was chosen."""
        starts, _, ends = request.form.get("time", "").partition("-")
        if not (starts.isdecimal() and ends.isdecimal() and len(starts) < 15 > len(ends)):
            answering.look(site, token)
            return go(f"/answer/{token}/time")
        try:
            answering.choose_time(site, token, int(starts), int(ends))
        except FieldError as error:
            if error.code != "conflict":
                raise
            return go(f"/answer/{token}/time", gone="1")
        return go(f"/answer/{token}", done="time")

    @pages.get("/answer/<token>/say/<saying>")
    def ask_saying(token: str, saying: str) -> Response:
        """Show what one button would do."""
        answering.look(site, token)
        return show(site, "saying", token=token, saying=_known(saying))

    @pages.post("/answer/<token>/say/<saying>")
    def do_saying(token: str, saying: str) -> Response:
        """Do it."""
        answering.say(site, token, _known(saying))
        return go(f"/answer/{token}", done=saying)

    @pages.post("/answer/<token>/help")
    def call_about_visit(token: str) -> Response:
        """Call the office now."""
        return go(f"/help/{help_calls.call_by_letter(site, token, read_words('reach', MOST_REACH))}")


def add_looking_back(pages: Blueprint, site: Site) -> None:
    """Put the pages about visits that were made on the blueprint: complaints, what was recorded, feedback, advice."""

    @pages.get("/answer/<token>/complain")
    def ask_about_visit(token: str) -> Response:
        """Ask what happened."""
        answering.look(site, token)
        promise, choices = complaints.promise(site), (*CHOICES, OTHER)
        return show(site, "complain", action=f"/answer/{token}/complain", code="", choices=choices, promise=promise)

    @pages.post("/answer/<token>/complain")
    def take_about_visit(token: str) -> Response:
        """Take the complaint; the case is halted."""
        complaints.complain_by_letter(site, token, *read_complaint())
        return go(f"/answer/{token}", done="complaint")

    @pages.get("/answer/<token>/visits")
    def visits(token: str) -> Response:
        """Show what was recorded, and ask how it was."""
        place_zone, visits = recorded.read_recorded(site, token)
        return show(
            site, "visits", token=token, place_zone=place_zone, visits=visits, questions=QUESTIONS, choices=ANSWERS
        )

    @pages.post("/answer/<token>/visits/<visit_id>")
    def tell(token: str, visit_id: str) -> Response:
        """Keep one answer: the button that was tapped names question and answer."""
        question = next((each for each in QUESTIONS if each in request.form), "")
        answering.give_feedback(site, token, visit_id, question, request.form.get(question, ""))
        return go(f"/answer/{token}/visits")

    @pages.get("/answer/<token>/read")
    def read(token: str) -> Response:
        """Show where to find help."""
        answering.look(site, token)
        return show(site, "read", token=token, guides=read_guides())


def read_complaint() -> tuple[list[str], str, str]:
    """Give what a complaint's form says: what was ticked, the words, how to reach the person."""
    return request.form.getlist("what")[:20], read_words("words", MOST_WORDS), read_words("reach", MOST_REACH)


def _known(saying: str) -> str:
    if saying not in answering.SAYINGS:
        raise FieldError("not-found")
    return saying
