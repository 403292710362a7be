"""The turns in which uploads work: one at a time, with a rest, and no one waits forever."""

from __future__ import annotations

import threading

import pytest

from server import rates
from server.rates import Turns


def test_a_turn_rests_twice_as_long_as_it_worked_but_never_long() -> None:
    """A photo's few milliseconds are followed by twice as many; minutes of a recording by a tenth of a second."""
    ticks = iter([10.0, 10.004, 20.0, 80.0])
    slept: list[float] = []
    turns = Turns(lambda: next(ticks), slept.append)
    with turns.take():
        pass
    with pytest.raises(ValueError, match="hash"), turns.take():
        raise ValueError("a wrong hash rests as well")

    assert [pytest.approx(0.008), rates.REST_S] == slept


def test_the_next_waits_for_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one works, another does not begin; it begins once the first has rested."""
    monkeypatch.setattr(rates, "TURN_S", 60)
    turns, order, is_begun = Turns(sleep=lambda _: order.append("rested")), list[str](), threading.Event()

    def follow() -> None:
        is_begun.set()
        with turns.take():
            order.append("second")

    with turns.take():
        thread = threading.Thread(target=follow)
        thread.start()
        is_begun.wait()
        thread.join(0.1)
        order.append("first")
    thread.join()

    assert ["first", "rested", "second", "rested"] == order


def test_who_waited_long_goes_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long one keeps its turn, and keeps back nobody; whoever went beside it does not end it."""
    monkeypatch.setattr(rates, "TURN_S", 0.01)
    turns = Turns(sleep=lambda _: None)
    with turns.take():
        with turns.take():
            pass
        assert turns._lock.locked()
    assert not turns._lock.locked()
