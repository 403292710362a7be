"""
A sync, step by step: what each costs the real device against the real server, in requests and in bytes.

A request is a round trip: at 300 ms each, they are what a person waits for. The counts hold on any machine. Beside
them stand those of PouchDB's own replicator against its own server, weighed once and not in this run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent_sync import Device
from server.storage.feed import Change
from tests.benchmark import gen
from tests.benchmark.adapters.fairvisit import FairvisitAdapter
from tests.benchmark.seed import packet
from tests.benchmark.weighing import VISIT_EVENTS, Scales, record_visit
from tests.benchmark.workloads import Figures

PACKETS = 1000
VISITS = 30
BATCH = 20
POUCHDB = {"first pull of 1,000 packets": 54, "push of 20 events": 7, "idle exchange": 6}


def measure(adapter: FairvisitAdapter, folder: Path) -> Figures:
    """Take one device through its steps, and print each as it comes."""
    office = adapter.office
    figures: Figures = {}
    scope = office.add_scope("steps", PACKETS)
    notes = [made["note"] for made in gen.batches(1, "steps", VISITS)[0]]
    scales = Scales(adapter.url)

    def record(events: int) -> None:
        for at, case_id, note in zip(range(0, events, VISIT_EVENTS), scope.case_ids, notes, strict=False):
            record_visit(device, case_id, note, min(VISIT_EVENTS, events - at))

    def exchange() -> None:
        report = device.exchange()
        if not report.is_ok or device.status().unsent:
            raise RuntimeError(f"the exchange did not bring both sides level: {report.to_json()}")

    def weigh(step: str, of: Callable[[], object]) -> None:
        scales.set_to_nothing()
        of()
        figures[step] = {"requests": scales.trips, "sent_bytes": scales.sent, "received_bytes": scales.received}
        beside = f"{POUCHDB[step]:>20}" if step in POUCHDB else ""
        print(f"  {step:<38}" + "".join(f"{count:>12,}" for count in figures[step].values()) + beside, flush=True)

    print("\nA sync, step by step, beside the requests of PouchDB's replicator (not of this run)")
    print(f"  {'':<38}{'requests':>12}{'sent B':>12}{'received B':>12}{'PouchDB requests':>20}")
    with Device(folder / "device.db", scales.url, transport=scales) as device:
        code = office.code_for(scope)
        weigh("enrolment", lambda: device.enrol(code))
        weigh("first pull of 1,000 packets", exchange)
        if len(device.packets()) != PACKETS:
            raise RuntimeError(f"{len(device.packets())} packets came instead of {PACKETS}")
        record(VISITS * VISIT_EVENTS)
        weigh("a day's push: 30 visits, 270 events", exchange)
        record(BATCH)
        weigh("push of 20 events", exchange)
        weigh("idle exchange", exchange)
        record(BATCH)
        now_ms = office.site.now()
        pairs = zip(scope.case_ids, gen.cases(BATCH, "new"), strict=False)
        bodies = [(case_id, packet(made, scope.agent_id, now_ms)) for case_id, made in pairs]
        office.publish(*(Change(scope.agent_id, "packet", case_id, 2, body) for case_id, body in bodies))
        weigh("20 events up and 20 packets down", exchange)
    return figures
