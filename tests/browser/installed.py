"""
Use the phone app of a server that somebody else installed and runs, as `.ci/wheel.sh` does: enrol, one visit, send.

    python -m tests.browser.installed URL CODE ADDRESS

CODE enrols a phone whose agent has a case at ADDRESS. Fails where a screen does not come.
"""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright

from tests.browser.door import Phone
from tests.browser.look import FLAGS, find_chromium
from tests.browser.phone_look import set_up


def main(url: str, code: str, address: str) -> None:
    """Enrol, begin and end a visit, and send until the office has everything."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        phone = Phone(browser, url)
        set_up(phone.page, code)
        phone.arrive(address)
        phone.show_card()
        phone.end()
        phone.send_all()
        browser.close()
    print("The app enrolled, made a visit, and everything recorded on it was received by the office.")


if __name__ == "__main__":
    main(*sys.argv[1:])
