"""
Photos, signatures and sound on a phone, in a real Chromium with a fake microphone, against the real server: kept on the
phone, sent through a network that is cut, seen verified in the office, and gone after a wipe. Needs the built app
(`make pwa`).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect

from schemas.vocabulary import DirectiveKind
from server.app import open_site
from server.domain.roles import Role
from server.services.enrolling import issue_code
from server.services.revoking import order_device
from server.services.story import tell_visit
from server.settings import Settings
from server.storage import tables
from server.storage.migrating import migrate
from server.storage.portfolio_tables import import_run
from tests.browser.conftest import Served, find_chromium
from tests.browser.door import Phone
from tests.browser.look import FLAGS
from tests.browser.phone_look import MAKE, set_up, sign, take_photo, unlock
from tests.browser.test_phone_day import MATTER, SEES, assert_equal_accounts, kinds_of, plan_day, street
from tests.browser.test_phone_scan import KEEP_TRACKS
from tests.fault.proxy import Fault, Faults, faulty
from tests.processes import serving

# What is forbidden to one medium is forbidden; the other one is there so that the notice is given.
HOUSE = """
rulebook: RECORDING
version: "1"
kind: house
zone: place
title: A house that has a rule about recording
sources: {{product: {{law: product policy, url: "", seen: ""}}}}
rules:
- id: HOUSE-REC
  type: recording
  params: {{audio: {audio}, video: duty, notice: true, never: [minors]}}
  check: [door, review]
  severity: record
  on_unknown: block
  source: [product]
  confidence: policy
  status: policy
  agent: {{en: "Say that you record.", zh: "告知录音录像。"}}
  person: {{en: "You are told.", zh: "会告知您。"}}
"""
LENDER = "Zebra Savings Bank"
CHUNK = 256 * 1024
HERE = "Record sound here"
GO_INSIDE, AGREE_INSIDE = "We go inside: stop recording", "They agree to be recorded inside"
SECOND_CHUNK = 2
COUNT_ROWS = """() => new Promise((resolve, reject) => {
  const asked = indexedDB.open("fairvisit");
  asked.onerror = () => reject(asked.error);
  asked.onsuccess = async () => {
    const names = [...asked.result.objectStoreNames];
    const tx = asked.result.transaction(names);
    const counts = names.map((name) => new Promise((done) => {
      const counted = tx.objectStore(name).count(); counted.onsuccess = () => done([name, counted.result]); }));
    const all = Object.fromEntries(await Promise.all(counts));
    asked.result.close();
    resolve(all);
  };
})"""


class Cut(Faults):
    """A network that is cut in the middle of the second large piece, and gone until it is mended."""

    pieces = 0
    is_mended = False

    def draw(self, size: int) -> Fault:
        """Cut that request, and refuse the later ones."""
        self.pieces += size > CHUNK // 2
        if self.is_mended or self.pieces < SECOND_CHUNK:
            return Fault.NONE
        return Fault.CUT_BEFORE if self.is_cut else Fault.CUT_DURING

    @property
    def is_cut(self) -> bool:
        """Say whether that piece was cut."""
        return Fault.CUT_DURING.value in {fault for _, fault in self.log}


@pytest.fixture
def hearing(chromium: Browser) -> Iterator[Browser]:
    """A Chromium with a microphone that hears a tone."""
    browser = chromium.browser_type.launch(executable_path=find_chromium(), args=[*FLAGS, *SEES])
    yield browser
    browser.close()


@contextmanager
def served_where(browser: Browser, folder: Path, audio: str) -> Iterator[Served]:
    """An office, served, whose house says this about recording sound."""
    house = folder / "house.yaml"
    house.write_text(HOUSE.format(audio=audio), "utf-8")
    url, files = f"sqlite:///{folder / 'fairvisit.db'}", folder / "files"
    migrate(url)
    site = open_site(Settings(database_url=url, folder=str(files), house_rulebook=str(house)))
    now_ms = site.now()
    ledger = {"kind": "ledger", "lender": LENDER, "file_name": "l.csv", "file_sha256": "0" * 64, "state": "finished"}
    ledger |= {"line": 0, "counts": {}, "started_ms": now_ms, "updated_ms": now_ms}  # nothing is known to be paid
    site.store.write(
        lambda connection: connection.execute(import_run.insert().values(id=site.new_id(), **ledger)) and None
    )
    settings = {"FAIRVISIT_HOUSE_RULEBOOK": str(house), "FAIRVISIT_RECONCILE_EVERY_MS": "100"}
    with serving(url, files, environ=settings) as (address, _):
        yield Served(address, site, browser, folder)
    site.store.close()


def at_the_door(served: Served, browser: Browser, address: str, answer: str = "They agree") -> tuple[Phone, str]:
    """A phone at its one case's door, the card shown and the recording notice answered; the case's id."""
    [case_id] = plan_day(served, 1)
    phone = Phone(browser, address)
    set_up(phone.page, issue_code(served.site, "a1", by="test"))
    phone.arrive(street(1))
    phone.show_card()
    phone.expect_step("Recording notice")
    phone.press(answer)
    phone.expect_step("Who is at the door?")
    return phone, case_id


def photograph(page: Page, photo: bytes) -> None:
    """Take a photo: what the camera app hands back; wait until it is said to be saved."""
    taken = {"name": "IMG_20261126.jpg", "mimeType": "image/jpeg", "buffer": photo}
    page.locator(".camera input").set_input_files(taken)
    expect(page.get_by_text("Saved on this phone.")).to_be_visible()


def follow_uploads(page: Page) -> dict[str, dict[int, bytes]]:
    """Keep what goes up, by the file's hash and the place in it."""
    sent: dict[str, dict[int, bytes]] = {}

    def keep(request: Request) -> None:
        if "/sync/v1/files" in request.url and request.method in {"POST", "PATCH"}:
            sha256 = request.headers["authorization"].split(".")[1]
            at = int(request.headers.get("upload-offset", "0"))
            sent.setdefault(sha256, {})[at] = request.post_data_buffer or b""

    page.on("request", keep)
    return sent


