"""What the office planned: the device lists by it while its day lasts, and says when to be where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent_sync.cli_words import say_packet, say_packet_line
from tests.unit.device.builders import CASE, DAY_MS, OTHER_CASE, a_clock, a_device, packet_body
from tests.unit.device.fake_server import START_MS, FakeServer, an_id

DAY = "2026-05-28"  # on which the fake server's time begins, at 20:26 UTC
THIRD = an_id(102)


def planned(order: int, hour: str) -> dict[str, Any]:
    """Give a packet's body with a plan for the day."""
    body = packet_body(START_MS + 7 * DAY_MS)
    body["open"]["planned"] = {"day": DAY, "order": order, "starts": f"{DAY}T{hour}:00.000+00:00"}
    return body


def test_packets_stand_in_the_order_of_the_plan_until_its_day_is_over(tmp_path: Path) -> None:
    """What is planned first, by its order, then what nobody planned; the day after the plan says nothing any more."""
    server, clock = FakeServer(), a_clock()
    server.put("packet", CASE, planned(2, "21:30"))
    server.put("packet", OTHER_CASE, packet_body())
    server.put("packet", THIRD, planned(1, "20:40"))
    device = a_device(tmp_path, server, clock)
    assert device.exchange().is_ok

    views = device.packets()
    lines = [say_packet_line(view, "en") for view in views]
    whole = list(say_packet(views[0], "en"))
    clock.advance(4 * 3_600_000)
    after = device.packets()

    assert [THIRD, CASE, OTHER_CASE] == [view.case_id for view in views]
    assert f"· 1. on {DAY} from 20:40" in lines[0]
    assert DAY not in lines[2]
    assert f"Planned   {DAY} 20:40, stop 1 of the day" in whole
    assert [CASE, OTHER_CASE, THIRD] == [view.case_id for view in after]
    assert [None] * 3 == [view.plan for view in after]
