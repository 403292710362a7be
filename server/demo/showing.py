"""What the demo prints: the two days in figures, and where to look next. Comes in: results. Goes out: lines of text."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import segno

from server.demo.balancing import DayBalance
from server.demo.counting import MOST_FLAGGED, CodeCount, GateCount, Quality
from server.demo.office import DESKS, PASSWORD
from server.demo.plot import Planted
from server.demo.scenario import Scenario
from server.demo.today import COMPANION, FACTS, LEAD, Today
from server.domain.conduct.wording import say_from

WIDTH = 120
QUIET = 2  # modules left white around a QR code
WHITE_ON_BLACK, PLAIN = "\x1b[38;5;231;48;5;16m", "\x1b[0m"  # a full block is a white module
TITLES = {"sf": "San Francisco", "zh": "高雄 Kaohsiung"}
REAL = {"sf": "Places and visits", "zh": "Places"}
ADDRESSES = ("health", "ready", "metrics", "openapi.json")
COMMANDS = (
    "fairvisit visits",
    "fairvisit findings",
    "fairvisit gate list",
    "fairvisit agents list",
    "fairvisit devices list",
    "fairvisit verify",
)


def show_opening(scenario: Scenario) -> Iterator[str]:
    """Say what is about to be played."""
    days = " and ".join(f"{day:%A %-d %B %Y}" for day in scenario.portfolio.days)
    yield f"Fairvisit demo: {TITLES[scenario.portfolio.name]}, {days}, seed {scenario.seed}."
    yield f"{REAL[scenario.portfolio.name]} are real, nobody and no loan in it is: see server/demo/data/README.md."
    yield ""


def show_states(states: Mapping[str, int]) -> Iterator[str]:
    """Show how many visits are in which state."""
    yield f"Visits by state ({sum(states.values())})"
    for state, count in states.items():
        yield f"  {state:<24}{count:>6}"


def show_quality(quality: Quality, planted: Sequence[Planted]) -> Iterator[str]:
    """Show what was planted, found and false, a line for each code; facts that are no faults stand apart."""
    facts = {plan.code for plan in planted} - {plan.code for plan in planted if plan.is_fault}
    yield from _show_lines("Findings", [line for line in quality.lines if line.code not in facts])
    yield from _show_lines("Notes", [line for line in quality.lines if line.code in facts])
    for plan in quality.missed:
        yield f"  missed: {plan.code} on {', '.join(plan.visits)} ({plan.why})"
    for each in quality.false:
        yield f"  false: {each.code} on {each.visit}"
    share = f"{quality.share_flagged:.1%}, at most {MOST_FLAGGED:.0%}"
    yield f"Clean visits: {quality.clean}, of which {len(quality.flagged)} were flagged ({share})."


def _show_lines(title: str, lines: Sequence[CodeCount]) -> Iterator[str]:
    yield f"{title:<26}{'planted':>9}{'found':>7}{'false':>7}"
    for line in [*lines, _total(lines)]:
        yield f"  {line.code:<24}{line.planted:>9}{line.found:>7}{line.false:>7}"


def _total(lines: Sequence[CodeCount]) -> CodeCount:
    return CodeCount(
        "all", sum(line.planted for line in lines), sum(line.found for line in lines), sum(line.false for line in lines)
    )


def show_gate(gate: GateCount, zone: str) -> Iterator[str]:
    """Show what was planted for the gate to refuse: the rule in the way, why, and when it would be possible."""
    planted = len(gate.held) + len(gate.missed)
    yield f"Refused at the gate: {len(gate.held)} of {planted} planted"
    for barred, verdict in gate.held:
        cure = verdict.cure or ("" if verdict.cure_ms is None else say_from(verdict.cure_ms, zone))
        line = f"  {barred.case.reference}  {barred.rule:<17} {barred.why}{f'; possible {cure}' if cure else ''}"
        yield line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
    for barred in gate.missed:
        yield f"  not refused: {barred.case.reference}, which {barred.rule} should have stopped ({barred.why})"
    for reference in gate.false:
        yield f"  refused wrongly: {reference}"


def show_balances(balances: Sequence[DayBalance]) -> Iterator[str]:
    """Show the statements' totals, and each device-day that does not balance."""
    names = ("recorded", "on_server", "parked", "unsent", "declared_lost", "lost", "double")
    totals = {name: sum(getattr(each, name) for each in balances) for name in names}
    days = sum(each.recorded > 0 for each in balances)
    yield f"Statements of {len({each.agent for each in balances})} devices, {days} device-days"
    for name in names:
        yield f"  {name.replace('_', ' '):<24}{totals[name]:>6}"
    explained = Counter[str]()
    for each in balances:
        explained.update({difference.kind.value: difference.count for difference in each.differences})
        if not each.is_balanced:
            yield f"  does not balance: {each}"
    told = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(explained.items()))
    yield f"Both statements of every device-day were compared; what differs, and is explained: {told or 'nothing'}."