def join(pieces: dict[int, bytes]) -> bytes:
    """Put the pieces of a file together; a cut one was sent again from somewhere within it."""
    whole = bytearray()
    for at, piece in sorted(pieces.items()):
        whole[at:] = piece
    return bytes(whole)


def wanted(served: Served) -> list[Any]:
    """Give what the office knows of the files that were named."""
    with served.site.store.read() as connection:
        return list(connection.execute(tables.wanted_file.select().order_by(tables.wanted_file.c.role)).all())


def test_files_of_a_visit_arrive_whole_through_a_cut_network(hearing: Browser, tmp_path: Path) -> None:
    """Photo, signature and sound are kept, go up after the records, are cut, killed, resumed, confirmed, and wiped."""
    with served_where(hearing, tmp_path, "only_with_consent") as served:
        where = urlsplit(served.url)
        with faulty((where.hostname or "", where.port or 0), Cut()) as network:
            phone, case_id = at_the_door(served, hearing, network.url)
            sent = follow_uploads(phone.page)
            phone.context.set_offline(True)
            phone.page.evaluate(KEEP_TRACKS)
            phone.press(HERE)
            expect(phone.page.get_by_text("Recording: sound")).to_be_visible()
            phone.meet()
            phone.ask_facts("1974", "71")
            phone.tell(MATTER[0])
            photograph(phone.page, take_photo(2000, 1500))
            phone.page.get_by_role("link", name="Signature").click()
            sign(phone.page)
            phone.press("Save")
            phone.tell(*MATTER[1:])
            phone.press("No hardship")
            phone.note_outcome("Refuses")
            phone.answer_payment()
            phone.page.wait_for_timeout(4_500)  # a piece of sound is kept every 4 s
            phone.end()
            assert ["ended"] == phone.page.evaluate("tracks.map(track => track.readyState)")
            phone.go("sending")
            expect(phone.page.get_by_text("3 photos or recordings wait on this phone")).to_be_visible()
            phone.context.set_offline(False)
            expect(phone.page.get_by_text("Everything else recorded on this phone was received")).to_be_visible()
            phone.go("record")
            phone.page.locator(".stops a").click()
            expect(phone.page.locator(".thumbs")).to_contain_text("being sent")
            faults = network.faults
            assert isinstance(faults, Cut)
            for _ in range(400):  # a busy machine is slow to send the second piece
                phone.page.wait_for_timeout(0 if faults.is_cut else 50)
            assert faults.is_cut
            phone.kill()
            faults.is_mended, told = True, len(faults.log)
            phone.send_all()
            again = [request for request, _ in faults.log[told:] if "/sync/v1/files" in request]
            assert again[0].startswith("HEAD")  # what the server has is asked, not sent again

            rows = wanted(served)
            assert ["audio", "photo", "signature"] == [row.role for row in rows]
            assert {"verified"} == {row.state for row in rows}
            contents = {row.role: join(sent[row.sha256]) for row in rows}
            for row in rows:
                assert (row.size, row.sha256) == (
                    len(contents[row.role]),
                    hashlib.sha256(contents[row.role]).hexdigest(),
                )
            assert_bare(contents["photo"])
            assert contents["signature"].startswith(b"\x89PNG")
            assert contents["audio"].startswith(b"\x1aE\xdf\xa3")
            story = tell_visit(served.site, rows[0].visit_id)
            times = {each["role"]: (each["starts"], each["ends"]) for each in story["files"]}
            assert times["audio"][0] < times["photo"][0] < times["signature"][0] < times["audio"][1]  # T4
            kinds = kinds_of(served, case_id)
            assert [2, 3] == [kinds.count(kind) for kind in ("recording_changed", "files_attached")]
            assert_equal_accounts(served, phone)
            assert 0 == phone.page.evaluate(COUNT_ROWS)["piece"]

            assert_seen_in_office(served, rows[0].visit_id)
            assert_wiped(served, phone)
            phone.context.close()


