"""What a person says on the public page reaches every device: a real server, real devices, a real form sent by HTTP."""

from __future__ import annotations

import shutil
import urllib.parse
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from server.services.enrolling import issue_code
from server.services.packing import bump_and_repack
from server.storage import feed, tables
from tests.contract.public.people import letter
from tests.office import Office, opened_office
from tests.processes import DeviceProcess, serving


def entrust(office: Office, case_id: str, agent_id: str) -> None:
    """Give a case to an agent with a whole packet."""
    office.assign(case_id, agent_id)
    office.site.store.write(lambda c: feed.publish(c, bump_and_repack(c, office.site, [case_id])))


def send(url: str, **form: str) -> None:
    """Send a form as a browser does."""
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), timeout=20) as answer:  # noqa: S310
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"


def halted(device: DeviceProcess) -> list[list[str]]:
    """Exchange, and give the reasons of the halts on each packet."""
    report = device.ask("exchange")
    assert report is not None
    assert report["report"]["ok"], report
    answer = device.ask("packets")
    assert answer is not None
    return [sorted(packet["holds"]) for packet in answer["packets"]]


def test_a_complaint_and_a_refusal_halt_every_device_at_its_next_exchange(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """A complaint halts its case; a refusal halts the person's case at another agency's agent, too."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    url, folder = f"sqlite:///{tmp_path / 'fairvisit.db'}", tmp_path / "folder"
    with ExitStack() as stack:
        office = stack.enter_context(opened_office(url, folder))
        address, _ = stack.enter_context(serving(url, folder))
        office.clock.ms = 1_800_000_000_000  # codes and letters last until long after the server's own clock
        agents = {code: office.add_agent(code) for code in ("a1", "b1")}
        first = office.add_case("R1")
        [person_id] = [row.person_id for row in office.rows(tables.case.select())]
        second = office.add_case("R2", person_id)
        devices = []
        for (code, agent_id), case_id in zip(agents.items(), (first, second), strict=True):
            entrust(office, case_id, agent_id)
            device = DeviceProcess(tmp_path / code / "store.db", address)
            stack.callback(device.end)
            device.ask("enrol", code=issue_code(office.site, code, by="test"), server=address)
            devices.append(device)
        token = letter(office, first)

        before = [halted(device) for device in devices]
        send(f"{address}/answer/{token}/complain", what="insulted", words="He shouted.")
        complained = [halted(device) for device in devices]
        send(f"{address}/answer/{token}/say/refuse")
        refused = [halted(device) for device in devices]

        assert [[[]], [[]]] == before
        assert [[["complaint"]], [[]]] == complained
        assert [[["complaint", "refusal"]], [["refusal"]]] == refused
