"""What erasing deletes, what it keeps, and that nothing brings erased content back."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from schemas import canonical
from schemas.errors import FieldError
from server.app import open_site
from server.services import following
from server.services.erasing import Erased, erase_events, finish_erasures
from server.services.erasure_log import LOG_NAME, append_erasures, read_erasures
from server.services.following import follow_events
from server.services.reconciling import reconcile
from server.services.verifying import verify_device
from server.storage import tables, visit_rows
from server.storage.key_tables import data_key
from server.storage.office_tables import office_act
from server.storage.tables import event, feed, link, person, wanted_file
from server.storage.visit_tables import decision, finding, proposal, visit
from tests.contract.proof.conftest import NOTE, Town
from tests.contract.proof.keeping_keys import with_key_file
from tests.filing import Filer
from tests.office import Office, Phone, opened_office, statuses


def erase(town: Town, *event_ids: str, **options: Any) -> Erased:
    """Erase events as the office would."""
    return erase_events(town.office.site, event_ids, "Dana", "request 17", **options)


def stored(town: Town, event_id: str) -> Any:
    """Give the row of one event."""
    (row,) = town.office.rows(select(event).where(event.c.id == event_id))
    return row


def send_file(town: Town, content: bytes) -> tuple[dict[str, Any], str]:
    """Record an event that names a file, send it, and upload the file; give the outbox entry and the file's hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    named = [{"sha256": sha256, "size": len(content), "media_type": "image/jpeg", "role": "photo"}]
    ids = {"case_id": town.case_id, "visit_id": town.visit_id, "packet_rev": 1}
    entry = town.phone.record("files_attached", {}, files=named, **ids)
    answer = town.phone.exchange(checkpoint=town.phone.checkpoint())
    (wanted,) = [each for each in answer["push"]["files_wanted"] if each["sha256"] == sha256]
    assert 201 == upload(town, wanted, content).status_code
    return entry, sha256


