"""
The gate: whether a case may be handed to a crew, for a visit at some time before its lease ends.

Comes in: rulebooks, the facts known now, the lease's end. Goes out: every verdict, and the packet's limits. A case goes
through only if nothing blocks; where something merely warns, a second person may let it through with a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.domain.conduct.answers import use_hold
from server.domain.conduct.briefly import judge_briefly
from server.domain.conduct.facts import Facts, Interval
from server.domain.conduct.judging import earliest
from server.domain.conduct.limits import compile_limits, find_starts
from server.domain.conduct.rules import Confidence, OnUnknown, Rulebook, Severity
from server.domain.conduct.verdicts import Answer, Used, Verdict
from server.domain.conduct.wording import say_from
from server.domain.packing import HOUSE, Limits

SAID = 3  # reasons named in one sentence


@dataclass(frozen=True, slots=True)
class Gate:
    """
    What the gate answered for one case; *facts* hold the visit it was asked about.

    Of a verdict that passes, limit and facts used may be left out; whoever wants them judges the facts with `judge`.
    """

    facts: Facts
    verdicts: tuple[Verdict, ...]
    limits: Limits

    @property
    def is_open(self) -> bool:
        """Whether the case may be handed out as it stands."""
        return not any(verdict.blocks or verdict.warns for verdict in self.verdicts)

    @property
    def is_barred(self) -> bool:
        """Whether nobody may let it through."""
        return any(verdict.blocks for verdict in self.verdicts)

    @property
    def troubles(self) -> list[Verdict]:
        """What is in the way, the heaviest first."""
        found = [verdict for verdict in self.verdicts if verdict.blocks or verdict.warns]
        return sorted(found, key=lambda verdict: not verdict.blocks)

    def sentence(self, zone: str) -> str:
        """Say what is in the way and before when nothing is possible, times in *zone*."""
        found = [_say(verdict) for verdict in self.troubles]
        more = f"; and {len(found) - SAID} more" if len(found) > SAID else ""
        when = earliest(self.verdicts)
        cure = "" if when is None else f" At the earliest {say_from(when, zone)}."
        return f"{'; '.join(found[:SAID])}{more}.{cure}"


def _say(verdict: Verdict) -> str:
    """
    Name a rule, whose it is, what it allows, and what is not known or would cure it.

    A rule that was not verified says so: nobody should take it for the law's words.
    """
    whose = "house" if verdict.is_house else verdict.rulebook
    doubt = "" if verdict.confidence.is_verified else ", not verified"
    why = f"not known: {', '.join(verdict.missing)}" if verdict.answer is Answer.UNKNOWN else verdict.cure
    return f"{verdict.rule_id} ({whose}{doubt}): {verdict.limit}{f'; {why}' if why else ''}"


def judge_gate(rulebooks: Sequence[Rulebook], facts: Facts, lease_until_ms: int, house: Limits = HOUSE) -> Gate:
    """Judge a case for the first visit that its hours leave open before *lease_until_ms*, and compile its limits."""
    limits = compile_limits(rulebooks, facts, lease_until_ms, house)
    first = find_starts(rulebooks, facts, lease_until_ms, house.longest_stay_ms)[0]
    asked = replace(facts, interval=Interval(first.starts_ms, first.starts_ms + house.longest_stay_ms))
    return Gate(asked, (*judge_own(asked), *judge_briefly(rulebooks, asked)), limits)


def judge_own(facts: Facts) -> list[Verdict]:
    """Judge what needs no rulebook: nobody is visited about what is paid, nor while anything halts visits."""
    holds = tuple(use_hold(hold) for hold in facts.holds or ())
    return [
        _own(
            "GATE-PAID", facts.is_paid, "nothing is owed any more" if facts.is_paid else "something is still owed",
            (), "whether it is paid: the lender's ledger was not imported",
            "This is paid: nobody goes there.", "This is settled: nobody comes.",
        ),
        _own(
            "GATE-HOLD", None if facts.holds is None else bool(holds), "no halt is in force", holds, "holds",
            "There is a halt: nobody goes there until it is lifted.", "Nobody visits you while this halt lasts.",
        ),
    ]  # fmt: skip


def _own(
    rule_id: str, is_barred: bool | None, limit: str, used: tuple[Used, ...], absent: str, to_agent: str, to_person: str
) -> Verdict:  # fmt: skip
    answer = Answer.UNKNOWN if is_barred is None else Answer.FAIL if is_barred else Answer.PASS
    missing = (absent,) if is_barred is None else ()
    return Verdict(
        rule_id, "gate", answer, Severity.BLOCK, OnUnknown.BLOCK, limit, used, missing, "", None,
        "the office's own gate", Confidence.POLICY, True, to_agent, to_person,
    )  # fmt: skip
