"""
Contact corrections, merged three ways field by field.

Stands in reconciling: what the office holds about a person and every undecided proposal come in, the merged values
and an outcome for each proposed field go out. Merging is a function of the *set* of proposals: no clock and no order
of arrival has a say (DESIGN section 4). A later proposal may therefore take back what an earlier one alone had
changed: where two disagree, the value they disagree about stands until a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from server.domain.phones import fold_phone, fold_text

PHONE_FIELDS = frozenset({"phone", "phone_2"})
NO_VALUE = ""


class MergeState(StrEnum):
    """
    What became of one proposed field.

    `applied`: the value moved along it. `already`: it says what holds anyway. `replaced`: its own author thought
    better of it before anyone saw it. `clash`: a person decides.
    """

    APPLIED = "applied"
    ALREADY = "already"
    REPLACED = "replaced"
    CLASH = "clash"


class Grade(StrEnum):
    """
    How near two proposals come to each other.

    `hard`: same field, other value; always a clash. `soft`: made from the same packet by two authors, on different
    fields; taken as it is, but shown, since together they may not make sense.
    """

    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Change:
    """One field: the value its author saw (None or empty: none), and the one it should have (empty: none)."""

    base: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    One `contact_proposed` event.

    *author* is the device; *place* orders its own events (its chains along their `previous` links, then seq), as no
    clock could. *packet* names the packet revision in its hands, if known.
    """

    id: str
    author: str
    place: tuple[int, ...]
    changes: Mapping[str, Change]
    packet: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one field of one proposal, and which other proposals (ids) it stands against."""

    state: MergeState
    grade: Grade | None = None
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """The values that hold, and the outcome of each (proposal id, field)."""

    values: dict[str, str]
    outcomes: dict[tuple[str, str], Outcome]


@dataclass(frozen=True, slots=True)
class _Edge:
    """One proposed step of one field, in comparable form."""

    id: str
    author: str
    place: tuple[int, ...]
    base: str
    new: str


def merge_contact(office: Mapping[str, str], proposals: Iterable[Proposal], region: str) -> Merged:
    """
    Merge all undecided proposals about one person into what the office holds.

    *office* is what import and people's decisions say, without any proposal; phone numbers are read as dialled in
    *region*. From the office's value the merge follows the proposals that were made on seeing it, then those made on
    seeing their result, and so on, as long as there is one way to go.

    >>> agree = [Proposal("e1", "d1", (1,), {"phone": Change("0134", "(415) 555-0135")}),
    ...          Proposal("e2", "d2", (1,), {"phone": Change("0134", "+1 415 555 0135")})]
    >>> merge_contact({"phone": "0134"}, agree, "US").values
    {'phone': '+14155550135'}
    """
    unique = sorted({proposal.id: proposal for proposal in proposals}.values(), key=lambda proposal: proposal.id)
    values = dict(office)
    outcomes: dict[tuple[str, str], Outcome] = {}
    for field in sorted({field for proposal in unique for field in proposal.changes}):
        edges = [_read_edge(proposal, field, region) for proposal in unique if field in proposal.changes]
        root = fold_value(field, office.get(field), region)
        final, found = _merge_field(root, edges)
        outcomes |= {(name, field): outcome for name, outcome in found.items()}
        if final != root:
            values[field] = final
    _grade_soft(unique, outcomes)
    return Merged({field: text for field, text in values.items() if text != NO_VALUE}, outcomes)


def fold_value(field: str, text: str | None, region: str) -> str:
    """Give a field's value in the form it is compared and stored in; no value is the empty text."""
    if text is None:
        return NO_VALUE
    return fold_phone(text, region) if field in PHONE_FIELDS else fold_text(text)


def _read_edge(proposal: Proposal, field: str, region: str) -> _Edge:
    change = proposal.changes[field]
    base, new = fold_value(field, change.base, region), fold_value(field, change.new, region)
    return _Edge(proposal.id, proposal.author, proposal.place, base, new)


