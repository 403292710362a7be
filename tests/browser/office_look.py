"""
Look at the office as its people do: each page on the demo's two days, and on an empty office, at a desk and on a phone.

    python -m tests.browser.office_look [--demo FOLDER] [--out FOLDER] [page ...]

Writes a picture of each page (page-data-width-language-scheme.png) and ends with 1 where axe finds anything serious, a
page answers otherwise than 200, or one is wider than the window. A played demo's folder (`fairvisit demo --once
--folder F`) is copied and left as it is; without one the demo is played first, which takes a minute.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from server.app import create_app, open_site
from server.demo.performing import perform
from server.domain.roles import ROLES
from server.services import signing_in
from server.services.searching import index_due
from server.services.site import Site
from server.settings import Settings
from server.storage import office_rows
from server.storage.tables import agent, case, device
from server.storage.visit_file_tables import visit_file
from server.storage.visit_tables import visit
from server.storage.voice_tables import complaint
from tests.browser.look import FLAGS, SERIOUS, Quiet, find_chromium

NAME, PASSWORD = "look", "a long enough one"
WIDTHS = {1280: 800, 390: 844}
VIEWS = ((1280, "en", "light"), (1280, "zh", "dark"), (390, "en", "dark"), (390, "zh", "light"))


def addresses(site: Site) -> dict[str, str]:
    """Give the address of each page of the office by a short name, on what the demo left there."""
    pages = {"me": "/me", "totp": "/me/totp", "nothing": "/no"}
    # -- today --
    pages |= {"today": "/today"}

    # -- queue --
    pages |= {"queue": "/queue", "queue-all": "/queue?state=approved"}

    # -- bulk --
    pages |= {"bulk": "/bulk"}

    # -- cases --
    pages |= {"cases": "/cases", "cases-found": "/cases?q=plaza", "cases-none": "/cases?q=zzzz"}

    # -- dispatch --
    pages |= {f"dispatch-{way}": f"/dispatch?way={way}" for way in ("free", "given", "refused")}
    pages |= {"dispatch-policy": "/dispatch/policy", "dispatch-rule": "/dispatch?way=refused&rule=GATE-HOLD"}

    # -- conflicts --
    pages |= {"conflicts": "/conflicts"}

    # -- devices --
    pages |= {"devices": "/devices", "devices-silent": "/devices?only=silent"}

    # -- statements --
    pages |= {"statements": "/statements?day=2016-10-12", "settlement": "/settlement?month=2016-10"}
    pages |= {"statements-month": "/statements?month=2016-10"}

    # -- complaints --
    pages |= {kind: f"/complaints?tab={kind}" for kind in ("complaints", "requests", "help")}

    # -- oversight --
    pages |= {"oversight": "/oversight"}

    # -- rulebooks --
    pages |= {"rulebooks": "/rulebooks", "rulebook": "/rulebooks/US", "try": "/try"}

    # -- imports --
    pages |= {"imports": "/imports"}

    # -- exports --
    pages |= {"exports": "/exports"}

    # -- audit --
    pages |= {"audit": "/audit"}

    # -- webhooks --
    pages |= {"webhooks": "/webhooks"}

    # -- accounts --
    pages |= {"accounts": "/accounts", "accounts-none": "/accounts?q=zzzz"}
    with site.store.read() as connection:
        pages |= {f"account-{row.name}": f"/accounts/{row.id}" for row in office_rows.page_users(connection, "", "", 2)}

    # -- tokens --
    pages |= {"tokens": "/me/tokens"}

    # -- visit --
    with site.store.read() as connection:
        graves = select(visit.c.visit_id).where(visit.c.state == "awaiting_review").order_by(visit.c.rank)
        for visit_id in connection.execute(graves.limit(1)).scalars():
            pages |= {"visit": f"/visits/{visit_id}", "record": f"/visits/{visit_id}/record"}
        for row in connection.execute(select(visit_file).where(visit_file.c.state == "verified").limit(1)):
            pages |= {"file": f"/visits/{row.visit_id}/files/{row.sha256}", "visit-files": f"/visits/{row.visit_id}"}
        visited = select(visit.c.case_id, case.c.person_id).join(case, case.c.id == visit.c.case_id)
        for row in connection.execute(visited.limit(1)):
            pages |= {"case": f"/cases/{row.case_id}", "person": f"/people/{row.person_id}"}
        for code in connection.execute(select(agent.c.code).limit(1)).scalars():
            pages["crew-day"] = f"/dispatch/crews/{code}?day=2016-10-12"
        for device_id in connection.execute(select(device.c.id).limit(1)).scalars():
            pages |= {"device": f"/devices/{device_id}", "statement": f"/statements/{device_id}/2016-10-12"}
        for complaint_id in connection.execute(select(complaint.c.id).limit(1)).scalars():
            pages["complaint"] = f"/complaints/{complaint_id}"
    return pages


def open_copy(demo: Path, folder: Path) -> Site:
    """Open a copy of a played demo, with an account of every role."""
    shutil.copytree(demo, folder)
    settings = Settings(
        database_url=f"sqlite:///{folder / 'fairvisit.db'}", folder=str(folder), clock_file=str(folder / "clock"),
        zone="America/Los_Angeles", region="US-CA", rulebooks="US", oidc_issuer="https://login.example.org",
        oidc_client_id="office", oidc_label="House login",
    )  # fmt: skip
    return _open(settings)


def open_empty(folder: Path) -> Site:
    """Open an office in which nothing has happened yet."""
    return _open(Settings(database_url=f"sqlite:///{folder / 'empty.db'}", folder=str(folder)))


def _open(settings: Settings) -> Site:
    site = open_site(settings)
    signing_in.add_user(site, NAME, PASSWORD, ROLES, needs_totp=False)
    while index_due(site):
        pass
    return site


def look(browser: Browser, site: Site, named: str, chosen: Mapping[str, str], out: Path) -> Iterator[str]:
    """Load each page in each view, keep its picture, and give what is wrong with it."""
    server = make_server("127.0.0.1", 0, create_app(site), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/office"
    for width, language, scheme in VIEWS:
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]}, color_scheme=scheme,
            locale="zh-CN" if language == "zh" else "en-GB",
        )  # fmt: skip
        page = context.new_page()
        page.on("console", lambda said: print(f"console: {said.text}") if said.type == "error" else None)
        page.goto(f"{address}/sign-in")
        yield from _check(page, out / f"sign-in-{named}-{width}-{language}-{scheme}.png", width)
        page.fill("#name", NAME)
        page.fill("#password", PASSWORD)
        page.click("button")
        for name, path in chosen.items():
            answer = page.goto(address + path)
            where = out / f"{name}-{named}-{width}-{language}-{scheme}.png"
            if answer is None or answer.status not in ({404} if name == "nothing" else {200}):
                yield f"{where.stem}: answered {answer and answer.status}"
            yield from _check(page, where, width)
        context.close()
    server.shutdown()


def _check(page: Page, where: Path, width: int) -> Iterator[str]:
    page.screenshot(path=where, full_page=True)
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        yield f"{where.stem}: {wide} px wide"
    found = Axe().run(page).response["violations"]
    for each in found:
        if each["impact"] in SERIOUS:
            nodes = "; ".join(node["html"][:120] for node in each["nodes"][:3])
            yield f"{where.stem}: {each['id']} ({each['impact']}): {nodes}"


def main() -> int:
    """Look at everything; give 1 where something is wrong."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--demo", type=Path)
    asked.add_argument("--out", type=Path, default=Path("var/look-office"))
    asked.add_argument("pages", nargs="*")
    options = asked.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium on PATH; install one (Debian: chromium), then look again.")
        return 1
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        demo = options.demo or _play(Path(place) / "played")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for named, site in (("full", open_copy(demo, Path(place) / "copy")), ("empty", open_empty(Path(place)))):
            chosen = addresses(site)
            chosen = {name: chosen[name] for name in chosen if not options.pages or name in options.pages}
            wrong += look(browser, site, named, chosen, options.out)
            site.store.close()
        browser.close()
    print("\n".join(wrong) or f"Nothing serious. Look: {options.out}")
    return 1 if wrong else 0


def _play(folder: Path) -> Path:
    with perform("sf", 1, folder, 0, lambda line: None, lambda label, done, size: None):
        return folder


if __name__ == "__main__":
    sys.exit(main())
