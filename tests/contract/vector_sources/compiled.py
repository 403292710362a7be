"""Compiling: rules as a rulebook has them and facts, and the limits that a packet carries for them, by hand."""

from __future__ import annotations

from tests.contract.vector_sources import scenes_of_clocks, scenes_of_crews, scenes_of_facts
from tests.contract.vector_sources.plain import Vector
from tests.contract.vector_sources.scenes import compile_vectors

ABOUT = (
    "`rulebooks` (zone, rules) and `facts` compiled into a packet's limits until the lease ends, for visits of at most"
    " `stay_min`: the members of `expected` are those of `limits`, others are not told. A fact that is absent is not"
    " known. For servers; devices need `limits.json`, whose limits are these."
)


def vectors() -> list[Vector]:
    """Give the vectors of `compiled.json`."""
    return list(compile_vectors([*scenes_of_clocks.SCENES, *scenes_of_facts.SCENES, *scenes_of_crews.SCENES]))
