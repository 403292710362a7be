"""The files of a visit in the office: their states, what is shown of them and to whom it is told, what is added."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageChops
from werkzeug.test import TestResponse

from server.services import adding_files
from server.services.exporting import write_export
from server.services.reconciling import reconcile
from server.services.story import tell_visit
from server.services.sweeping import sweep_files
from server.services.watermarks import MOST_PIXELS
from server.storage import act_rows, office_tables, tables, visit_tables
from tests.contract.office.desk import Browser, Desk
from tests.contract.office.pictures import MP4, SVG, WEBM, draw_picture, make_bomb
from tests.contract.office.visits import TruePhone, carrier, visit
from tests.filing import Filer, Upload, sha256_of
from tests.office import Office
from tests.recordings import an_mp4

PICTURE = draw_picture("JPEG")


def name_files(office: Office, phone: TruePhone, visit_id: str, *contents: bytes, **said: str) -> list[Upload]:
    """Let a phone name files of a visit, which is folded again; give their uploads, none begun."""
    [row] = office.rows(visit_tables.visit.select().where(visit_tables.visit.c.visit_id == visit_id))
    told = {"media_type": "image/jpeg", "role": "photo"} | said
    files = [{"sha256": sha256_of(each), "size": len(each), **told} for each in contents]
    office.clock.advance(minutes=1)
    entry = phone.record("files_attached", {}, case_id=row.case_id, visit_id=visit_id, packet_rev=1, files=files)
    wanted = phone.exchange([entry])["push"].get("files_wanted", [])
    reconcile(office.site)
    tokens = {each["sha256"]: each["token"] for each in wanted}
    filer = Filer(office, phone, row.case_id)
    return [Upload(filer, each, sha256_of(each), tokens.get(sha256_of(each), "")) for each in contents]


def send(office: Office, upload: Upload) -> str:
    """Send a file whole; give its hash."""
    assert upload.create(upload.content).status_code == 201
    assert upload.state == "verified"
    reconcile(office.site)
    return upload.sha256


def sent(office: Office, content: bytes, **said: str) -> tuple[str, str]:
    """Make a visit with this file, whole; give the file's page, and the hash."""
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    [upload] = name_files(office, phone, visit_id, content, **said)
    return f"/visits/{visit_id}/files/{send(office, upload)}", upload.sha256


def fetch(browser: Browser, path: str, **headers: str) -> TestResponse:
    """Ask for what a file holds."""
    return browser.client.get(f"/office{path}/content", headers={k.replace("_", "-"): v for k, v in headers.items()})


def acts(office: Office, act: str) -> list[Any]:
    """Give the acts of one kind that name a file."""
    rows = office.rows(office_tables.office_act.select().order_by(office_tables.office_act.c.seq))
    return [row for row in rows if row.act == act and "file" in row.facts]