def upload(town: Town, wanted: dict[str, Any], content: bytes) -> Any:
    """Upload a file in one request."""
    headers = {
        "Authorization": f"Upload {wanted['token']}", "Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)),
        "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip
    return town.office.client.post("/sync/v1/files", data=content, headers=headers)


def bytes_on_disk(town: Town) -> bytes:
    """Give everything the database holds: its files on SQLite, all rows of events and proposals on PostgreSQL."""
    store = town.office.site.store
    if store.engine.dialect.name == "sqlite":
        path = Path(str(store.engine.url.database))
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*") if each.is_file())
    rows = [repr(tuple(row)) for table in (event, proposal, feed, person) for row in town.office.rows(select(table))]
    return "".join(rows).encode()


def test_erasing_deletes_content_and_salt_and_keeps_the_place(town: Town) -> None:
    """E12: content and salt are gone from the database's very files; id, seq, digest and hash stay."""
    target = town.event_ids[2]
    before = stored(town, target)
    places = town.office.rows(select(link).order_by(link.c.seq))
    assert f"{NOTE} 1".encode() in bytes_on_disk(town)

    erased = erase(town, target)

    after = stored(town, target)
    assert (None, "Dana", "request 17") == (after.content, after.erased["by"], after.erased["reason"])
    assert (before.id, before.digest, before.status) == (after.id, after.digest, after.status)
    assert places == town.office.rows(select(link).order_by(link.c.seq))
    assert erased.is_scrubbed
    assert f"{NOTE} 1".encode() not in bytes_on_disk(town)
    assert f"{NOTE} 2".encode() in bytes_on_disk(town)


def test_the_device_is_told_to_drop_it(town: Town) -> None:
    """E12: the feed brings `erased` with the event's id."""
    town.phone.exchange([])
    erase(town, town.event_ids[1])

    (item,) = town.phone.exchange([])["pull"]["items"]

    assert ("put", "erased", {"event_id": town.event_ids[1]}) == (item["op"], item["type"], item["body"])


def test_a_resent_batch_keeps_the_link_only(town: Town) -> None:
    """E12: erased content that is sent again, at its place or on a new chain, is answered and not stored."""
    old = town.phone.log[1]
    erase(town, old["id"])

    assert ["duplicate"] * 4 == statuses(town.phone.exchange())
    town.phone.open_chain("forked", previous=town.phone.chain_id, after_seq=1)
    town.phone.append(old["id"], old["content"])
    answer = town.phone.exchange(checkpoint=town.phone.checkpoint())

    assert ["accepted", "duplicate"] == statuses(answer)
    assert stored(town, old["id"]).content is None
    assert NOTE + " 0" not in bytes_on_disk(town).decode(errors="replace")
    assert verify_device(town.office.site, town.phone.device_id).is_whole


def test_content_erased_ahead_is_not_stored_when_it_comes(town: Town) -> None:
    """E12: what a restored database does not know yet can be erased by agent, id and digest before it comes."""
    entry = town.phone.step(town.case_id, town.visit_id, note=NOTE + " ahead")
    digest = canonical.digest(entry["content"].encode())
    with pytest.raises(FieldError):
        erase(town, entry["id"])
    erase(town, entry["id"], agent_code="a1", digest=digest)

    answer = town.phone.exchange(town.phone.log[4:], checkpoint=town.phone.checkpoint())

    (receipt,) = answer["push"]["receipts"]
    assert ("duplicate", "parked", "erased") == (receipt["status"], receipt["first"], receipt["problem"])
    assert stored(town, entry["id"]).content is None
    verdict = verify_device(town.office.site, town.phone.device_id)
    assert verdict.is_whole
    assert [(5, "Dana")] == [(each.seq, each.by) for each in verdict.chains[0].erased]


def test_a_place_whose_content_its_device_erased_is_parked_as_erased(town: Town) -> None:
    """E12: a device that dropped the content sends its place as withheld and erased; nothing is asked of it."""
    content = canonical.encode(town.phone.content("step_done", {})).decode()
    entry = town.phone.withhold(town.office.site.new_id(), content) | {"erased": True}

    answer = town.phone.exchange([entry])

    assert ["parked:erased"] == statuses(answer)
    assert "files_wanted" not in answer["push"]
    assert verify_device(town.office.site, town.phone.device_id).is_whole


def test_files_that_only_the_erased_event_names_go_with_it(town: Town) -> None:
    """E12: the photo of an erased event is deleted and not asked for again; a photo another event names stays."""
    folder = town.office.site.settings.folder_path / "files"
    entry, own = send_file(town, b"a photo of the door")
    shared_entry, shared = send_file(town, b"a photo of the street")
    town.phone.record(
        "files_attached", {}, case_id=town.case_id, visit_id=town.visit_id, packet_rev=1,
        files=[{"sha256": shared, "size": 21, "media_type": "image/jpeg", "role": "photo"}],
    )  # fmt: skip
    town.send()

    erased = erase(town, entry["id"], shared_entry["id"])

    assert [own] == [sha256 for each in erased.done for sha256 in each.files]
    assert [shared] == [path.name for path in folder.iterdir()]
    assert [shared] == [row.sha256 for row in town.office.rows(select(wanted_file.c.sha256))]


def test_a_file_that_goes_with_its_event_is_certified(database_url: str, tmp_path: Path) -> None:
    """E12: the audit says once which file went with which event, by whom, and the id of the key that was deleted."""
    with opened_office(database_url, tmp_path / "folder", **with_key_file(tmp_path)) as office:
        filer = Filer.enrolled(office)
        photo = filer.want(b"a photo of the door")
        photo.create(photo.content)
        [key_id] = [row.id for row in office.rows(select(data_key)) if row.name == photo.sha256]
        event_id = filer.phone.log[-1]["id"]
        erase_events(office.site, [event_id], "Dana", "request 17")
        [act] = [row for row in office.rows(select(office_act)) if row.act == "erased_file"]

        assert ("Dana", "file", photo.sha256) == (act.name, act.object_type, act.object_id)
        assert (event_id, key_id) == (act.facts["event"], act.facts["key"])
        assert photo.sha256 not in [row.name for row in office.rows(select(data_key))]
        assert photo.kept() is None


def test_a_file_of_an_erased_event_is_not_taken_any_more(town: Town) -> None:
    """E12: an upload token given before the erasure permits nothing after it, even in the middle of an upload."""
    content = b"a photo, not sent yet"
    sha256 = hashlib.sha256(content).hexdigest()
    entry = town.phone.record(
        "files_attached", {}, case_id=town.case_id, visit_id=town.visit_id, packet_rev=1,
        files=[{"sha256": sha256, "size": len(content), "media_type": "image/jpeg", "role": "photo"}],
    )  # fmt: skip
    (wanted,) = town.phone.exchange()["push"]["files_wanted"]
    begun = town.office.client.post(
        "/sync/v1/files",
        headers={"Authorization": f"Upload {wanted['token']}", "Tus-Resumable": "1.0.0", "Upload-Length": "21"},
    )
    assert 201 == begun.status_code

    erase(town, entry["id"])

    assert [] == list((town.office.site.settings.folder_path / "uploads").iterdir())
    assert 403 == upload(town, wanted, content).status_code
    assert [] == list(town.office.site.blobs.walk())


def test_withheld_content_that_is_erased_is_not_asked_for(town: Town) -> None:
    """E12: an event erased while its content is still to come as a file never gets it."""
    content = canonical.encode(town.phone.content("step_done", {})).decode()
    entry = town.phone.withhold(town.office.site.new_id(), content)
    (wanted,) = town.phone.exchange()["push"]["files_wanted"]

    erase(town, entry["id"])

    assert "files_wanted" not in town.phone.exchange()["push"]
    assert 403 == upload(town, wanted, content.encode()).status_code
    assert (None, "erased") == (stored(town, entry["id"]).content, stored(town, entry["id"]).problem)


def test_every_content_under_a_reused_id_is_erased(town: Town) -> None:
    """E4, E12: where an id was reused with other bytes, both contents go."""
    target = town.event_ids[3]
    town.phone.append(target, canonical.encode(town.phone.content("step_done", {"note": NOTE})).decode())
    town.send()

    erased = erase(town, target)

    assert 2 == len(erased.done[0].digests)
    rows = town.office.rows(select(event).where(event.c.id == target))
    assert [None, None] == [row.content for row in rows]


def test_an_id_used_by_two_agents_asks_whose(town: Town) -> None:
    """E4: an id is unique within its agent only; erasing one agent's event leaves the other's."""
    other = Phone.enrolled(town.office, "a2")
    town.office.assign(town.case_id, other.agent_id)
    other.append(town.event_ids[1], town.phone.log[1]["content"])
    other.exchange()

    with pytest.raises(FieldError) as caught:
        erase(town, town.event_ids[1])
    assert "conflict" == caught.value.code
    erase(town, town.event_ids[1], agent_code="a2")

    rows = town.office.rows(select(event).where(event.c.id == town.event_ids[1]))
    assert {town.phone.agent_id: False, other.agent_id: True} == {row.agent_id: row.content is None for row in rows}


def test_a_visit_is_folded_again_without_it_and_absence_is_unknown(town: Town) -> None:
    """E12, E8: what an erased event may have said is unknown, so nothing is found to be lacking because of it."""
    ids = {"case_id": town.case_id, "visit_id": town.visit_id, "packet_rev": 1}
    started = town.phone.record("visit_started", {"no_fix_reason": "unavailable"}, **ids)
    town.phone.record("outcome_noted", {"contact_result": "nobody", "disposition": "none"}, **ids)
    town.phone.record("visit_ended", {"reason": "completed", "no_fix_reason": "unavailable"}, **ids)
    town.send()
    reconcile(town.office.site)
    due = town.office.rows(select(visit.c.due))[0].due

    erase(town, started["id"])

    assert due + 1 == town.office.rows(select(visit.c.due))[0].due
    reconcile(town.office.site)
    found = {row.code for row in town.office.rows(select(finding).where(finding.c.gone_ms.is_(None)))}
    assert "events_parked" in found
    assert "outcome_without_check_in" not in found


def test_a_contact_proposal_is_taken_back_with_its_event(town: Town) -> None:
    """E12: an erased proposal leaves neither its row, nor what it changed, nor a packet that shows it."""
    body = {"changes": [{"field": "email", "new": "quentin@fallowfield.example"}]}
    entry = town.phone.record("contact_proposed", body, case_id=town.case_id)
    town.send()
    reconcile(town.office.site)
    assert b"quentin@fallowfield.example" in bytes_on_disk(town)
    assert 1 == len(town.office.rows(select(proposal)))

    erase(town, entry["id"])

    assert [] == town.office.rows(select(proposal))
    assert b"quentin@fallowfield.example" not in bytes_on_disk(town)


def test_nothing_follows_from_an_event_erased_meanwhile(town: Town) -> None:
    """E12: whoever read an event before it was erased does not act on it afterwards."""
    body = {"changes": [{"field": "email", "new": "quentin@fallowfield.example"}]}
    entry = town.phone.record("contact_proposed", body, case_id=town.case_id)
    town.send()
    site = town.office.site
    with site.store.read() as connection:
        (row,) = visit_rows.read_due_events(connection, 10)

    erase(town, entry["id"])
    site.store.write(partial(following._follow, site=site, row=row))

    assert [] == town.office.rows(select(proposal))


def test_words_repeated_in_decisions_and_findings_are_blanked(town: Town) -> None:
    """E12: an answer in a decision and an objection to a finding go with the event that said them."""
    site, ids = town.office.site, [town.office.site.new_id() for _ in range(2)]
    about = {"case_id": town.case_id, "visit_id": town.visit_id}
    town.office.insert(decision, id=ids[0], act="returned", by="r", question="why?", at_ms=site.now(), **about)
    town.office.insert(
        finding, id=ids[1], code="too_short", key="", severity="look", facts={}, sentence="s", found_ms=1, **about
    )
    answered = town.phone.record("question_answered", {"decision_id": ids[0], "answer": "my reason"}, **about)
    contested = town.phone.record("finding_contested", {"finding_id": ids[1], "reason": "my objection"}, **about)
    town.send()
    follow_events(site)
    assert ["my reason"] == [row.answer for row in town.office.rows(select(decision))]
    assert "my objection" in [row.contested for row in town.office.rows(select(finding))]

    erase(town, answered["id"], contested["id"])

    assert ["(erased)"] == [row.answer for row in town.office.rows(select(decision))]
    assert "(erased)" in [row.contested for row in town.office.rows(select(finding))]


def test_a_correction_that_repeats_what_was_erased_is_pointed_out(town: Town) -> None:
    """E12: a correction carries the words anew, so whoever erases is told of it."""
    target = town.event_ids[2]
    correction = town.phone.record(
        "event_corrected", {"event_id": target, "reason": "typing", "body": {"note": NOTE}}, case_id=town.case_id
    )
    town.send()

    assert [correction["id"]] == erase(town, target).corrections
    assert [] == erase(town, correction["id"]).corrections


def test_erasing_twice_says_so_and_changes_nothing(town: Town) -> None:
    """An event erased before is named; the log keeps one line."""
    erase(town, town.event_ids[1])

    again = erase(town, town.event_ids[1])

    assert ([], [town.event_ids[1]]) == (again.done, again.before)
    assert 1 == len(read_erasures(town.office.site.settings.folder_path))


def test_an_erasure_needs_a_name_and_a_reason(town: Town) -> None:
    """Nothing is erased anonymously or for no reason."""
    for by, reason in (("", "why"), ("who", " ")):
        with pytest.raises(FieldError) as caught:
            erase_events(town.office.site, [town.event_ids[1]], by, reason)
        assert "invalid" == caught.value.code

    assert stored(town, town.event_ids[1]).content is not None


def test_a_chains_opening_cannot_be_erased(town: Town) -> None:
    """A device's own records hold nothing of a person, and the proof needs them."""
    with pytest.raises(FieldError) as caught:
        erase(town, town.event_ids[0])

    assert "conflict" == caught.value.code


def test_an_erasure_cut_short_is_finished_before_serving(town: Town) -> None:
    """E12: the log is written first; opening the site does what a crash left undone, once."""
    site, target = town.office.site, town.event_ids[2]
    erased = erase(town, target).done[0]
    append_erasures(site.settings.folder_path, [
        type(erased)(site.new_id(), erased.agent_id, town.event_ids[3],
                     (stored(town, town.event_ids[3]).digest,), (), "Dana", "request 18", site.now())
    ])  # fmt: skip

    opened = open_site(site.settings)
    opened.store.close()

    assert stored(town, town.event_ids[3]).content is None
    assert "request 18" == stored(town, town.event_ids[3]).erased["reason"]
    assert 0 == finish_erasures(site)
    assert 2 == town.office.rows(select(func.count()).select_from(tables.erasure))[0][0]


def test_a_line_cut_short_is_passed_over_and_a_damaged_one_stops(office: Office) -> None:
    """E12: the tail of a crash was never acted on; a line that was whole once must not be lost in silence."""
    folder = office.site.settings.folder_path
    path = folder / LOG_NAME
    phone = Phone.enrolled(office)
    office.assign(case_id := office.add_case("R1"), phone.agent_id)
    entry = phone.step(case_id, office.site.new_id())
    phone.exchange()
    path.write_bytes(b'{"id":"0190')

    erase_events(office.site, [entry["id"]], "Dana", "request")

    assert [entry["id"]] == [each.event_id for each in read_erasures(folder)]
    path.write_bytes(path.read_bytes().replace(b'"event_id"', b'"event"'))
    with pytest.raises(FieldError) as caught:
        finish_erasures(office.site)
    assert "line 2" in caught.value.detail
