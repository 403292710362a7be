"""Examples of what judging a visit again finds: rules not kept, and what nobody at the door could know."""

from __future__ import annotations

from server.domain.conduct.rules import Confidence, OnUnknown, Severity
from server.domain.conduct.verdicts import Answer, Verdict
from server.domain.findings.codes import Code
from server.domain.findings.context import Gated, News
from tests.unit.domain.findings.builders import CLEAN, HOUR_MS, Example, Examples, T, a_scene, with_body

MINUTE_MS = 60_000


def a_verdict(answer: Answer, severity: Severity = Severity.BLOCK, rule_id: str = "HOUSE-CREW") -> Verdict:
    """Build a house rule's answer."""
    return Verdict(
        rule_id, "HOUSE", answer, severity, OnUnknown.BLOCK, "2 agents", (), (), "", None, "product policy",
        Confidence.POLICY, True, "Two go.", "Two come.",
    )  # fmt: skip


def a_hold(placed_ms: int, until_ms: int | None = None) -> News:
    """Build a hold that the office placed."""
    return News("hold:1", "hold", placed_ms, placed_ms, until_ms)


def gated(now: Answer, before: str | None = "pass", digest: str = "old") -> Gated:
    """Build a passage through the gate, and what the house's rule of two answers to the same facts now."""
    answers = {} if before is None else {"HOUSE-CREW": before}
    return Gated({"HOUSE": digest}, {"HOUSE": "new"}, answers, [a_verdict(now)])


JUDGED: Examples = {
    Code.NOTE_FLAGGED: Example(
        a_scene({"ann_notes": with_body(CLEAN["ann_notes"], note="Calm. I took 200 in cash.")}),
        {
            "about": "a payment to the agent", "written_in": "outcome noted", "pattern": "en_took_cash",
            "from_letter": 9, "to_letter": 24, "matched": "took 200 in cash",
        },
        a_scene({"ann_notes": with_body(CLEAN["ann_notes"], note="Calm. I never took cash.")}), "a denial",
        a_scene({"ann_notes": CLEAN["ann_notes"]}), "what was thought",
        key="ann_notes/en_took_cash",
    ),
    Code.RULE_BROKEN: Example(
        a_scene(verdicts=[a_verdict(Answer.FAIL)]),
        {
            "rule": "HOUSE-CREW", "rulebook": "HOUSE", "limit": "2 agents", "citation": "product policy",
            "confidence": "policy",
        },
        a_scene(verdicts=[a_verdict(Answer.PASS)]), "kept",
        a_scene(verdicts=[a_verdict(Answer.UNKNOWN)]), "what the rule asks",
        key="HOUSE-CREW",
    ),
    Code.RULE_CHANGED: Example(
        a_scene(gated=gated(Answer.FAIL)),
        {"rule": "HOUSE-CREW", "rulebook": "HOUSE", "limit": "2 agents", "before": "pass", "now": "fail"},
        a_scene(gated=gated(Answer.PASS)), "another rulebook, the same answer",
        a_scene(gated=None), "what the gate answered",
        key="HOUSE-CREW",
    ),
    Code.NEAR_MISS: Example(
        a_scene(news=[a_hold(T - MINUTE_MS)], exchanged_ms=T - HOUR_MS),
        {"what": "hold", "least_before_ms": MINUTE_MS},
        a_scene(news=[a_hold(T)], exchanged_ms=T - HOUR_MS), "placed as the visit began",
        a_scene(news=[a_hold(T - MINUTE_MS)], exchanged_ms=None), "when the phone was heard",
        key="hold:1",
    ),
    Code.FEEDBACK_CONTRADICTS: Example(
        a_scene(feedback={"card": "no"}),
        {"question": "card", "answer": "no", "recorded": "the card was shown"},
        a_scene(feedback={"card": "unsure"}), "unsure",
        a_scene({"ann_shows": None}, feedback={"card": "no"}), "whether the card was shown",
        key="card",
    ),
}  # fmt: skip
