"""Files going up by tus: created with content, resumed, kept until verified."""

from __future__ import annotations

import os
from pathlib import Path

from agent_sync import uploads
from schemas import canonical
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, VISIT, joined, start
from tests.unit.device.fake_server import FakeServer, an_id

BIG = 3 * uploads.CHUNK + 17


def attach(device: object, path: Path, content: bytes) -> str:
    """Attach a file to the open visit; give its hash."""
    path.write_bytes(content)
    named = [{"path": str(path), "media_type": "image/jpeg", "role": "photo"}]
    device.record("files_attached", CASE, VISIT, {}, named)  # type: ignore[attr-defined]
    return canonical.digest(content)


def received(server: FakeServer) -> list[bytes]:
    """Give what was uploaded."""
    return [bytes(kept) for _, _, kept in server.uploads.values()]


class TestUpload:
    """T1, T2 from the device's side."""

    def test_t1_events_go_first_then_the_file_and_the_copy_goes_once_verified(self, tmp_path: Path) -> None:
        """T1: only `verified` permits the device to delete its copy."""
        server, device, _ = joined(tmp_path)
        start(device)
        content = os.urandom(BIG)
        sha256 = attach(device, tmp_path / "photo", content)
        (tmp_path / "photo").unlink()
        report = device.exchange()
        targets = [target for _, target, _ in server.requests]

        assert report.is_ok
        assert [content] == received(server)
        assert targets.index("/sync/v1/exchange") < targets.index("/sync/v1/files")
        assert [] == [path.name for path in device.store.files.iterdir()]
        assert ("verified", 0) == (
            device.store.value("SELECT state FROM file WHERE sha256 = ?", [sha256]),
            device.status().files_waiting,
        )

    def test_t2_a_resume_sends_the_rest_and_no_more_than_a_chunk_twice(self, tmp_path: Path) -> None:
        """T2: cut in the middle, the next exchange asks how far the upload is and goes on from there."""
        server, device, _ = joined(tmp_path)
        start(device)
        content = os.urandom(BIG)
        attach(device, tmp_path / "photo", content)
        server.faults += ["", "", "cut-after"]  # exchange, create with first chunk, second chunk
        first = device.exchange()
        assert ["no-network"] == first.codes
        assert len(device.store.rows("SELECT * FROM upload")) == 1

        second = device.exchange()
        assert second.is_ok
        assert [content] == received(server)
        assert BIG - 2 * uploads.CHUNK == second.counts["file_bytes"]

    def test_t2_an_upload_the_server_forgot_is_begun_anew(self, tmp_path: Path) -> None:
        """An expired upload is created again; nothing is lost."""
        server, device, _ = joined(tmp_path)
        start(device)
        content = os.urandom(BIG)
        attach(device, tmp_path / "photo", content)
        server.faults += ["", "", "cut-before"]
        device.exchange()
        server.uploads.clear()
        assert device.exchange().is_ok

        assert [content] == received(server)

    def test_t2_another_offset_than_thought_is_asked_for_again(self, tmp_path: Path) -> None:
        """A chunk that arrived although its answer was lost is not sent twice."""
        server, device, _ = joined(tmp_path)
        start(device)
        content = os.urandom(BIG)
        attach(device, tmp_path / "photo", content)
        server.faults += ["", "cut-after"]
        device.exchange()
        assert device.exchange().is_ok
        assert [content] == received(server)

    def test_one_refused_file_does_not_keep_back_the_next(self, tmp_path: Path) -> None:
        """A token that is no longer good is reported, the other file still goes."""
        server, device, _ = joined(tmp_path)
        start(device)
        attach(device, tmp_path / "one", b"one")
        attach(device, tmp_path / "two", b"two")
        tus = server._tus

        def refuse(method: str, target: str, headers: dict[str, str], body: bytes) -> object:
            if body == b"one":
                raise FieldError("upload-token-invalid")
            return tus(method, target, headers, body)

        server._tus = refuse  # type: ignore[assignment, method-assign]
        report = device.exchange()

        assert ["files"] == [part for part, _ in report.problems]
        assert [b"two"] == received(server)

    def test_a_file_no_longer_here_is_said_and_holds_up_nothing(self, tmp_path: Path) -> None:
        """A copy deleted by hand cannot be sent; the person is told."""
        _server, device, _ = joined(tmp_path)
        start(device)
        sha256 = attach(device, tmp_path / "photo", b"a photo")
        (device.store.files / sha256).unlink()
        report = device.exchange()

        assert 1 == report.counts["files_missing"]
        assert [sha256] == device.describe_day("2026-05-29")["files"]["missing"]

    def test_an_empty_file_is_a_file(self, tmp_path: Path) -> None:
        """Zero bytes are created and verified like any other."""
        server, device, _ = joined(tmp_path)
        start(device)
        attach(device, tmp_path / "empty", b"")
        assert device.exchange().is_ok
        assert [b""] == received(server)

    def test_t2_a_photo_named_again_after_it_was_verified_is_not_kept_for_ever(self, tmp_path: Path) -> None:
        """T2: the server has it; the second copy goes at the next exchange."""
        server, device, _ = joined(tmp_path)
        start(device)
        attach(device, tmp_path / "photo", b"a photo")
        device.exchange()
        server.wanted.clear()
        attach(device, tmp_path / "photo", b"a photo")
        device.exchange()

        assert [] == list(device.store.files.iterdir())
        assert 0 == device.status().files_waiting

    def test_t1_a_state_this_program_does_not_know_deletes_nothing(self, tmp_path: Path) -> None:
        """T1: only the word `verified` permits deletion."""
        server, device, _ = joined(tmp_path)
        start(device)
        sha256 = attach(device, tmp_path / "photo", b"a photo")
        server.put("file_state", an_id(5), {"sha256": sha256, "state": "admired", "at": "2026-05-28T20:26:40.000Z"})
        server.faults += ["", "cut-before"]
        device.exchange()

        assert (device.store.files / sha256).exists()

    def test_a_discarded_upload_is_sent_again_from_its_start(self, tmp_path: Path) -> None:
        """T2: after `discarded` the device forgets the address and begins anew when the file is wanted again."""
        server, device, _ = joined(tmp_path)
        start(device)
        content = os.urandom(BIG)
        sha256 = attach(device, tmp_path / "photo", content)
        server.faults += ["", "", "cut-before"]
        device.exchange()
        server.uploads.clear()
        server.wanted.clear()
        server.put(
            "file_state",
            sha256[:8] + "-0000-7000-8000-000000000000",
            {"sha256": sha256, "state": "discarded", "at": "2026-05-28T20:26:40.000Z"},
        )
        device.exchange()
        assert 0 == len(device.store.rows("SELECT * FROM upload"))
        assert (device.store.files / sha256).exists()

        server.wanted[sha256] = BIG
        server.uploads.clear()
        device.exchange()
        assert [content] == received(server)


