"""
Look at the public pages as a person does: each in both languages, light and dark, 360 px wide, with and without axe.

`make look` writes a screenshot of each page into a folder and ends with 1 where axe finds anything serious, a page is
30 kB or more, or one does not fit the screen. Needs a Chromium on PATH; it is no part of `make test`, which runs on
machines without one.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from server.services.answering import offers_of, say
from server.services.help_calls import call_by_letter
from server.services.reconciling import reconcile
from server.storage import voice_tables
from server.storage.migrating import migrate
from tests.contract.public.people import authorise, carrier, letter, show_code
from tests.office import Office

MONDAY_MS = 1_794_276_000_000  # 2026-11-09, 18:00 in San Francisco
MOST_BYTES = 30_000
WIDTH, HEIGHT = 360, 640
SERIOUS = {"serious", "critical"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


class Quiet(WSGIRequestHandler):
    """Logs no request."""

    def log_request(self, *_: Any) -> None:
        """Say nothing."""


def find_chromium() -> str | None:
    """Give where the machine's Chromium is; None where it has none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def open_office(folder: Path) -> Office:
    """Open an office in California on a fresh database."""
    url = f"sqlite:///{folder / 'look.db'}"
    migrate(url)
    office = Office(
        url, folder, region="US-CA", zone="America/Los_Angeles", house_rulebook="", support="415 555 0100",
        regulator="Department of Fair Visits, 800 555 0199", public_per_minute=1_000_000,
    )  # fmt: skip
    office.clock.ms = MONDAY_MS
    return office


def visit(office: Office, phone: Any, case_id: str) -> None:
    """Make a visit from card to leaving."""
    about = {"case_id": case_id, "visit_id": office.site.new_id(), "packet_rev": 1}
    phone.record("visit_started", {"fixes": [], "no_fix_reason": "denied"}, **about)
    for step in ("card_shown", "principal_named", "purpose_stated", "options_given", "hardship_asked"):
        phone.step(case_id, about["visit_id"], step=step)
    phone.record("identity_checked", {"identity": "confirmed", "method": "letter_code"}, **about)
    note = "Wants to talk next week, not by telephone."
    outcome = {"contact_result": "person", "disposition": "appointment", "note": note}
    phone.record("outcome_noted", outcome, **about)
    phone.record("visit_ended", {"fixes": [], "no_fix_reason": "denied", "reason": "completed"}, **about)
    phone.exchange()
    reconcile(office.site)


def pages(office: Office) -> dict[str, str]:
    """Give the address of each page there is, with something on it."""
    phone = carrier(office)
    authorise(office, phone.agent_id, "2026-11-30", "2026-11-01")
    case_ids = [office.add_case(f"R{number}") for number in range(3)]
    for case_id in case_ids:
        office.assign(case_id, phone.agent_id)
    visit(office, phone, case_ids[0])
    token, refused, dated = (letter(office, case_id) for case_id in case_ids)
    say(office.site, refused, "refuse")
    [card] = office.rows(voice_tables.agent_card.select())
    call_id = call_by_letter(office.site, token, "")
    _, offers = offers_of(office.site, dated)
    taken = {"time": f"{offers[0].starts_ms}-{offers[0].ends_ms}"}
    office.client.post(f"/answer/{dated}/time", data=taken)
    ages = {"card": 12_000, "late": 400_000}
    codes = {name: quote(show_code(phone, case_ids[0], ago_ms=ago_ms)) for name, ago_ms in ages.items()}
    return {
        "card": f"/verify?c={codes['card']}", "late": f"/verify?c={codes['late']}", "not-valid": "/verify?c=x",
        "number": f"/verify?n={card.number}", "verify": "/verify", "complain": f"/verify/complain?c={codes['card']}",
        "thanks": "/verify/thanks", "help": f"/help/{call_id}", "start": "/answer", "unknown": "/answer/0",
        "answer": f"/answer/{token}", "refused": f"/answer/{refused}?done=refuse",
        "dated": f"/answer/{dated}?done=time", "time": f"/answer/{token}/time",
        "saying": f"/answer/{token}/say/hardship", "visits": f"/answer/{token}/visits",
        "read": f"/answer/{token}/read",
    }  # fmt: skip


def look(browser: Browser, address: str, chosen: dict[str, str], folder: Path) -> Iterator[str]:
    """Load each page in each way, keep its picture, and give what is wrong with it."""
    for language in ("en", "zh"):
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme,
                locale="zh-CN" if language == "zh" else "en-GB",
            )  # fmt: skip
            page = context.new_page()
            for name, path in chosen.items():
                answer = page.goto(address + path)
                assert answer is not None
                where = f"{name}-{language}-{scheme}"
                page.screenshot(path=folder / f"{where}.png", full_page=True)
                if len(answer.body()) >= MOST_BYTES:
                    yield f"{where}: {len(answer.body())} bytes"
                if (width := page.evaluate("document.documentElement.scrollWidth")) > WIDTH:
                    yield f"{where}: {width} px wide"
                found = Axe().run(page).response["violations"]
                yield from (f"{where}: {each['id']} ({each['impact']})" for each in found if each["impact"] in SERIOUS)
            context.close()


def main() -> int:
    """Look at everything; give 1 where something is wrong."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/look")
    folder.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium()
    if chromium is None:
        print("There is no Chromium on PATH; install one (Debian: chromium), then look again.")
        return 1
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        office = open_office(Path(place))
        chosen = pages(office)
        server = make_server("127.0.0.1", 0, office.app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        wrong = list(look(browser, f"http://127.0.0.1:{server.server_port}", chosen, folder))
        browser.close()
        server.shutdown()
        office.close()
    print("\n".join(wrong) or f"{len(chosen)} pages, 2 languages, light and dark: nothing serious. Look: {folder}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
