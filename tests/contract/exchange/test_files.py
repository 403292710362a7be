"""What the file half promises: events name files, tokens permit uploads, only whole and right files count."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from server.services.reconciling import reconcile
from server.storage import tables, visit_tables
from tests.office import Office, Phone

PICTURE = b"not really a picture " * 400
SHA256 = hashlib.sha256(PICTURE).hexdigest()
NAMED = {"sha256": SHA256, "size": len(PICTURE), "media_type": "image/jpeg", "role": "door"}
OCTETS = {"Content-Type": "application/offset+octet-stream", "Tus-Resumable": "1.0.0"}


def name_file(office: Office, code: str, reference: str) -> tuple[Phone, dict[str, Any]]:
    """Let a new phone's event name the picture; give the phone and what the server wants of it."""
    phone = Phone.enrolled(office, code)
    case_id = office.add_case(reference)
    office.assign(case_id, phone.agent_id)
    phone.record("files_attached", {}, case_id=case_id, visit_id=office.site.new_id(), packet_rev=1, files=[NAMED])
    wanted: dict[str, Any] = phone.exchange()["push"]["files_wanted"][0]
    return phone, wanted


def ask(office: Office, method: str, path: str, token: str, body: bytes = b"", **headers: str) -> Any:
    """Send one tus request."""
    sent = OCTETS | {"Authorization": f"Upload {token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return office.client.open(path, method=method, data=body, headers=sent)


def test_an_upload_goes_on_where_it_was_cut(office: Office) -> None:
    """T1, T2: creating again gives the same Location, a resume sends the rest, and only the whole is verified."""
    phone, wanted = name_file(office, "a1", "R1")
    first = ask(office, "POST", "/sync/v1/files", wanted["token"], PICTURE[:1000], Upload_Length=str(len(PICTURE)))
    again = ask(office, "POST", "/sync/v1/files", wanted["token"], Upload_Length=str(len(PICTURE)))
    path = first.headers["Location"]

    assert (201, 201, path) == (first.status_code, again.status_code, again.headers["Location"])
    assert "1000" == ask(office, "HEAD", path, wanted["token"]).headers["Upload-Offset"]
    assert 409 == ask(office, "PATCH", path, wanted["token"], b"x", Upload_Offset="7").status_code
    assert "items" not in phone.exchange([])["pull"] or all(
        item["type"] != "file_state" for item in phone.exchange([])["pull"].get("items", [])
    )

    rest = ask(office, "PATCH", path, wanted["token"], PICTURE[1000:], Upload_Offset="1000")

    assert (204, str(len(PICTURE))) == (rest.status_code, rest.headers["Upload-Offset"])
    assert "verified" == phone.exchange([])["pull"]["items"][0]["body"]["state"]


def test_a_visit_stops_waiting_once_its_last_file_is_whole(office: Office) -> None:
    """A visit whose picture was too long on its way has the finding, by time alone; it is folded without it again."""
    _, wanted = name_file(office, "a1", "R1")
    reconcile(office.site)
    seen = [missing_files(office)]
    office.clock.advance(days=1, seconds=1)
    reconcile(office.site)
    seen.append(missing_files(office))
    ask(office, "POST", "/sync/v1/files", wanted["token"], PICTURE, Upload_Length=str(len(PICTURE)))
    reconcile(office.site)

    assert [[], ["files_missing"], []] == [*seen, missing_files(office)]


def missing_files(office: Office) -> list[str]:
    """Give the findings that say files are missing."""
    finding = visit_tables.finding.c
    rows = office.rows(select(finding.code).where(finding.code == "files_missing", finding.gone_ms.is_(None)))
    return [row.code for row in rows]


def test_a_wrong_whole_is_discarded_and_said(office: Office) -> None:
    """T2: a whole-file hash mismatch discards the upload and says so; it can be sent again."""
    _, wanted = name_file(office, "a1", "R1")
    wrong = PICTURE[:-1] + b"?"
    refused = ask(office, "POST", "/sync/v1/files", wanted["token"], wrong, Upload_Length=str(len(wrong)))
    right = ask(office, "POST", "/sync/v1/files", wanted["token"], PICTURE, Upload_Length=str(len(PICTURE)))

    assert (460, 201) == (refused.status_code, right.status_code)
    assert ["verified"] == [row.state for row in office.rows(select(tables.wanted_file.c.state))]


def test_a_device_learns_nothing_of_files_others_sent(office: Office) -> None:
    """T3: a hash that another device's events named is wanted from this one as if it were new."""
    _, wanted = name_file(office, "a1", "R1")
    ask(office, "POST", "/sync/v1/files", wanted["token"], PICTURE, Upload_Length=str(len(PICTURE)))
    second, asked = name_file(office, "a2", "R2")
    path = f"/sync/v1/files/{second.device_id}-{SHA256}"

    assert SHA256 == asked["sha256"]
    assert 404 == ask(office, "HEAD", path, asked["token"]).status_code
    created = ask(office, "POST", "/sync/v1/files", asked["token"], Upload_Length=str(len(PICTURE)))
    assert (201, "0") == (created.status_code, created.headers["Upload-Offset"])
    assert 404 == ask(office, "HEAD", path, wanted["token"]).status_code


@pytest.mark.parametrize("spoil", ["claim", "mac", "expiry"])
def test_a_token_permits_one_upload_for_seven_days(office: Office, spoil: str) -> None:
    """T2: a token is a MAC over device, hash, size and expiry; changed or past, it permits nothing."""
    _, wanted = name_file(office, "a1", "R1")
    claim, _, mac = wanted["token"].rpartition(".")
    other = f"{mac[:-1]}{'y' if mac.endswith('x') else 'x'}"
    token = {"claim": f"{claim}1.{mac}", "mac": f"{claim}.{other}", "expiry": wanted["token"]}[spoil]
    if spoil == "expiry":
        office.clock.advance(days=7, seconds=1)

    refused = ask(office, "POST", "/sync/v1/files", token, PICTURE, Upload_Length=str(len(PICTURE)))

    assert (403, "urn:fairvisit:problem:upload-token-invalid") == (refused.status_code, refused.json["type"])
