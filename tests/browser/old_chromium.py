"""
The oldest Chromium that can be had: 102, of April 2022, as the npm package `@sparticuz/chrome-aws-lambda` 14.0.0 holds
it. The app is built for Chromium 100; Debian and npm have none between 92 and 102.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

PACKAGE = "@sparticuz/chrome-aws-lambda@14.0.0"
SHA256 = "5cd4a57d21cb8d72dcd6ad90c8e12425f5c6592fb815ce99d7f40e882d16bc62"
VERSION = "102.0.5002.0"
WORLD = "__playwright_utility_world"
# What playwright itself asks and this browser lacks. Playwright's own world gets it; the app's does not.
LACKING = "Element.prototype.checkVisibility = function () { return this.getClientRects().length > 0; };"
UNPACK = (
    "const fs = require('fs'), zlib = require('zlib');"
    "const packed = fs.readFileSync('package/bin/chromium.br');"
    "fs.writeFileSync('chromium', zlib.brotliDecompressSync(packed), { mode: 0o755 });"
)


def fetch_old_chromium(folder: Path) -> Path:
    """Give the path of the browser, kept in *folder*; needs npm and node. Raises where it cannot be had."""
    program = folder / "chromium"
    if program.exists():
        return program
    folder.mkdir(parents=True, exist_ok=True)
    npm, node = shutil.which("npm"), shutil.which("node")
    assert npm is not None, "The oldest Chromium comes by npm: Node is needed."
    assert node is not None, "The oldest Chromium is unpacked by Node."
    pack = [npm, "pack", PACKAGE, "--silent"]
    packed = subprocess.run(pack, cwd=folder, check=True, capture_output=True, timeout=300)
    tarball = folder / packed.stdout.decode().strip()
    assert hashlib.sha256(tarball.read_bytes()).hexdigest() == SHA256, f"{PACKAGE} is not what it was"
    subprocess.run(["tar", "xzf", tarball.name, "package/bin/chromium.br"], cwd=folder, check=True, timeout=60)
    subprocess.run([node, "-e", UNPACK], cwd=folder, check=True, timeout=60)
    shutil.rmtree(folder / "package")
    tarball.unlink()
    return program


def help_playwright(page: Page) -> None:
    """Make *page*, of the old browser, one that playwright can drive."""
    session = page.context.new_cdp_session(page)

    def teach(told: dict[str, Any]) -> None:
        context = told["context"]
        if context["name"].startswith(WORLD):
            with contextlib.suppress(Error):  # gone meanwhile: another one follows
                session.send("Runtime.evaluate", {"expression": LACKING, "contextId": context["id"]})

    session.on("Runtime.executionContextCreated", teach)
    session.send("Runtime.enable")