def assert_seen_in_office(served: Served, visit_id: str) -> None:
    """A reviewer finds the visit's three files verified, sees both pictures drawn, and is handed a player."""
    page = served.sign_in("rae", Role.REVIEWER)
    page.goto(f"{served.url}/office/visits/{visit_id}")
    expect(page.get_by_text("3 of 3 verified")).to_be_visible()
    shown = []
    for number in range(3):
        page.locator("a[href*='/files/']").nth(number).click()
        evidence = page.locator(".evidence")
        expect(evidence).to_be_visible()
        shown.append(evidence.evaluate("shown => shown.tagName"))
        if shown[-1] == "IMG":
            page.wait_for_function("document.querySelector('.evidence').naturalWidth > 0")
        page.go_back()

    assert ["AUDIO", "IMG", "IMG"] == sorted(shown)


def assert_bare(photo: bytes) -> None:
    """The photo is of a set size, upright, with the mark on it; nothing of what the camera wrote beside it is left."""
    for mark in (b"Exif", b"GPS", MAKE.encode(), b"X-1"):
        assert mark not in photo
    picture = Image.open(io.BytesIO(photo))
    assert ("JPEG", (1200, 1600), {}) == (picture.format, picture.size, dict(picture.getexif()))
    band = picture.convert("L").crop((0, 1570, 1200, 1590))
    darkest, lightest = band.getextrema()
    assert (darkest, lightest) < (40, 256)
    assert lightest > 200
    assert sum(band.histogram()[:40]) > 0.5 * 1200 * 20


def assert_wiped(served: Served, phone: Phone) -> None:
    """Something new waits; the office orders a wipe; nothing of it is on the phone afterwards."""
    phone.go("")
    phone.page.locator(".stops").get_by_role("link", name=street(1)).click()
    phone.press("Start another visit")
    phone.page.wait_for_selector(".state.good")
    phone.press("I am here")
    photograph(phone.page, take_photo())
    before = phone.page.evaluate(COUNT_ROWS)
    [device_id] = {row.device_id for row in wanted(served)}
    order_device(served.site, device_id, DirectiveKind.WIPE_NOW, by="test")
    phone.context.set_offline(True)
    phone.context.set_offline(False)  # the phone hears that there is a network again
    expect(phone.page.get_by_text("This phone was cleared.")).to_be_visible(timeout=20_000)
    after = phone.page.evaluate(COUNT_ROWS)

    assert before["piece"] > 0
    assert {"memory"} == {name for name, count in after.items() if count}


