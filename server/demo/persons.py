"""
What the people visited do in the demo, on the public pages: look at a card, choose a time, complain.

Comes in: acts of the scenario. Goes out: real requests to the server's pages, and what each page said. The letter's
code is taken as from the letter, which the demo does not print.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from sqlalchemy import Connection

from schemas.card import write_card
from server.demo.acting import Act
from server.demo.office import Office
from server.demo.rogue import RoguePhone
from server.services.answer_tokens import issue_token
from server.storage.voice_rows import read_case

TIMEOUT_S = 30
LETTER_MS = 30 * 24 * 3_600_000
OFFER = re.compile(r'name="time" value="(\d+)-(\d+)"')
COMPLAINT = {"what": "stayed", "words": "They stood there long after I had said no.", "reach": "by letter"}


@dataclass
class Persons:
    """Everybody visited, with a telephone and the letter they got; `did` counts what came of it."""

    url: str
    office: Office
    rogue: RoguePhone
    holder: str  # the name on the card that is looked at
    visit_ids: Mapping[str, str]  # by key, as visits come to be
    did: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)  # the code of a card, by visit

    def play(self, act: Act, reading: Callable[[], Mapping[str, Any]]) -> None:
        """Do what one person does."""
        if act.do == "look":
            self._look(act, reading)
        elif act.do == "choose":
            self._choose(act)
        elif act.do == "tell":
            self._tell(act)
        else:
            self._complain(act)

    def _look(self, act: Act, reading: Callable[[], Mapping[str, Any]]) -> None:
        """Scan the code on the agent's phone, or, later, a picture that was taken of it."""
        if act.visit not in self.codes:
            now = reading()
            at = {name: now[name] for name in ("wall", "mono_ms", "boot")}
            agent_id = self.office.agent_ids[self.office.scenario.rogue]
            self.codes[act.visit] = write_card(self.rogue.key, self.rogue.device_id, agent_id, at)
        page = requests.get(f"{self.url}/verify", {"c": self.codes[act.visit]}, timeout=TIMEOUT_S).text
        is_shown = self.holder in page
        self.did["cards shown" if is_shown else "cards refused"] += 1
        if is_shown == bool(act.args["is_copy"]):
            self.surprises.append(f"{act.visit}: the card's page {'showed' if is_shown else 'did not show'} its holder")

    def _choose(self, act: Act) -> None:
        """Choose the offered time in which the visit will be."""
        page = f"{self.url}/answer/{self._letter(act.reference)}/time"
        offers = OFFER.findall(requests.get(page, timeout=TIMEOUT_S).text)
        starts_ms, ends_ms = act.args["starts_ms"], act.args["ends_ms"]
        fitting = [each for each in offers if int(each[0]) <= starts_ms and ends_ms <= int(each[1])]
        if not fitting:
            self.surprises.append(f"{act.reference}: none of {len(offers)} times on offer fits")
            return
        form = {"time": "-".join(fitting[0])}
        self._expect(requests.post(page, form, allow_redirects=False, timeout=TIMEOUT_S), "done=time", "times chosen")

    def _tell(self, act: Act) -> None:
        """Say how the visit was: no card was shown."""
        page = f"{self.url}/answer/{self._letter(act.reference)}/visits"
        form = {"card": "no"}
        answer = requests.post(f"{page}/{self.visit_ids[act.visit]}", form, allow_redirects=False, timeout=TIMEOUT_S)
        self._expect(answer, "/visits", "answers about a visit")

    def _complain(self, act: Act) -> None:
        page = f"{self.url}/answer/{self._letter(act.reference)}/complain"
        answer = requests.post(page, COMPLAINT, allow_redirects=False, timeout=TIMEOUT_S)
        self._expect(answer, "done=complaint", "complaints")

    def _expect(self, answer: requests.Response, part: str, count: str) -> None:
        if part in answer.headers.get("Location", ""):
            self.did[count] += 1
        else:
            self.surprises.append(f"a page answered {answer.status_code} where {part} was expected")

    def _letter(self, reference: str) -> str:
        """Give the code that stands in the person's letter."""
        site, case_id = self.office.site, self.office.case_ids[reference]

        def issue(connection: Connection) -> str:
            case = read_case(connection, case_id)
            assert case is not None
            return issue_token(connection, site, case_id, case.person_id, site.now() + LETTER_MS)

        return site.store.write(issue)