class TestMetered:
    """A network that is paid by the byte."""

    def test_files_wait_for_another_network_and_records_do_not(self, tmp_path: Path) -> None:
        """The report says so; the next exchange without the word sends them."""
        server, device, _ = joined(tmp_path)
        start(device)
        attach(device, tmp_path / "photo", b"a photo")
        report = device.exchange(metered=True)

        assert report.is_ok
        assert ([], 0, 1) == (received(server), device.status().unsent, device.status().files_waiting)
        assert any("not metered" in note for note in report.notes)
        assert device.exchange().is_ok
        assert ([b"a photo"], 0) == (received(server), device.status().files_waiting)

    def test_x3_the_content_of_a_withheld_event_goes_all_the_same(self, tmp_path: Path) -> None:
        """X3: it is a record, however it travels."""
        server, device, _ = joined(tmp_path)
        start(device)
        attach(device, tmp_path / "photo", b"a photo")
        device.record(
            "outcome_noted", CASE, VISIT, {"contact_result": "nobody", "disposition": "none", "note": "x" * 3000}
        )
        content = device.store.value("SELECT content FROM event WHERE kind = 'outcome_noted'")
        server.wanted[canonical.digest(content)] = len(content)
        device.exchange(metered=True)

        assert [content] == received(server)

    def test_d1_a_wipe_after_upload_waits_for_what_was_kept_back(self, tmp_path: Path) -> None:
        """D1: not all is sent while a file waits for another network."""
        server, device, _ = joined(tmp_path)
        start(device)
        attach(device, tmp_path / "photo", b"a photo")
        server.direct("wipe_after_upload", device.status().chain_id)
        device.exchange(metered=True)
        assert ("enrolled", 1) == (device.status().stage, len(list(device.store.files.iterdir())))

        device.exchange()
        assert [b"a photo"] == received(server)
        assert device.status().stage in {"wiping", "wiped"}


def test_files_go_one_at_a_time_in_the_servers_order(tmp_path: Path) -> None:
    """The server lists the newest visit first; one file is whole before the next begins."""
    server, device, _ = joined(tmp_path)
    start(device)
    contents = [bytes([number]) * (uploads.CHUNK + 1) for number in range(3)]
    digests = [attach(device, tmp_path / f"photo{number}", each) for number, each in enumerate(contents)]
    push, asked = server._push, []

    def newest_first(value: dict[str, object]) -> dict[str, object]:
        answer = push(value)
        answer["files_wanted"] = list(reversed(answer.get("files_wanted", [])))
        asked.extend(each["sha256"] for each in answer["files_wanted"])
        return answer

    server._push = newest_first  # type: ignore[assignment, method-assign]
    order: list[str] = []
    tus = server._tus

    def see(method: str, target: str, headers: dict[str, str], body: bytes) -> object:
        order.append(digests[body[0]])
        return tus(method, target, headers, body)

    server._tus = see  # type: ignore[assignment, method-assign]
    assert device.exchange().is_ok
    assert asked[:3] == list(dict.fromkeys(order))
    assert [each for sha256 in asked[:3] for each in (sha256, sha256)] == order