@pytest.mark.parametrize(
    ("audio", "answer", "is_offered"),
    [
        ("duty", "They agree", True), ("only_with_consent", "They agree", True),
        ("only_with_consent", "They refuse", False), ("forbidden", "They agree", False),
    ],
)  # fmt: skip
def test_sound_is_offered_only_where_it_is_allowed(
    hearing: Browser, tmp_path: Path, audio: str, answer: str, is_offered: bool
) -> None:
    """A duty, or consent that was given: else there is nothing to touch."""
    with served_where(hearing, tmp_path, audio) as served:
        phone, _ = at_the_door(served, hearing, served.url, answer)

        expect(phone.page.get_by_role("button", name="Video: other recorder…")).to_have_count(1)
        expect(phone.page.get_by_role("button", name=HERE)).to_have_count(int(is_offered))
        phone.context.close()


def test_a_recorder_that_is_worn_is_named_by_its_number(hearing: Browser, tmp_path: Path) -> None:
    """The number is asked for once; the office gets medium, source and number."""
    with served_where(hearing, tmp_path, "forbidden") as served:
        phone, _ = at_the_door(served, hearing, served.url)
        phone.press("Video: other recorder…")
        phone.page.get_by_label("Number on the recorder").fill("BR-0042")
        phone.press("It records now")
        expect(phone.page.get_by_text("Recording: video")).to_be_visible()
        phone.meet("Nobody")
        phone.note_outcome("Nobody")
        phone.end()
        phone.send_all()

        with served.site.store.read() as connection:
            chosen = tables.event.select().where(tables.event.c.kind == "recording_changed")
            [row] = connection.execute(chosen).all()
        for told in ('"medium":"video"', '"source":"body_recorder"', '"serial":"BR-0042"', '"state":"started"'):
            assert told in text_of(row)
        phone.context.close()


def text_of(row: Any) -> str:
    """Give an event's canonical text."""
    content = row.content
    return content.decode() if isinstance(content, bytes) else str(content)


def test_sound_stops_at_a_halt_and_when_the_page_is_killed(hearing: Browser, tmp_path: Path) -> None:
    """Killed: what was kept is named and recording is offered again. Halted: the microphone is let go at once."""
    with served_where(hearing, tmp_path, "duty") as served:
        phone, case_id = at_the_door(served, hearing, served.url)
        phone.press(HERE)
        expect(phone.page.get_by_text("Recording: sound")).to_be_visible()
        phone.page.wait_for_timeout(4_500)
        phone.kill()
        expect(phone.page.locator(".thumbs")).to_contain_text("Sound recording")
        phone.page.evaluate(KEEP_TRACKS)
        phone.press(HERE)
        expect(phone.page.get_by_text("Recording: sound")).to_be_visible()
        phone.halt("Illness")
        assert ["ended"] == phone.page.evaluate("tracks.map(track => track.readyState)")
        phone.end()
        phone.send_all()

        kinds = [kind for kind in kinds_of(served, case_id) if kind in {"recording_changed", "hold_placed"}]
        assert ["recording_changed"] * 3 == kinds[:3]
        assert {"recording_changed": 4, "hold_placed": 1} == {kind: kinds.count(kind) for kind in set(kinds)}
        assert [("audio", "verified")] * 2 == [(row.role, row.state) for row in wanted(served)]
        phone.context.close()


