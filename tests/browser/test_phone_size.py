"""
The built phone app where there is much of everything: thousands of packets, a thousand unsent events, a network that
comes and goes. True or false only; how long things take is `make bench`'s. Needs the built app (`make pwa`).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import func, select

from server.agent_app import BESIDE_US
from server.storage import tables
from tests.benchmark import gen, phone_packets, servers
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.browser import phone_timing as timing
from tests.browser.phone_look import PIN, unlock
from tests.fault.trace import played

MOST_SCRIPT = 45_000  # bytes, gzip
PACKETS, VISITS, STEPS = 5000, 100, 8
FAR_PACKETS = 1000
GOOD_S, FADED_S, BACK_S = 735, 752, 777  # of the recording: it fades to nothing for 25 seconds and comes back
# The app's own device, as a second tab of it would be: what the screens do a thousand times over.
RECORD = """async ({ caseIds, steps, pin }) => {
  const files = performance.getEntriesByType('resource').map((each) => each.name);
  const { Device } = await import(files.find((name) => name.includes('/assets/device-')));
  const device = new Device();
  await device.unlock(pin);
  for (const caseId of caseIds) {
    const { visitId } = await device.record('visit_started', caseId, null, { fixes: [] });
    for (let step = 0; step < steps; step += 1) {
      await device.record('step_done', caseId, visitId, { step: 'card_shown', text_version: '3', response: 'given' });
    }
    await device.record('visit_ended', caseId, visitId, { fixes: [], reason: 'completed' });
  }
  await device.close();
}"""


@pytest.fixture
def adapter(tmp_path: Path) -> Iterator[FairvisitAdapter]:
    """A real server of two workers on SQLite, and the office beside it."""
    url = f"sqlite:///{tmp_path / 'fairvisit.db'}"
    with servers.fairvisit(url, tmp_path, 2, 4) as address:
        opened = FairvisitAdapter(address, url, with_sealed=True)
        yield opened
        opened.close()


def count_events(adapter: FairvisitAdapter, kind: str) -> int:
    """Count the server's events of a kind."""
    with adapter.office.site.store.read() as connection:
        return int(connection.scalar(select(func.count()).where(tables.event.c.kind == kind)) or 0)


def follow(page: Page) -> list[tuple[str | None, bool]]:
    """Keep, of each exchange of the page once it is over, the cursor it asked from and whether it was answered."""
    kept: list[tuple[str | None, bool]] = []

    def keep(request: Request) -> None:
        if request.url.endswith("/sync/v1/exchange"):
            body = request.post_data_buffer or b""
            asked = json.loads(gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body)
            kept.append((asked["pull"].get("cursor"), request.failure is None))

    page.on("requestfinished", keep)
    page.on("requestfailed", keep)
    return kept


def test_script_at_start_is_light_and_the_map_is_apart(chromium: Browser, adapter: FairvisitAdapter) -> None:
    """From opening the app anew to the day's list, nothing but under 45 kB of script is needed, and no map."""
    scope = adapter.office.add_scope("light", 3)
    context = timing.open_watched(chromium)
    page = context.new_page()
    page.goto(f"{adapter.url}/agent/")
    timing.enrol(page, adapter.office.code_for(scope))
    timing.await_packets(page, 3)
    page.reload()
    timing.mark(page, "gate")
    names = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    files = [BESIDE_US / name.partition("/agent/")[2] for name in names if name.endswith(".js")]
    unlock(page)
    timing.mark(page, "list")
    context.close()

    assert any(file.name.startswith("device-") for file in files)
    assert not any(file.name.startswith("map-") for file in files)
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) < MOST_SCRIPT


def test_thousands_of_packets_and_a_thousand_unsent_events(chromium: Browser, adapter: FairvisitAdapter) -> None:
    """All come, the list opens and is searched without a network, and everything recorded reaches the office once."""
    scope = adapter.office.add_scope("many", PACKETS)
    context = timing.open_watched(chromium)
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.goto(f"{adapter.url}/agent/")
    timing.enrol(page, adapter.office.code_for(scope))
    timing.await_packets(page, PACKETS)
    context.set_offline(True)
    page.reload()
    unlock(page)
    timing.await_packets(page, PACKETS)
    page.evaluate(RECORD, {"caseIds": scope.case_ids[:VISITS], "steps": STEPS, "pin": PIN})

    page.reload()
    unlock(page)
    expect(page.locator("h1")).to_have_text(f"Today {PACKETS}", timeout=180_000)
    wanted = gen.cases(PACKETS, "many")[-1]["address"]
    page.get_by_role("button", name="Search").click()
    page.get_by_role("searchbox").fill(f"{wanted['line1']}, {wanted['line2']}, {wanted['city']}")
    expect(page.locator(".stops a")).to_have_count(1, timeout=60_000)
    page.evaluate("() => { location.hash = '#/sending'; }")
    on_phone = page.locator("dt", has_text="On this phone").locator("xpath=following-sibling::dd[1]")
    events = VISITS * (STEPS + 2)
    expect(on_phone).to_have_text(str(events), timeout=60_000)
    context.set_offline(False)
    expect(on_phone).to_have_text("0", timeout=180_000)
    expect(page.get_by_text("was received by the office")).to_be_visible()
    context.close()

    assert VISITS == count_events(adapter, "visit_started")
    assert VISITS * STEPS == count_events(adapter, "step_done")
    assert VISITS == count_events(adapter, "visit_ended")


def test_a_first_exchange_goes_on_after_an_outage(chromium: Browser, adapter: FairvisitAdapter, tmp_path: Path) -> None:
    """Over a recorded link that fades away: what came stays and is not asked again, and nothing recorded is lost."""
    models = phone_packets.make_models(adapter.office.site, tmp_path)
    scope = phone_packets.add_scope(adapter.office, models, "far", FAR_PACKETS)
    context = timing.open_watched(chromium)
    page = context.new_page()
    kept = follow(page)
    with played(adapter.address) as link:
        page.goto(f"{link.url}/agent/")
        timing.enrol(page, adapter.office.code_for(scope), lambda: link.play(GOOD_S))
        page.wait_for_function(f"() => {timing.EXCHANGES}.length > 0", timeout=60_000)
        link.play(FADED_S)
        page.wait_for_timeout(
            5_000
        )  # the next answer has begun; before its first byte a browser would ask again itself
        page.wait_for_selector(".stops a")
        came = int(page.locator("h1").inner_text().split()[1])
        context.set_offline(True)
        link.cut()
        page.evaluate(RECORD, {"caseIds": scope.case_ids[:1], "steps": 1, "pin": PIN})
        link.play(BACK_S)
        context.set_offline(False)
        timing.await_packets(page, FAR_PACKETS)
        expect(page.get_by_text("All sent")).to_be_visible(timeout=30_000)
    context.close()

    assert 0 < came < FAR_PACKETS
    asked_from, answered = zip(*kept, strict=True)
    assert False in answered
    assert asked_from[0] is None
    assert None not in asked_from[1:]
    assert [1, 1] == [count_events(adapter, kind) for kind in ("step_done", "visit_ended")]