def test_the_page_of_a_visit_tells_how_far_its_files_are(desk: Desk) -> None:
    """T1: how many of all are verified, how much of one has come, since when one is missing; complete only with all."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    whole, begun, never = name_files(office, phone, visit_id, PICTURE, draw_picture("PNG"), draw_picture("WEBP"))
    browser = desk.sign_in("reviewer")
    named = browser.get(f"/visits/{visit_id}")
    send(office, whole)
    begun.create(begun.content[:100])
    coming = browser.get(f"/visits/{visit_id}")
    office.clock.advance(days=1, minutes=1)
    reconcile(office.site)
    browser = desk.open("reviewer")
    late = browser.get(f"/visits/{visit_id}")
    for each in (begun, never):
        each.token = phone.exchange([])["push"]["files_wanted"][0]["token"]
        each.create()
        each.patch(int(each.head().headers["Upload-Offset"]), each.content[100 if each is begun else 0 :])
    reconcile(office.site)
    done = browser.get(f"/visits/{visit_id}")

    assert "0 of 3 verified" in named
    assert "1 of 3 verified" in coming
    assert "coming in: 100 Bytes of" in coming
    assert "missing, named" not in coming
    assert "The visit waits until all are here." in coming
    assert 2 == late.count("missing, named")
    assert "2 named files have not arrived whole." in late
    assert "3 of 3 verified" in done
    assert "The visit waits" not in done
    assert "named files have not arrived" not in done
    for each in (whole, begun, never):
        assert f'title="{each.sha256}"' in done
    assert "named by a1" in done


def test_a_picture_is_drawn_anew_with_the_viewers_name(desk: Desk) -> None:
    """What leaves is no byte of what came: a JPEG with somebody's name and time across it, another one for another."""
    office = desk.office
    exif = Image.Exif()
    exif[0x010E] = "a secret note"
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(out, "JPEG", exif=exif)
    page, _ = sent(office, out.getvalue())
    mine, other = desk.sign_in("reviewer"), desk.sign_in("auditor")
    told = mine.get(page)
    answers = [fetch(each, page) for each in (mine, other)]
    shown = [Image.open(io.BytesIO(each.data)) for each in answers]

    assert f'src="/office{page}/content"' in told
    assert ["image/jpeg"] * 2 == [each.mimetype for each in answers]
    assert b"a secret note" in out.getvalue()
    assert b"a secret note" not in answers[0].data
    assert ["JPEG", (640, 480)] == [shown[0].format, shown[0].size]
    assert ImageChops.difference(shown[0].convert("RGB"), Image.open(out).convert("RGB")).getbbox() is not None
    assert ImageChops.difference(shown[0].convert("RGB"), shown[1].convert("RGB")).getbbox() is not None


def test_what_leaves_can_run_nothing_and_stays_nowhere(desk: Desk) -> None:
    """A browser takes it for what it is, runs nothing in it, keeps no copy, and gives it to no other site."""
    page, sha256 = sent(desk.office, PICTURE)
    browser = desk.sign_in("reviewer")
    headers = fetch(browser, page).headers

    assert "sandbox; default-src 'none'" == headers["Content-Security-Policy"]
    assert "nosniff" == headers["X-Content-Type-Options"]
    assert "no-store" == headers["Cache-Control"]
    assert f'inline; filename="{sha256[:12]}.jpg"' == headers["Content-Disposition"]
    assert "same-origin" == headers["Cross-Origin-Resource-Policy"]
    plays = browser.client.get(f"/office{page}").headers["Content-Security-Policy"]
    assert "media-src 'self'" in plays
    assert "default-src 'none'" in plays


def test_every_look_is_noted(desk: Desk) -> None:
    """Who, which file, of which visit, each time: also each part of a recording; what was refused shows nothing."""
    office = desk.office
    page, sha256 = sent(office, MP4, media_type="video/mp4", role="recording")
    browser = desk.sign_in("supervisor")
    fetch(browser, page, Range="bytes=0-9")
    fetch(browser, page, Range="bytes=10-19")
    looks = acts(office, "looked")

    visit_id = page.split("/")[2]
    assert [("supervisor", visit_id, sha256)] * 2 == [(row.name, row.object_id, row.facts["file"]) for row in looks]
    with office.site.store.read() as connection:
        assert len(looks) < act_rows.read_head(connection)[0]


