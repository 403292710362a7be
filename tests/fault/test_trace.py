"""The played link lets through what was recorded: no more in any second, and nothing is lost."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

import pytest

from tests.fault.trace import PACKET, Link, Trace, played, read_trace


def test_bytes_arrive_when_the_recording_has_room_for_them() -> None:
    """Spread over each second, past outages, and round again after the end."""
    link = Link([1000, 0, 0, 500])

    assert 0.5 == link.arrives(0, 500)
    assert 1.0 == link.arrives(0, 1000)
    assert 3.5 == link.arrives(0, 1250)
    assert 3.5 == link.arrives(1.7, 250)
    assert 4.0 == link.arrives(0.5, 1000)
    assert 4.25 == link.arrives(3.5, 500)
    assert 12.5 == link.arrives(0, 5000 - 1000 + 1000)


def test_what_is_sent_waits_for_what_was_sent_before() -> None:
    """One direction is one queue."""
    link = Link([1000])

    assert [1.0, 1.5, 3.5] == [link.send(0, 1000), link.send(0.2, 500), link.send(3.0, 500)]


def test_the_slowest_recording_has_outages_and_calm_stretches() -> None:
    """Ten seconds of nothing somewhere; what is called calm has none."""
    trace = read_trace()
    down = trace.down.seconds

    assert not any(down[760:770])
    assert {759, 765, 770, 989} < trace.down.outages
    starts = trace.down.calm_starts(30, 5)
    assert 5 == len(set(starts))
    assert all(min(down[at : at + 30]) > 0 and trace.down.outages.isdisjoint(range(at, at + 30)) for at in starts)
    assert pytest.approx(65_000, rel=0.01) == sum(down) / len(down)
    with pytest.raises(ValueError, match="lets nothing"):
        Link([0, 0])


def test_what_passes_is_whole_and_no_faster_than_recorded() -> None:
    """An echo of 30 packets over 20 packets a second needs more than a second, and comes back as it was sent."""
    sent = bytes(range(250)) * (30 * PACKET // 250)
    with socket.create_server(("127.0.0.1", 0)) as echo:
        threading.Thread(target=_echo_once, args=(echo,), daemon=True).start()
        rate = Link([20 * PACKET] * 60), Link([20 * PACKET] * 60)
        with (
            played(echo.getsockname()[:2], Trace(*rate)) as link,
            socket.create_connection(("127.0.0.1", link.port)) as way,
        ):
            link.play(0)
            began = time.monotonic()
            way.sendall(sent)
            way.shutdown(socket.SHUT_WR)
            came = b"".join(iter(lambda: way.recv(65_536), b""))

    assert sent == came
    assert time.monotonic() - began > 1.4
    assert {"down": len(sent), "up": len(sent)} == link.passed


def test_a_cut_ends_every_connection_and_further_ones_are_taken() -> None:
    """Who waited hears that it is over, and may try again."""
    with socket.create_server(("127.0.0.1", 0)) as silent, played(silent.getsockname()[:2]) as link:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", link.port), timeout=10) as way:
                way.sendall(b"Is anybody there?")
                peer, _ = silent.accept()
                link.cut()
                with peer, suppress(ConnectionError):
                    assert b"" == way.recv(1)


def _echo_once(server: socket.socket) -> None:
    peer, _ = server.accept()
    with peer:
        while chunk := peer.recv(65_536):
            peer.sendall(chunk)
