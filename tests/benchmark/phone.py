"""
The built phone app in a real Chromium against a real server: its start, a step, the first exchange, Lighthouse.

Needs a built app (`make pwa`), a Chromium on PATH and, for Lighthouse alone, npm's registry. Goes out: absolute ms with
whether issue 5's line holds, each beside a floor of the same run. What is slowed by four is the page's own thread, as
Chromium's own tools do it; deriving a key is done by another, so its time is added three times more. Walls only mean
something on a quiet machine: the load stands in the first line.

- Start: from the navigation to the PIN field painted, and from the PIN sent to the first rows painted, with no network,
  200 packets as the server packs them (`phone_packets`). How long a person types is left out. Floor: a page of as many
  rows, from navigation on.
- Step: from the touch to the strictly durable end of its transaction. Floor: a bare IndexedDB's strict put.
- First exchange: 1,000 packets over the slowest recorded cellular link (`tests/fault/traces`), begun at seconds spread
  over all that no outage follows; from the request to the list of all. Floor: its bytes at the recorded speed.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from statistics import median
from typing import cast

from playwright.sync_api import Browser, Page, sync_playwright

from tests.benchmark import phone_lighthouse
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.benchmark.phone_packets import add_scope, make_models
from tests.benchmark.seed import Scope
from tests.benchmark.workloads import Figures
from tests.browser import phone_timing as timing
from tests.browser.look import FLAGS, find_chromium
from tests.fault.trace import PlayedLink, played

SLOW = 4
START_PACKETS, START_RUNS, START_MS = 200, 9, 1500
STEP_VISITS, STEP_MS = 6, 50
PACKETS, EXCHANGE_RUNS, EXCHANGE_MS, CALM_S = 1000, 7, 10_000, 15
ROW = "<li><a href='#{0}'><span>{0}</span><span><b>{0} Market Street</b><span>open until 18:40</span></span></a></li>"


def measure(adapter: FairvisitAdapter, folder: Path) -> Figures:
    """Take every figure, and print each as it comes."""
    print(f"\nThe phone app in Chromium; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    chromium = find_chromium()
    if chromium is None:
        raise RuntimeError("There is no Chromium on PATH (Debian: chromium).")
    models = make_models(adapter.office.site, folder)
    figures: Figures = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        figures |= _on_the_phone(browser, adapter, add_scope(adapter.office, models, "near", START_PACKETS))
        with played(adapter.address) as link:
            figures |= _first_exchanges(browser, adapter, add_scope(adapter.office, models, "far", PACKETS), link)
        browser.close()
    figures |= phone_lighthouse.measure(f"{adapter.url}/agent/", chromium)
    return figures


def _tell(name: str, ms: float, most_ms: float, floor_ms: float, more: str = "") -> dict[str, float]:
    holds = "holds" if ms < most_ms else "MISSED"
    print(
        f"  {name:<44}{ms:>8.0f} ms  under {most_ms:,} {holds:<7}{ms / floor_ms:>6.1f} x floor {floor_ms:,.1f}{more}",
        flush=True,
    )
    return {"ms": ms, "most_ms": most_ms, "floor_ms": floor_ms, "ratio": ms / floor_ms}


def _on_the_phone(browser: Browser, adapter: FairvisitAdapter, scope: Scope) -> Figures:
    """Measure start and steps on one enrolled phone without a network."""
    context = timing.open_watched(browser)
    page = context.new_page()
    page.goto(f"{adapter.url}/agent/")
    timing.enrol(page, adapter.office.code_for(scope))
    timing.await_packets(page, START_PACKETS)
    context.set_offline(True)
    with timing.slowed(page, SLOW):
        figures: Figures = {"start": _start(page)}
    case_ids = iter(scope.case_ids)
    timing.start_once(page)
    for times in (1, SLOW):
        with timing.slowed(page, times):
            took = [each for _ in range(STEP_VISITS) for each in timing.record_steps(page, next(case_ids))]
            floor = median(timing.put_barely(page, 3 * STEP_VISITS))
        shown = f"; next screen {median(each['shown'] for each in took):.0f}"
        durable = median(each["durable"] for each in took)
        figures[f"step, {times}x slowed"] = _tell(f"a step, {times}x slowed", durable, STEP_MS, floor, shown)
    context.close()
    return figures


def _start(page: Page) -> dict[str, float]:
    starts = [timing.start_once(page) for _ in range(START_RUNS)]
    rows = page.locator(".stops a").count()
    key_ms = median(timing.derive_key(page, START_RUNS))
    whole_ms = median(each["gate"] + each["list"] for each in starts) + (SLOW - 1) * key_ms
    gate_ms, list_ms = (median(each[part] for each in starts) for part in ("gate", "list"))
    bare = "".join(ROW.format(number) for number in range(rows))
    floor_ms = median(timing.show_barely(page, f"<ol class='stops'>{bare}</ol>") for _ in range(START_RUNS))
    parts = f"; to the PIN {gate_ms:.0f}, to the list {list_ms:.0f}, and {SLOW - 1} x {key_ms:.0f} of its key"
    return _tell(f"start to list, {START_PACKETS} packets, {SLOW}x slowed", whole_ms, START_MS, floor_ms, parts)


def _first_exchanges(browser: Browser, adapter: FairvisitAdapter, scope: Scope, link: PlayedLink) -> Figures:
    """Enrol a new phone at each of the chosen seconds of the recording."""
    figures: Figures = {}
    for second in link.trace.down.calm_starts(CALM_S, EXCHANGE_RUNS):
        context = timing.open_watched(browser)
        page = context.new_page()
        link.play(None)
        page.goto(f"{link.url}/agent/")
        timing.enrol(page, adapter.office.code_for(scope), partial(link.play, second))
        all_ms = timing.await_packets(page, PACKETS)
        asked = timing.exchanges(page)
        began_ms, size = asked[0]["startTime"], sum(each["encodedBodySize"] for each in asked)
        list_ms = timing.mark(page, "list") - began_ms
        began_s = second + (began_ms - cast("float", page.evaluate("window.marks.submit"))) / 1000
        floor_ms = (link.trace.down.arrives(began_s, size) - began_s) * 1000
        more = f"; {size / 1000:.0f} kB in {len(asked)} pages, first rows after {list_ms:.0f}"
        name = f"first exchange, {PACKETS:,} packets, from s {second}"
        figures[name] = _tell(name, all_ms - began_ms, EXCHANGE_MS, floor_ms, more) | {
            "bytes": size,
            "list_ms": list_ms,
        }
        context.close()
    middle = median(each["ms"] for each in figures.values())
    figures["first exchange"] = _tell(
        "  median of these", middle, EXCHANGE_MS, median(each["floor_ms"] for each in figures.values())
    )
    return figures