def test_a_recording_is_given_in_parts(desk: Desk) -> None:
    """A player asks for ranges: what it gets is that part, and how much there is; what is not there is refused."""
    page, _ = sent(desk.office, MP4, media_type="video/mp4", role="recording")
    browser = desk.sign_in("reviewer")
    asked = ({}, {"Range": "bytes=8-11"}, {"Range": "bytes=-4"})
    whole, part, rest = (fetch(browser, page, **given) for given in asked)
    none = fetch(browser, page, Range=f"bytes={len(MP4)}-")

    assert "<video" in browser.get(page)
    assert (200, MP4, "video/mp4") == (whole.status_code, whole.data, whole.mimetype)
    assert (206, b"isom", f"bytes 8-11/{len(MP4)}") == (part.status_code, part.data, part.headers["Content-Range"])
    assert (206, MP4[-4:]) == (rest.status_code, rest.data)
    assert (416, f"bytes */{len(MP4)}") == (none.status_code, none.headers["Content-Range"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(SVG, id="svg with script"),
        pytest.param(b"\xff\xd8\xff\xe0<html><script>alert(1)</script>", id="polyglot"),
        pytest.param(b"%PDF-1.7 ...", id="pdf"),
        pytest.param(b"MZ\x90\0 a program", id="program"),
    ],
)
def test_what_may_be_active_is_never_given_out(desk: Desk, content: bytes) -> None:
    """Its page says what it is and that it is not shown; there is no address at which its bytes are."""
    page, _ = sent(desk.office, content)
    browser = desk.sign_in("reviewer")
    told, answer = browser.get(page), fetch(browser, page)

    assert "It is not shown." in told
    assert "/content" not in told
    assert 415 == answer.status_code
    assert content[:9] not in answer.data
    assert [] == acts(desk.office, "looked")


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        pytest.param(make_bomb(7100), 413, "would unfold to more than is shown here (7100 by 7100)", id="bomb"),
        pytest.param(make_bomb(60_000), 413, "would unfold to far more than can be shown", id="big bomb"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"x" * 500, 422, "its content is damaged", id="broken"),
        pytest.param(PICTURE[: len(PICTURE) // 2], 422, "its content is damaged", id="cut"),
    ],
)
def test_a_picture_that_cannot_be_drawn_says_why(desk: Desk, content: bytes, status: int, says: str) -> None:
    """A decompression bomb is refused by its header, before a pixel of it is unfolded; so is what is damaged."""
    page, _ = sent(desk.office, content)
    browser = desk.sign_in("reviewer")
    answer = fetch(browser, page)

    assert 7100 * 7100 > MOST_PIXELS
    assert status == answer.status_code
    assert says in answer.text


def test_a_file_that_is_not_whole_or_not_of_the_visit_shows_nothing(desk: Desk) -> None:
    """Neither what is on its way, nor one of another visit, nor what nobody named."""
    office = desk.office
    page, sha256 = sent(office, PICTURE)
    phone = carrier(office, "b1")
    other_id = visit(office, phone, "R2")
    [upload] = name_files(office, phone, other_id, draw_picture("PNG"))
    browser = desk.sign_in("reviewer")

    assert 404 == fetch(browser, f"/visits/{other_id}/files/{upload.sha256}").status_code
    assert 404 == fetch(browser, f"/visits/{other_id}/files/{sha256}").status_code
    browser.get(f"/visits/{other_id}/files/{sha256}", 404)
    browser.get(f"/visits/{page.split('/')[2]}/files/nothing", 404)
    assert "/content" not in browser.get(f"/visits/{other_id}/files/{upload.sha256}")


def add(browser: Browser, visit_id: str, content: bytes, name: str = "clip.mp4", **form: str) -> str:
    """Add a file to a visit; give the page that comes after."""
    return browser.follow(f"/visits/{visit_id}/files", file=(io.BytesIO(content), name), **form)


