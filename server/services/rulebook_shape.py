"""The shape of a rulebook's file, looked at before its rules are read, and what a rule that is unsure may not do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Fault = tuple[str, str, str]  # rule, field, sentence
_MEMBERS = {"rulebook", "version", "kind", "zone", "title", "within", "sources", "rules"}
_UNSURE = {"partial", "memory"}


def find_shape_faults(text: Any) -> list[Fault]:
    """Give every fault in the shape of what a rulebook's file holds; none means that its rules can be read."""
    if not isinstance(text, Mapping):
        return [("-", "-", "holds no rulebook: it begins with `rulebook: NAME` and ends with its `rules`")]
    return [*_top_faults(text), *_source_faults(text.get("sources")), *_rule_faults(text)]


def _top_faults(text: Mapping[str, Any]) -> Iterator[Fault]:
    for name in text:
        if name not in _MEMBERS:
            yield "-", str(name), f"is not known; there is {', '.join(sorted(_MEMBERS))}"
    if not isinstance(text.get("within", ""), str):
        yield "-", "within", "should be the name of a rulebook"
    zone = text.get("zone")
    if zone != "place" and not _is_zone(zone):
        yield "-", "zone", f"'{zone}' is neither place nor a time zone such as Asia/Shanghai"


def _is_zone(name: Any) -> bool:
    try:
        ZoneInfo(name if isinstance(name, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _source_faults(sources: Any) -> Iterator[Fault]:
    if not isinstance(sources, Mapping):
        yield "-", "sources", "should say what each source is: {law, url, seen}"
        return
    for name, source in sources.items():
        if not isinstance(source, Mapping) or not source.get("law"):
            yield "-", f"sources.{name}", "should say which law or text it is: {law, url, seen}"


def _rule_faults(text: Mapping[str, Any]) -> Iterator[Fault]:
    rules = text.get("rules")
    if not isinstance(rules, list):
        yield "-", "rules", "should be a list of rules"
        return
    for place, rule in enumerate(rules):
        if not isinstance(rule, Mapping) or not isinstance(rule.get("id"), str):
            yield f"rule {place + 1}", "id", "is missing"
            continue
        kinds = {"params": Mapping, "check": list, "source": list}
        for name, kind in kinds.items():
            if name in rule and not isinstance(rule[name], kind):
                yield rule["id"], name, "should be a list" if kind is list else "should be names with values"
        params = rule.get("params")
        widened = isinstance(params, Mapping) and params.get("widened_by") is not None
        if widened and "draft" in (text.get("kind"), rule.get("status")):
            yield rule["id"], "params", "'widened_by' cannot stand in a draft, which may only block"
        elif widened and rule.get("confidence") in _UNSURE:
            yield rule["id"], "params", "'widened_by' cannot stand in a rule that is not verified: it may only block"
