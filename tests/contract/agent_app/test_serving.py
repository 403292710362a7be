"""The phone app as the server hands it out: its pages, how long they are kept, what is said when it is not built."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from schemas.errors import FieldError
from server.agent_app import register_agent_app
from server.settings import Settings

FILES = {
    "index.html": "<title>day</title>", "check.html": "<title>check</title>", "sw.js": "self", "icon.svg": "<svg/>",
    "manifest.webmanifest": "{}", "assets/index-abc123.js": "run()" * 100, "assets/look-abc123.css": "a{}",
}  # fmt: skip


def client_of(folder: Path, **settings: str) -> FlaskClient:
    """Give a browser on a server whose app lies in *folder*."""
    app = Flask("test")
    register_agent_app(app, Settings(agent_app=str(folder), **settings))
    return app.test_client()


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    """A browser on a server with a built app."""
    for name, text in FILES.items():
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret").write_text("not the app's")
    return client_of(tmp_path / "dist")


PAGES = [("/agent/", "day"), ("/agent/?rehearse", "day"), ("/agent/check", "check")]


@pytest.mark.parametrize(("path", "title"), PAGES)
def test_the_app_and_its_check_are_pages(client: FlaskClient, path: str, title: str) -> None:
    """Both are asked for anew each time, so that a new version is seen."""
    answer = client.get(path)

    assert (answer.status_code, answer.text) == (200, f"<title>{title}</title>")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_the_address_without_a_slash_leads_into_the_folder(client: FlaskClient) -> None:
    """A service worker works in its folder only."""
    answer = client.get("/agent")

    assert (answer.status_code, answer.headers["Location"]) == (308, "/agent/")


@pytest.mark.parametrize(
    ("path", "kept", "media_type"),
    [
        ("assets/index-abc123.js", "public, max-age=31536000, immutable", "text/javascript"),
        ("assets/look-abc123.css", "public, max-age=31536000, immutable", "text/css"),
        ("sw.js", "no-cache", "text/javascript"),
        ("manifest.webmanifest", "no-cache", "application/manifest+json"),
        ("icon.svg", "no-cache", "image/svg+xml"),
    ],
)
def test_only_what_is_named_by_its_hash_is_kept(client: FlaskClient, path: str, kept: str, media_type: str) -> None:
    """The worker above all is never kept: it decides which version a phone runs."""
    answer = client.get(f"/agent/{path}")

    assert (answer.headers["Cache-Control"], answer.mimetype) == (kept, media_type)


@pytest.mark.parametrize("path", ["", "check", "sw.js", "assets/index-abc123.js", "nothing"])
def test_pages_run_nothing_but_the_app(client: FlaskClient, path: str) -> None:
    """No inline script or style, nothing from elsewhere, in no frame."""
    policy = client.get(f"/agent/{path}").headers["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy.split("; "))


TILES = "https://tiles.example.org:8443/{z}/{x}/{y}.png?key=1&style=day"
MARKED = '<meta name="tiles" content="__TILES__" data-credit="__CREDIT__">'


def test_the_street_map_stands_in_page_policy_and_worker(client: FlaskClient, tmp_path: Path) -> None:
    """Just its origin is let in, for pictures; a changed map is another worker, so that phones take the page anew."""
    (tmp_path / "dist/index.html").write_text(MARKED)
    (tmp_path / "dist/sw.js").write_text("'shell-1__MAP__'")
    mapped = client_of(tmp_path / "dist", map_tiles=TILES, map_credit='© "Us" & all')
    other = client_of(tmp_path / "dist", map_tiles=TILES, map_credit="© Others")
    page, policy = mapped.get("/agent/"), mapped.get("/agent/").headers["Content-Security-Policy"]

    assert 'content="https://tiles.example.org:8443/{z}/{x}/{y}.png?key=1&amp;style=day"' in page.text
    assert 'data-credit="© &quot;Us&quot; &amp; all"' in page.text
    assert ["img-src 'self' data: blob: https://tiles.example.org:8443"] == _naming(policy, "tiles")
    assert client.get("/agent/").text == MARKED.replace("__TILES__", "").replace("__CREDIT__", "")
    assert [] == _naming(client.get("/agent/").headers["Content-Security-Policy"], "tiles")
    assert client.get("/agent/sw.js").text == "'shell-1'"
    assert 3 == len({each.get("/agent/sw.js").text for each in (client, mapped, other)})


def _naming(policy: str, part: str) -> list[str]:
    return [each for each in policy.split("; ") if part in each]


@pytest.mark.parametrize(
    "tiles", ["tiles", "https://a.example/{z}/{x}.png", "https://a.example/{z}/{x}/{y}; script-src *", "//a/{z}{x}{y}"]
)
def test_an_address_that_is_none_of_tiles_is_refused(tmp_path: Path, tiles: str) -> None:
    """It would be written into the page's policy."""
    with pytest.raises(FieldError) as refused:
        client_of(tmp_path, map_tiles=tiles)

    assert ["FAIRVISIT_MAP_TILES"] == list(refused.value.fields)


def test_a_file_is_packed_for_who_takes_it(client: FlaskClient) -> None:
    """On a slow link a third of the bytes is a third of the wait."""
    packed = client.get("/agent/assets/index-abc123.js", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/agent/assets/index-abc123.js", headers={"Accept-Encoding": "identity"})

    assert (packed.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert len(packed.data) < len(plain.data) == len(FILES["assets/index-abc123.js"])
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_what_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    """The tag of the first answer brings an empty second one, until the file changes."""
    tag = client.get("/agent/sw.js").headers["ETag"]

    assert client.get("/agent/sw.js", headers={"If-None-Match": tag}).status_code == 304


def test_a_new_build_is_seen_without_a_restart(client: FlaskClient, tmp_path: Path) -> None:
    """Building while the server runs is how one works on it."""
    client.get("/agent/")
    (tmp_path / "dist/index.html").write_text("<title>newer</title>")

    assert client.get("/agent/").text == "<title>newer</title>"


@pytest.mark.parametrize("path", ["nothing.js", "../secret", "..%2fsecret", "assets", "check/", "n" * 300])
def test_nothing_outside_the_folder_is_given(client: FlaskClient, path: str) -> None:
    """An address that is no file of the app is a page that says so."""
    answer = client.get(f"/agent/{path}")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "nothing at this address" in answer.text


def test_an_app_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    """In words, in both languages, and not kept."""
    answer = client_of(tmp_path / "nowhere").get("/agent/")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    assert "is not built" in answer.text
    assert "还没有构建" in answer.text