def test_the_office_adds_a_recorders_video_as_a_record_of_its_own(desk: Desk) -> None:
    """T1: by whom and when, noted, beside the events and none of them; twice is once, and a reviewer can play it."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    events = len(office.rows(tables.event.select()))
    browser = desk.sign_in("reviewer")
    page = add(browser, visit_id, WEBM, serial="BR-0042")
    again = add(browser, visit_id, WEBM)
    reconcile(office.site)
    [noted] = acts(office, "added_file")

    assert "Added to the visit, with your name." in page
    assert "1 of 1 verified" in page
    assert "added by the office: reviewer" in page
    assert "recorder BR-0042" in page
    assert "This very file was added to the visit before." in again
    assert (sha256_of(WEBM), len(WEBM)) == (noted.facts["file"], noted.facts["size"])
    assert "BR-0042" not in str(noted.facts)
    assert events == len(office.rows(tables.event.select()))
    assert WEBM == fetch(browser, f"/visits/{visit_id}/files/{sha256_of(WEBM)}").data
    assert "1 of 1 verified" in browser.get(f"/visits/{visit_id}/record")
    assert [] == list((office.site.settings.folder_path / "office-uploads").glob("*"))


def test_the_office_says_when_a_recorders_video_ran(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """T4: as the file says, or as was typed, in the office's zone; what it lacks of the visit is found."""
    office = desk.office
    monkeypatch.setitem(vars(office.site.settings), "zone", "Asia/Manila")
    phone = carrier(office)
    own, typed, none = (visit(office, phone, each) for each in ("R1", "R2", "R3"))
    began = {
        visit_id: next(row for row in office.rows(visit_tables.visit.select()) if row.visit_id == visit_id).started_ms
        for visit_id in (own, typed)
    }
    zone = ZoneInfo("Asia/Manila")
    local = {
        name: datetime.fromtimestamp((began[typed] + ms) // 1000, zone).isoformat()[:19]
        for name, ms in (("starts", 0), ("ends", 60_000))
    }
    browser = desk.sign_in("reviewer")
    add(browser, own, an_mp4(began[own] // 1000 + 260, 30_000))
    add(browser, typed, an_mp4(0, 30_000), **local)
    add(browser, none, WEBM, starts="", ends="")
    reconcile(office.site)
    stories = [tell_visit(office.site, each) for each in (own, typed, none)]
    [first], [second], [third] = (each["files"] for each in stories)

    assert began[own] // 1000 * 1000 + 260_000 == parse(first["starts"]).timestamp() * 1000
    assert 30 == (parse(first["ends"]) - parse(first["starts"])).seconds
    assert began[typed] // 1000 == parse(second["starts"]).timestamp()
    assert 60 == (parse(second["ends"]) - parse(second["starts"])).seconds
    assert (None, None) == (third["starts"], third["ends"])
    assert [["recording_late"], ["recording_short"], []] == [
        [found["code"] for found in each["findings"] if found["code"].startswith("recording")] for each in stories
    ]
    assert "recorded by its own clock" in browser.get(f"/visits/{typed}")


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ({"starts": "soon"}, "starts: is no time"),
        ({"starts": "9999-12-31T23:59:59"}, "starts: is no time"),
        ({"ends": "0001-01-01T00:00"}, "ends: is no time"),
        ({"starts": "2026-05-29T10:00:00", "ends": "2026-05-29T09:00:00"}, "ends: is before the start"),
    ],
)
def test_times_that_cannot_be_are_refused(desk: Desk, times: dict[str, str], says: str) -> None:
    """Nothing is added and nothing stays."""
    visit_id = visit(desk.office, carrier(desk.office), "R1")
    page = add(desk.sign_in("reviewer"), visit_id, MP4, **times)

    assert says in page
    assert "The visit names none." in page
    assert desk.office.site.blobs.find(sha256_of(MP4)) is None
    assert [] == list((desk.office.site.settings.folder_path / "office-uploads").glob("*"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (SVG, "is no picture and no recording"),
        (b"", "is empty"),
        (WEBM + bytes(300_000), "A file that is added takes at most"),
    ],
    ids=["svg", "nothing", "too large"],
)
def test_what_the_office_may_not_add_is_refused_and_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    """What is not shown, nothing at all, and more than a video may have."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    monkeypatch.setattr(adding_files, "most_bytes", lambda _site: 200_000)
    page = add(desk.sign_in("reviewer"), visit_id, content, "clip.webm")

    assert says in page
    assert "The visit names none." in page
    assert office.site.blobs.find(sha256_of(content)) is None
    assert [] == list((office.site.settings.folder_path / "office-uploads").glob("*"))


def wall(at_ms: int) -> str:
    """Give a moment as a recorder in another zone would write it."""
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo("Asia/Shanghai")).isoformat(timespec="milliseconds")


def parse(text: str) -> datetime:
    """Give a written moment as the office shows it: to the second, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_recorders_own_times_are_told_and_judged(desk: Desk) -> None:
    """T4: beside its file, on its page and in the record; what it lacks of the visit is found, in whole minutes."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    [row] = office.rows(visit_tables.visit.select().where(visit_tables.visit.c.visit_id == visit_id))
    times = {"starts": wall(row.started_ms + 270_000), "ends": wall(row.started_ms + 300_000)}
    [upload] = name_files(office, phone, visit_id, MP4, media_type="video/mp4", role="recording", **times)
    browser = desk.sign_in("reviewer")
    page, file = (browser.get(f"/visits/{visit_id}{end}") for end in ("", f"/files/{upload.sha256}"))
    record = browser.get(f"/visits/{visit_id}/record")
    [late] = [each for each in tell_visit(office.site, visit_id)["findings"] if each["code"].startswith("recording")]

    assert {"medium": "video", "told_by": "file"} == {name: late["facts"][name] for name in ("medium", "told_by")}
    assert 4 == late["facts"]["least_late_ms"] // 60_000
    assert "The recording (video) began at least 4 min late." in page
    for told in (page, file, record):
        assert "recorded by its own clock" in told
        assert all(f'datetime="{parse(each).isoformat()}"' in told for each in times.values())
    assert "does not say its own times" not in page


def test_a_picture_says_when_it_was_taken(desk: Desk) -> None:
    """T4: one taken the day before is older than the visit, though it was named within it; others say nothing."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    name_files(office, phone, visit_id, PICTURE, starts=wall(office.clock() - 86_400_000))
    name_files(office, phone, visit_id, draw_picture("PNG"))
    page = desk.sign_in("reviewer").get(f"/visits/{visit_id}")

    assert "1 pictures were taken or named before the visit began" in page
    assert 1 == page.count(" taken <time") == page.count("does not say its own times")


def test_the_same_picture_on_two_visits_is_told_of_both(desk: Desk) -> None:
    """By whichever phone and in whichever order: the first is folded again; the later one is older than its visit."""
    office = desk.office
    phone = carrier(office)
    first = visit(office, phone, "R1")
    [upload] = name_files(office, phone, first, PICTURE)
    office.clock.advance(minutes=10)
    second = visit(office, phone, "R2")
    name_files(office, phone, second, PICTURE)
    browser = desk.sign_in("reviewer")
    waiting = browser.get(f"/visits/{second}")
    send(office, upload)
    told = [browser.get(f"/visits/{each}") for each in (first, second)]

    assert "0 of 1 verified" in waiting
    assert all("1 of 1 verified" in each for each in told)
    assert all("1 pictures of this visit stand at 1 other visits too" in each for each in told)
    assert [False, True] == ["taken or named before the visit began" in each for each in told]


def test_the_record_lists_each_file_and_exports_count_them(desk: Desk, tmp_path: Any) -> None:
    """The record to print has the whole hash of each; a table of visits how many there are and how many are here."""
    office = desk.office
    phone = carrier(office)
    visit_id = visit(office, phone, "R1")
    here, away = name_files(office, phone, visit_id, PICTURE, draw_picture("PNG"))
    send(office, here)
    record = desk.sign_in("auditor").get(f"/visits/{visit_id}/record")
    write_export(office.site, "visits", "csv", "full", tmp_path / "visits.csv")
    titles, row = (tmp_path / "visits.csv").read_text("utf-8-sig").splitlines()

    assert all(f"<code>{each.sha256}</code>" in record for each in (here, away))
    assert "1 of 2 verified" in record
    assert "files,files_verified" == titles[-len("files,files_verified") :]
    assert row.endswith(",2,1")


def test_an_added_file_outlives_the_sweep(desk: Desk) -> None:
    """What the office added leads somewhere: it is no orphan, however old it is."""
    office = desk.office
    visit_id = visit(office, carrier(office), "R1")
    add(desk.sign_in("reviewer"), visit_id, WEBM)
    office.clock.advance(days=400)
    sweep_files(office.site)

    assert office.site.blobs.find(sha256_of(WEBM)) is not None
