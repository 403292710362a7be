"""
Lighthouse's mobile preset over the served app's first page: performance, accessibility, best practices.

Fetched by npx at one fixed version (185 MB, so no dependency of the app; the last for the Node 20 that builds it). It
drives the Chromium it is given, downloads none, and sends nothing. The page is the one that asks for a code: what
comes after it needs a person's PIN, and is measured in `phone`.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.benchmark.workloads import Figures

VERSION = "12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST = 95
AUDITS = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
LASTS_S = 600


def measure(url: str, chromium: str) -> Figures:
    """Run it once; print the scores, and which audits took points."""
    report = _run(url, chromium)
    figures: Figures = {}
    print(f"  Lighthouse {VERSION}, mobile, of {report['finalDisplayedUrl']}")
    for name in CATEGORIES:
        category = report["categories"][name]
        score = round(category["score"] * 100)
        audits = [(report["audits"][each["id"]], each["weight"]) for each in category["auditRefs"]]
        lost = [audit["id"] for audit, weight in audits if weight and audit["score"] is not None and audit["score"] < 1]
        holds = "holds" if score >= LEAST else "MISSED"
        print(
            f"  {name:<44}{score:>8}     at least {LEAST} {holds}"
            + (f"; points lost by {', '.join(lost)}" if lost else "")
        )
        figures[f"lighthouse, {name}"] = {"score": score, "least": LEAST}
    figures["lighthouse, times"] = {name: report["audits"][name]["numericValue"] for name in AUDITS}
    print("  " + ", ".join(f"{name} {report['audits'][name]['displayValue']}" for name in AUDITS), flush=True)
    return figures


def _run(url: str, chromium: str) -> dict[str, Any]:
    command = [
        "npx", "--yes", f"lighthouse@{VERSION}", url, "--quiet", "--output=json", "--output-path=stdout",
        f"--only-categories={','.join(CATEGORIES)}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
        "--no-enable-error-reporting",
    ]  # fmt: skip
    ran = subprocess.run(
        command, env={**os.environ, "CHROME_PATH": chromium}, stdout=subprocess.PIPE, check=True, timeout=LASTS_S
    )
    report: dict[str, Any] = json.loads(ran.stdout)
    if "runtimeError" in report:
        raise RuntimeError(report["runtimeError"]["message"])
    return report
