"""
Findings of conduct: rules the visit surely broke, rules that changed meanwhile, and what its crew could not know.

What a rule cannot tell is no finding: it stays in the judgement, a question for the reviewer.
"""

from __future__ import annotations

from server.domain.conduct.rules import Severity as Weight
from server.domain.conduct.verdicts import Answer
from server.domain.findings.codes import Code, Finding, Severity
from server.domain.findings.context import Context

# A rule that stops a visit weighs what the catalogue says, one that warns, records or informs weighs less.
LIGHTER = {Weight.WARN: Severity.LOOK, Weight.RECORD: Severity.NOTE, Weight.INFORM: Severity.NOTE}


def find_rule_broken(context: Context) -> list[Finding]:
    """Find the rules that the visit, judged again, did not keep."""
    return [
        Finding(
            Code.RULE_BROKEN,
            {
                "rule": verdict.rule_id,
                "rulebook": verdict.rulebook,
                "limit": verdict.limit,
                "citation": verdict.citation,
                "confidence": verdict.confidence.value,
            },
            key=verdict.rule_id,
            weight=LIGHTER.get(verdict.severity),
        )
        for verdict in sorted(context.verdicts, key=lambda each: each.rule_id)
        if verdict.answer is Answer.FAIL
    ]


def find_rule_changed(context: Context) -> list[Finding]:
    """
    Find the rules that changed between the gate and the visit, and that would have answered otherwise at the gate.

    Only what the change alone explains: the very facts of the gate, judged by the rulebook of the visit. A finding of
    the office's rulebooks, not of the crew; a rule that is new counts where it does not pass.
    """
    gated = context.gated
    if gated is None:
        return []
    found = []
    for verdict in sorted(gated.verdicts_now, key=lambda each: each.rule_id):
        is_same_book = gated.digests.get(verdict.rulebook) == gated.digests_now.get(verdict.rulebook)
        before = gated.answers.get(verdict.rule_id)
        if is_same_book or verdict.answer.value == (before or Answer.PASS.value):
            continue
        facts = {
            "rule": verdict.rule_id, "rulebook": verdict.rulebook, "limit": verdict.limit,
            "before": before or "nothing", "now": verdict.answer.value,
        }  # fmt: skip
        found.append(Finding(Code.RULE_CHANGED, facts, key=verdict.rule_id))
    return found


def find_near_miss(context: Context) -> list[Finding]:
    """
    Find what surely was there before the visit began, and that the lead's phone cannot have heard of.

    A finding of the office's roads, not of the crew. Unknown where the phone never exchanged before.
    """
    started = context.visit.started
    if started is None or not started.bound.is_certain or context.exchanged_ms is None:
        return []
    begins_ms = started.bound.earliest_ms
    return [
        Finding(
            Code.NEAR_MISS, {"what": each.what, "least_before_ms": begins_ms - each.since_ms}, key=each.key
        )
        for each in sorted(context.news, key=lambda each: each.key)
        if each.since_ms < begins_ms
        and each.told_ms > context.exchanged_ms
        and (each.until_ms is None or each.until_ms > begins_ms)
    ]
