"""A recorder's file from the real device program to the office's findings, by what it says of its own times."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.services.reconciling import reconcile
from server.services.story import tell_visit
from tests.contract.proof.phones import Field
from tests.office import Office
from tests.recordings import an_mp4


def judged(field: Field, visit_id: str) -> tuple[dict[str, Any], dict[str, int]]:
    """Send everything and judge anew; give what is told of the visit's one file, and what its recording lacks (s)."""
    field.advance(60_000)
    assert field.exchange().is_ok
    reconcile(field.office.site)
    story = tell_visit(field.office.site, visit_id)
    [file] = story["files"]
    lacks = {
        each["code"]: (each["facts"].get("least_late_ms") or each["facts"]["least_lacks_ms"]) // 1000
        for each in story["findings"]
        if each["code"].startswith("recording_")
    }
    return file, lacks


def test_a_recorders_film_is_judged_by_its_own_times(office: Office, tmp_path: Path) -> None:
    """T4: late and short by what it says itself, whatever was noted at the door; put right by naming it once more."""
    field = Field(office, tmp_path)
    began_s = field.clock.reading.wall_ms // 1000
    device, case_id = field.device, field.case_id
    visit_id = device.record("visit_started", case_id, None, {"fixes": []}).visit_id
    assert visit_id is not None
    noted = {"state": "started", "medium": "video", "source": "body recorder", "serial": "BR-7"}
    device.record("recording_changed", case_id, visit_id, noted)
    field.advance(600_000)
    device.record("visit_ended", case_id, visit_id, {"reason": "completed"})
    film = tmp_path / "v.mp4"
    film.write_bytes(an_mp4(began_s + 250, 100_000))
    device.attach_recording(visit_id, film)
    own, lacks = judged(field, visit_id)
    device.attach_recording(visit_id, film, starts=datetime.fromtimestamp(began_s, UTC).isoformat())
    right, lacks_then = judged(field, visit_id)
    device.attach_recording(visit_id, film, starts=datetime.fromtimestamp(began_s - 3600, UTC).isoformat())
    _, lacks_at_last = judged(field, visit_id)
    device.close()

    def at(second: int) -> str:
        return datetime.fromtimestamp(began_s + second, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    assert ("verified", at(250), at(350)) == (own["state"], own["starts"], own["ends"])
    assert (at(0), at(100)) == (right["starts"], right["ends"])
    assert {"recording_late", "recording_short"} == lacks.keys()
    assert {"recording_short"} == lacks_then.keys() == lacks_at_last.keys()
    for second, found in ((250, lacks["recording_late"]), (250, lacks["recording_short"])):
        assert 0 <= second - found <= 2
    assert 0 <= 500 - lacks_then["recording_short"] <= 2
    assert 0 <= 600 - lacks_at_last["recording_short"] <= 2
