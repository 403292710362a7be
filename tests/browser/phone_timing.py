"""
Times of the phone app, taken inside the page: when something first stood on the screen, when a write was on the disk.

What is waited for is noted by the page itself, so that the test's own talk with the browser is not in the figures.
Milliseconds of the page's clock, from the navigation on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Page

from schemas.sealing import ITERATIONS
from tests.browser.phone_look import PIN, open_phone
from tests.browser.test_phone import unlock

# The first time each of these is there, and painted: two frames later nothing of it can be missing.
WATCHED = {"gate": "input[type=password]", "list": ".stops a", "door": ".state.good", "steps": ".steps"}
WATCH = """([watched]) => {
  const marks = window.marks = {};
  window.writes = [];
  const painted = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
  const note = (name) => painted(() => { marks[name] ??= performance.now(); });
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

EXCHANGES = """performance.getEntriesByType('resource')
  .filter((each) => each.name.endsWith('/sync/v1/exchange'))
  .map(({ startTime, encodedBodySize }) => ({ startTime, encodedBodySize }))"""
DERIVE = """async ({ runs, iterations, pin }) => {
  const took = [];
  for (let run = 0; run < runs; run += 1) {
    const began = performance.now();
    const base = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveKey']);
    const how = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(16), iterations };
    await crypto.subtle.deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, ['decrypt']);
    took.push(performance.now() - began);
  }
  return took;
}"""
PUT = """async (runs) => {
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
}"""
SETTLED_MS = 700  # what a touch set going has ended


def open_watched(browser: Browser) -> BrowserContext:
    """Give a phone whose pages note their times."""
    context = open_phone(browser, "en", "light", 100)
    context.add_init_script(f"({WATCH})({[WATCHED]!r})")
    return context


@contextmanager
def slowed(page: Page, times: float) -> Iterator[None]:
    """Slow the page's own thread so many times; other threads (storage, cryptography) keep their speed."""
    session = page.context.new_cdp_session(page)  # one at a time: another's rate would stay
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    yield
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    session.detach()


def mark(page: Page, name: str) -> float:
    """Wait until something was noted; give when, in ms since the navigation."""
    found = page.wait_for_function("name => window.marks[name]", arg=name, timeout=180_000)
    return cast("float", found.json_value())


def enrol(page: Page, code: str, before_pin: Callable[[], None] = lambda: None) -> None:
    """Enter a code and choose a PIN, once the app is kept for use without a network; what comes then is not awaited."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.locator("input").fill(code)
    page.locator("button[type=submit]").click()
    page.locator("input[name=pin]").fill(PIN)
    page.locator("input[name=again]").fill(PIN)
    before_pin()
    page.locator("button[type=submit]").click()


def await_packets(page: Page, count: int) -> float:
    """Wait until so many packets are listed; give when, in ms since the navigation."""
    return mark(page, f"Today {count}")


def exchanges(page: Page) -> list[dict[str, float]]:
    """Give the page's exchanges: when each began, and the bytes of its answer as they came."""
    return cast("list[dict[str, float]]", page.evaluate(EXCHANGES))


def start_once(page: Page) -> dict[str, float]:
    """Open the app anew and unlock it; give ms to the PIN field, and from the PIN to the list."""
    page.evaluate("() => { location.hash = '#/'; }")
    page.reload()
    gate = mark(page, "gate")
    unlock(page)
    listed = mark(page, "list")
    return {"gate": gate, "list": listed - cast("float", page.evaluate("window.marks.submit"))}


def record_steps(page: Page, case_id: str) -> list[dict[str, float]]:
    """Visit a case: start, card, end; give of each the ms until it was durable, and until the next screen stood."""
    page.evaluate("case_id => { location.hash = '#/door/' + case_id; }", case_id)
    page.wait_for_selector(".bar .act:not([disabled])")
    page.wait_for_selector(".state.good")
    took = [_touch(page, ".bar .act", ".steps")]
    page.locator(".in-hand").click()
    page.wait_for_selector(".qr")
    took.append(_touch(page, ".bar .act", ".choice"))
    page.locator(".ever .act").nth(1).click()
    page.wait_for_selector(".picks")
    took.append(_touch(page, ".bar .act", "h1:has-text('has ended')"))
    return took


def _touch(page: Page, what: str, then: str) -> dict[str, float]:
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate("() => { window.writes.length = 0; }")
    page.locator(what).first.click()
    page.wait_for_selector(then)
    shown = page.evaluate("new Promise((done) => requestAnimationFrame(() => done(performance.now())))")
    clicked, written = page.evaluate("[window.marks.click, window.writes[0]]")
    return {"durable": written - clicked, "shown": shown - clicked}


def derive_key(page: Page, runs: int) -> list[float]:
    """Derive a key from a PIN as the vault does, so many times; give the ms of each."""
    return cast("list[float]", page.evaluate(DERIVE, {"runs": runs, "iterations": ITERATIONS, "pin": PIN}))


def put_barely(page: Page, runs: int) -> list[float]:
    """Put a row into a bare IndexedDB of the same page, strictly durable, so many times; give the ms of each."""
    return cast("list[float]", page.evaluate(PUT, runs))


def show_barely(page: Page, body: str) -> float:
    """Open a page of nothing but a list; give ms until it was painted."""
    page.goto("data:text/html," + quote(f"<!doctype html><title>Floor</title><h1>Floor</h1>{body}"))
    shown = mark(page, "list")
    page.go_back()
    return shown