def _merge_field(root: str, edges: Sequence[_Edge]) -> tuple[str, dict[str, Outcome]]:
    """Give the value of one field, and each proposal's outcome."""
    replaced = _find_replaced(edges)
    live = [edge for edge in edges if edge.id not in replaced]
    path = _follow(root, _draw_graph(live))
    final = path[-1]
    rank = {value: place for place, value in enumerate(path)}
    outcomes: dict[str, Outcome] = {}
    for edge in edges:
        if edge.id in replaced:
            outcomes[edge.id] = Outcome(MergeState.REPLACED)
        elif edge.base in rank and rank[edge.base] < rank.get(edge.new, -1):
            outcomes[edge.id] = Outcome(MergeState.APPLIED)
        elif edge.new in (final, edge.base):
            outcomes[edge.id] = Outcome(MergeState.ALREADY)
        else:
            against = sorted(other.id for other in live if other.new != edge.new)
            outcomes[edge.id] = Outcome(MergeState.CLASH, Grade.HARD, tuple(against))
    return final, outcomes


def _find_replaced(edges: Sequence[_Edge]) -> set[str]:
    """
    Find the proposals that their own authors have replaced.

    An author's last proposal counts, with those it builds on; the others it replaces. Going back counts as never
    having left, unless somebody else has spoken of a value on the way: then a person decides.
    """
    replaced: set[str] = set()
    for author in {edge.author for edge in edges}:
        own = sorted((edge for edge in edges if edge.author == author), key=lambda edge: (edge.place, edge.id))
        chain = [own[-1]]
        for edge in reversed(own[:-1]):
            if edge.new == chain[0].base:
                chain.insert(0, edge)
        replaced |= {edge.id for edge in own} - {edge.id for edge in chain}
        begin = next((place for place, edge in enumerate(chain) if edge.base == chain[-1].new), len(chain))
        between = {edge.new for edge in chain[begin:-1]}
        if not any({other.base, other.new} & between for other in edges if other.author != author):
            replaced |= {edge.id for edge in chain[begin:-1]}
    return replaced


def _draw_graph(edges: Iterable[_Edge]) -> dict[str, set[str]]:
    """Give, for each value, the other values that proposals make of it."""
    graph: dict[str, set[str]] = {}
    for edge in edges:
        if edge.new != edge.base:
            graph.setdefault(edge.base, set()).add(edge.new)
    return graph


def _follow(root: str, graph: Mapping[str, set[str]]) -> list[str]:
    """Follow the steps from *root* as long as there is one way; a round trip ends where it first set out."""
    path = [root]
    while (step := _choose_step(path[-1], graph)) is not None:
        if step in path:
            return path[: path.index(step) + 1]
        path.append(step)
    return path


def _choose_step(value: str, graph: Mapping[str, set[str]]) -> str | None:
    """
    Choose the one way on from *value*, if there is one.

    Of several steps one may lead to all the others (somebody went A to B to C, somebody else A to C): then it is the
    way. Else they contradict each other.
    """
    steps = graph.get(value, set())
    reach = {step: _reach(step, graph, without=value) for step in steps}
    leading = [step for step in steps if steps <= reach[step]]
    return leading[0] if len(leading) == 1 else None


def _reach(start: str, graph: Mapping[str, set[str]], without: str) -> set[str]:
    """Give all values that steps from *start* lead to, itself included, none of them through *without*."""
    found, open_values = {start}, [start]
    while open_values:
        for step in graph.get(open_values.pop(), set()) - found - {without}:
            found.add(step)
            open_values.append(step)
    return found


def _grade_soft(proposals: Sequence[Proposal], outcomes: dict[tuple[str, str], Outcome]) -> None:
    """Mark what was taken from two authors who had the same packet in hand and changed different fields of it."""
    taken = [
        (proposal, field)
        for proposal in proposals
        for field in proposal.changes
        if proposal.packet is not None and outcomes[proposal.id, field].state is MergeState.APPLIED
    ]
    for mine, field in taken:
        against = {
            other.id
            for other, other_field in taken
            if other.packet == mine.packet and other.author != mine.author and other_field != field
        }
        if against:
            outcomes[mine.id, field] = Outcome(MergeState.APPLIED, Grade.SOFT, tuple(sorted(against)))