def show_histories(devices: int, broken: Sequence[str], rogue: str) -> Iterator[str]:
    """Say whether the devices' histories verify: the tampered phone's must not, all others must."""
    yield f"Histories verified: {devices - len(broken)} whole, {len(broken)} not ({', '.join(broken) or 'none'})."
    if list(broken) != [rogue]:
        yield f"  unforeseen: only that of {rogue}, the tampered phone, should not be."


def show_persons(did: Mapping[str, int]) -> Iterator[str]:
    """Say what the people visited did on the public pages, and what came of it."""
    yield (
        f"People: {did['times chosen']} chose a time on the page of the letter, {did['times kept']} was visited in it; "
        f"{did['complaints']} complained, {did['answers about a visit']} told how it was; "
        f"a card was shown {did['cards shown']} time, its copy refused {did['cards refused']} time; "
        f"{did['paid and taken back']} cases paid meanwhile were taken back."
    )


def show_counts(counts: Mapping[str, int]) -> Iterator[str]:
    """Say in a sentence what the devices and the network went through."""
    yield (
        f"The devices made {counts['exchanges']} exchanges, of which {counts['exchanges that failed']} broke off; "
        f"{counts.get('device: duplicate', 0)} events were sent again, {counts['programs killed']} programs killed, "
        f"{counts.get('device: files_sent', 0)} photographs sent."
    )
    yield f"They sent {counts.get('device: bytes_up', 0):,} bytes and received {counts.get('device: bytes_down', 0):,}."


def show_where(url: str, env_file: str, visit_id: str) -> Iterator[str]:
    """Say where to look next; *visit_id* is one with something to see."""
    yield "The server keeps running, at the time of the morning after; Ctrl+C stops it."
    yield f"The office is open: {url}/office/"
    yield f"  sign in as {', '.join(role.value for role in DESKS[:-1])} or {DESKS[-1].value}; password: {PASSWORD}"
    yield f"  a visit with something to see: {url}/office/visits/{visit_id}"
    yield "To look at:"
    for path in ADDRESSES:
        yield f"  {url}/{path}"
    yield f"To try, in another terminal, after `. {env_file}`:"
    for command in (*COMMANDS, f"fairvisit visit {visit_id}"):
        yield f"  {command}"


def show_phone(today: Today, env_file: str) -> Iterator[str]:
    """Say how to try the phone app: its address as text and as QR, and what a real phone needs."""
    url, port = today.stage.url, today.stage.port
    yield "The phone app, at an office of its own that keeps today's time (invented cases; no hours and no holidays):"
    yield f"  {today.address}"
    yield from draw_qr(today.address)
    yield "  On this computer the address opens at once. At each door the two facts are " + " and ".join(FACTS) + "."
    yield "  A phone runs the app only over HTTPS or from its own 127.0.0.1. By cable, with USB debugging switched on:"
    yield f"  `adb reverse tcp:{port} tcp:{port}`, then scan. Without one: a tunnel with TLS that leads to that port."
    yield f"  What is recorded comes to {url}/office/ (names and password as above)."
    yield "  The code sets up one phone, while the demo runs. For another, in another terminal:"
    yield f"  `. {env_file}`, then `fairvisit enrol {LEAD}` ({COMPANION} goes along)."


def show_no_phone() -> str:
    """Say that there is no phone app, and how to get it."""
    return "The phone app is not built here: install Node 20.19 or newer, then `make pwa`, and start the demo again."


def draw_qr(text: str) -> Iterator[str]:
    """Draw a QR code as lines of half blocks, black on white whatever colours the terminal has."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out=drawn, border=QUIET, compact=True)
    for line in drawn.getvalue().splitlines():
        yield f"  {WHITE_ON_BLACK}{line}{PLAIN}"


def write_planted(scenario: Scenario, visit_ids: Mapping[str, str]) -> str:
    """Give the list of what was planted as JSON, for the demo's own folder."""
    return json.dumps(
        [
            {
                "code": plan.code, "is_fault": plan.is_fault, "why": plan.why, "also": plan.also,
                "visits": [{"key": key, "visit_id": visit_ids.get(key, "")} for key in plan.visits],
            }
            for plan in scenario.planted
        ],
        indent=1, ensure_ascii=False,
    )  # fmt: skip
