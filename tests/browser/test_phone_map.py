"""
The phone's street map in a real Chromium, in practice: its pictures come from the server that the setting names and
from nowhere else, and only while it is shown; without them there is the sketch. Needs the built app.
"""

from __future__ import annotations

import re
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from server.agent_app import register_agent_app
from server.settings import Settings
from tests.browser.look import Quiet
from tests.browser.phone_look import open_phone
from tests.browser.test_phone import set_up, unlock

CREDIT = '© "Map" people'
SHOWN = ".leaflet-tile-loaded"
FIRST = "3 Balmy Street, flat 2"


def draw_tile() -> bytes:
    """Give one grey pixel as a PNG."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00\xc0")) + chunk(b"IEND", b"")
    )


@contextmanager
def served_on(app: Flask) -> Iterator[str]:
    """Serve on a port of its own; gives the origin."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def tiles() -> Iterator[tuple[str, list[str]]]:
    """A server of map pictures: its origin, and which were asked for."""
    app, asked = Flask("tiles"), list[str]()

    @app.get("/<int:z>/<int:x>/<int:y>.png")
    def tile(z: int, x: int, y: int) -> Response:
        asked.append(f"{z}/{x}/{y}")
        return Response(draw_tile(), mimetype="image/png")

    with served_on(app) as origin:
        yield origin, asked


@contextmanager
def day_of(chromium: Browser, origin: str) -> Iterator[Page]:
    """A phone in practice at the day's list, whose map is to come from *origin*; its scripts' complaints fail."""
    app = Flask("practice")
    register_agent_app(app, Settings(map_tiles=f"{origin}/{{z}}/{{x}}/{{y}}.png", map_credit=CREDIT))
    with served_on(app) as url:
        context = open_phone(chromium, "en", "light", 100)
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(f"a script failed: {error}"))
        page.goto(f"{url}/agent/?rehearse")
        set_up(page, "PRACTICE")
        yield page
        context.close()


def test_a_place_on_the_street_map_leads_to_its_case(chromium: Browser, tiles: tuple[str, list[str]]) -> None:
    """Pictures are asked for once the map is opened, and not before; who made them stands under it."""
    origin, asked = tiles
    with day_of(chromium, origin) as page:
        page.wait_for_timeout(500)
        assert [] == asked

        page.get_by_role("link", name="Map").click()
        page.wait_for_selector(SHOWN)

        assert asked
        expect(page.locator("figcaption")).to_have_text(CREDIT)
        page.get_by_role("button", name="Show distances").click()
        expect(page.locator(".street-map .pin b")).to_have_text("you")
        page.get_by_role("link", name=re.compile(FIRST)).press("Enter")
        expect(page.get_by_role("button", name="Start the visit")).to_be_visible()


def test_the_worker_leaves_the_maps_pictures_alone(chromium: Browser, tiles: tuple[str, list[str]]) -> None:
    """What it keeps is the app; with page and policy from there, the map is shown all the same."""
    origin, asked = tiles
    with day_of(chromium, origin) as page:
        page.evaluate("location.hash = '#/map'")
        page.reload()
        unlock(page)
        page.wait_for_selector(SHOWN)

        kept = page.evaluate("""async () => (await Promise.all((await caches.keys()).map(async name =>
            (await (await caches.open(name)).keys()).map(each => each.url)))).flat()""")
        assert asked
        assert [] == [url for url in kept if url.startswith(origin)]


def test_without_its_pictures_there_is_the_sketch(chromium: Browser) -> None:
    """A server of tiles that does not answer leaves the agent a map all the same."""
    with day_of(chromium, "http://127.0.0.1:9") as page:
        page.get_by_role("link", name="Map").click()

        expect(page.locator(".sketch")).to_be_visible(timeout=15_000)
        expect(page.locator(".street-map")).to_have_count(0)
