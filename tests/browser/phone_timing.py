"""
Times of the phone app, taken inside the page: when something first stood on the screen, when a write was on the disk.

What is waited for is noted by the page itself, so that the test's own talk with the browser is not in the figures.
Milliseconds of the page's clock, from the navigation on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.phone_look import PIN, open_phone
from tests.browser.test_phone import unlock

# The first time each of these is there, and painted: two frames later nothing of it can be missing.
WATCHED = {"gate": "input[type=password]", "list": ".stops a", "door": ".state.good", "steps": ".steps"}
WATCH = """([watched]) => {
  const marks = window.marks = {};
  window.writes = [];
  const note = (name) => requestAnimationFrame(() => requestAnimationFrame(() => { marks[name] ??= performance.now(); }));
  const seen = new Set();
  const look = () => {
    for (const [name, selector] of Object.entries(watched)) {
      if (!seen.has(name) && document.querySelector(selector)) { seen.add(name); note(name); }
    }
    const title = document.querySelector('h1')?.textContent;
    if (title && !seen.has(title)) { seen.add(title); note(title); }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
  for (const kind of ['submit', 'click']) addEventListener(kind, () => { marks[kind] = performance.now(); }, true);
  const open = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...given) {
    const made = open.apply(this, given);
    if (given[1] === 'readwrite') made.addEventListener('complete', () => window.writes.push(performance.now()));
    return made;
  };
}"""


def open_watched(browser: Browser) -> BrowserContext:
    """Give a phone whose pages note their times."""
    context = open_phone(browser, "en", "light", 100)
    context.add_init_script(f"({WATCH})({[WATCHED]!r})")
    return context


def slow_down(page: Page, times: float) -> None:
    """Slow the page's own thread so many times; other threads (storage, cryptography) keep their speed."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": times})


def mark(page: Page, name: str) -> float:
    """Wait until something was noted; give when, in ms since the navigation."""
    found = page.wait_for_function("name => window.marks[name]", arg=name, timeout=180_000)
    return cast("float", found.json_value())


def enrol(page: Page, code: str, packets: int, before_pin: Callable[[], None] = lambda: None) -> None:
    """Enrol with a code, and wait until so many packets are listed."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.locator("input").fill(code)
    page.locator("button[type=submit]").click()
    page.locator("input[name=pin]").fill(PIN)
    page.locator("input[name=again]").fill(PIN)
    before_pin()
    page.locator("button[type=submit]").click()
    mark(page, f"Today {packets}")


def exchanges(page: Page) -> list[dict[str, Any]]:
    """Give the page's exchanges: when each began and ended, and the bytes of its answer as they came."""
    return cast(
        "list[dict[str, Any]]",
        page.evaluate(
            """performance.getEntriesByType('resource').filter((each) => each.name.endsWith('/sync/v1/exchange'))
            .map(({ startTime, responseEnd, encodedBodySize, decodedBodySize }) => ({ startTime, responseEnd, encodedBodySize, decodedBodySize }))"""
        ),
    )


def start_once(page: Page) -> dict[str, float]:
    """Open the app anew and unlock it; give ms to the PIN field, and from the PIN to the list."""
    page.reload()
    gate = mark(page, "gate")
    unlock(page)
    listed = mark(page, "list")
    return {"gate": gate, "list": listed - cast("float", page.evaluate("window.marks.submit"))}


def first_write_after_click(page: Page, touch: Callable[[], None], then: str) -> dict[str, float]:
    """Touch something that records; give ms until the first write was on the disk, and until *then* stood there."""
    page.evaluate("() => { window.writes.length = 0; }")
    touch()
    page.wait_for_selector(then)
    shown = page.evaluate("new Promise((done) => requestAnimationFrame(() => done(performance.now())))")
    clicked, written = page.evaluate("[window.marks.click, window.writes[0]]")
    return {"durable": written - clicked, "shown": shown - clicked}


def bare_put(page: Page, runs: int) -> list[float]:
    """Put a row into a bare IndexedDB of the same page, strictly durable, so many times; give the ms of each."""
    return cast(
        "list[float]",
        page.evaluate(
            """async (runs) => {
              const db = await new Promise((done) => { const asked = indexedDB.open('floor', 1);
                asked.onupgradeneeded = () => asked.result.createObjectStore('row', { autoIncrement: true });
                asked.onsuccess = () => done(asked.result); });
              const took = [];
              for (let run = 0; run < runs; run += 1) {
                const began = performance.now();
                const tx = db.transaction('row', 'readwrite', { durability: 'strict' });
                tx.objectStore('row').add({ content: 'x'.repeat(600) });
                await new Promise((done) => { tx.oncomplete = done; });
                took.push(performance.now() - began);
              }
              db.close();
              return took;
            }""",
            runs,
        ),
    )