def test_recording_stops_before_going_inside_until_they_agree_there(hearing: Browser, tmp_path: Path) -> None:
    """One touch stops what runs, whatever it is; killed and opened again, nothing is offered until they agree."""
    with served_where(hearing, tmp_path, "duty") as served:
        phone, case_id = at_the_door(served, hearing, served.url)
        page, worn = phone.page, "Video: other recorder…"
        offers = page.get_by_role("button", name=re.compile(f"^({HERE}|{worn})$"))
        page.evaluate(KEEP_TRACKS)
        phone.press(HERE)
        expect(page.get_by_text("Recording: sound")).to_be_visible()
        page.wait_for_timeout(2_000)  # of a shorter sound the browser may give no bytes at all
        phone.press(GO_INSIDE)
        expect(page.get_by_text("Recording was stopped before going inside.")).to_be_visible()
        assert ["ended"] == page.evaluate("tracks.map(track => track.readyState)")
        expect(offers).to_have_count(0)
        phone.kill()
        expect(page.get_by_text("Recording was stopped before going inside.")).to_be_visible()
        expect(offers).to_have_count(0)
        phone.press(AGREE_INSIDE)
        expect(offers).to_have_count(2)
        phone.press(worn)
        phone.press("It records now")
        expect(page.get_by_text("Recording: video")).to_be_visible()
        phone.press(GO_INSIDE)
        expect(page.get_by_role("button", name=AGREE_INSIDE)).to_be_visible()
        expect(offers).to_have_count(0)
        phone.meet("Nobody")
        phone.note_outcome("Nobody")
        phone.end()
        phone.send_all()

        assert [
            ("step_done", "given", None), ("recording_changed", "started", None),
            ("recording_changed", "stopped", "entering home"), ("step_done", "given", None),
            ("recording_changed", "started", None), ("recording_changed", "stopped", "entering home"),
        ] == recording_acts(served, case_id)  # fmt: skip
        assert [("audio", "verified")] == [(row.role, row.state) for row in wanted(served)]
        phone.context.close()


def recording_acts(served: Served, case_id: str) -> list[tuple[str, str, str | None]]:
    """Give what was said of recording at a case's door, in order: kind, state or answer, reason."""
    with served.site.store.read() as connection:
        chosen = tables.event.select().where(tables.event.c.case_id == case_id)
        events = [json.loads(text_of(row)) for row in connection.execute(chosen.order_by(tables.event.c.pos)).all()]
    acts = [(each["kind"], each["body"]) for each in events]
    return [
        (kind, body.get("state") or body["response"], body.get("reason"))
        for kind, body in acts
        if kind == "recording_changed" or body.get("step") == "recording_notice"
    ]


def test_files_wait_for_wifi_and_for_room(served: Served) -> None:
    """By Wi-Fi only: records go, files wait. Without room no photo is taken, and the sentence says what to do."""
    plan_day(served, 1)
    phone = Phone(
        served.chromium, served.url,
        "Object.defineProperty(navigator, 'connection', { value: { type: 'cellular' }, configurable: true });",
    )  # fmt: skip
    page = phone.page
    set_up(page, issue_code(served.site, "a1", by="test"))
    phone.go("settings")
    page.get_by_text("By Wi-Fi only").click()
    phone.go("")
    phone.arrive(street(1))
    photograph(page, take_photo())
    page.evaluate("""() => { navigator.storage.estimate = async () => ({ quota: 50e6, usage: 20e6 }); }""")
    page.locator(".camera input").set_input_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": take_photo()})
    expect(page.get_by_role("alert")).to_contain_text("No more photos or recordings until there is room")
    phone.show_card()
    phone.meet("Nobody")
    phone.note_outcome("Nobody")
    phone.end()
    phone.go("sending")
    expect(page.get_by_text("Everything else recorded on this phone was received")).to_be_visible(timeout=20_000)
    phone.go("record")
    page.locator(".stops a").click()
    expect(page.locator(".thumbs li")).to_have_count(1)
    expect(page.locator(".thumbs")).to_contain_text("waits for Wi-Fi")
    assert ["wanted"] == [row.state for row in wanted(served)]

    page.evaluate("() => { navigator.connection.type = 'wifi'; }")
    phone.send_all()
    assert ["verified"] == [row.state for row in wanted(served)]
    page.reload()
    unlock(page)
    phone.go("record")
    page.locator(".stops a").click()
    expect(page.locator(".thumbs")).to_contain_text("the office has it")
    phone.context.close()
