"""tus 1.0 as the server speaks it: core, creation with upload, checksum, expiration, termination."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from schemas.errors import FieldError
from server.rates import Turns
from server.services import filing
from server.services.filing import Claim
from server.storage import upload_parts
from tests.filing import FILES, Filer, Upload, checksum

PHOTO = b"\xff\xd8\xff\xe0" + b"a door, seen from the street " * 10_000
WEEK_MS = 7 * 86_400_000


def test_the_server_says_what_it_can(filer: Filer) -> None:
    """OPTIONS names version, extensions, hashes and the largest file; every answer names the version, refusals too."""
    told = filer.office.client.open(FILES, method="OPTIONS").headers
    refused = filer.office.client.open(f"{FILES}/x", method="HEAD", headers={"Tus-Resumable": "1.0.0"})

    assert ("1.0.0", "sha1,sha256") == (told["Tus-Version"], told["Tus-Checksum-Algorithm"])
    assert {"creation", "creation-with-upload", "checksum", "expiration", "termination"} == set(
        told["Tus-Extension"].split(",")
    )
    assert 4_000_000_000 == int(told["Tus-Max-Size"])
    assert (403, "1.0.0") == (refused.status_code, refused.headers["Tus-Resumable"])


def test_another_tus_is_refused(filer: Filer) -> None:
    """A client of another version is told which one is spoken here, and nothing is done."""
    upload = filer.want(PHOTO)
    refused = upload.create(PHOTO, Tus_Resumable="0.2.2")

    assert (412, "1.0.0") == (refused.status_code, refused.headers["Tus-Version"])
    assert 404 == upload.head().status_code


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_chunk_counts_only_with_its_hash(filer: Filer, algorithm: str) -> None:
    """A chunk with another hash than it was sent with leaves the upload as it was; with the right one it counts."""
    upload = filer.want(PHOTO)
    upload.create()
    wrong = upload.patch(0, PHOTO[:1000], Upload_Checksum=checksum(algorithm, b"other bytes"))
    before = upload.head().headers["Upload-Offset"]
    right = upload.patch(0, PHOTO[:1000], Upload_Checksum=checksum(algorithm, PHOTO[:1000]))
    rest = upload.patch(1000, PHOTO[1000:], Upload_Checksum=checksum(algorithm, PHOTO[1000:]))

    assert (460, "urn:fairvisit:problem:checksum-mismatch") == (wrong.status_code, wrong.json["type"])
    assert ("0", "1000") == (before, right.headers["Upload-Offset"])
    assert (204, "verified", PHOTO) == (rest.status_code, upload.state, upload.kept())


@pytest.mark.parametrize("told", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha256 not-base64", "sha1 "])
def test_a_hash_that_is_not_known_is_said(filer: Filer, told: str) -> None:
    """Another algorithm, or no hash at all: nothing is taken, and the answer says what is known."""
    upload = filer.want(PHOTO)
    upload.create()
    refused = upload.patch(0, PHOTO, Upload_Checksum=told)

    assert (400, "0") == (refused.status_code, upload.head().headers["Upload-Offset"])
    assert "sha1 or sha256" in refused.json["errors"]["Upload-Checksum"][0]


def test_what_came_is_kept_for_a_week_after_its_last_byte(filer: Filer) -> None:
    """Upload-Expires says until when; before it the rest is enough, after it the upload begins anew."""
    upload, clock = filer.want(PHOTO), filer.office.clock
    created = upload.create(PHOTO[:10])
    clock.advance(days=3)
    later = upload.patch(10, PHOTO[10:20])
    ends = [parsedate_to_datetime(each.headers["Upload-Expires"]).timestamp() for each in (created, later)]
    assert abs(ends[1] - (clock() + WEEK_MS) / 1000) < 1
    assert 259_200 == ends[1] - ends[0]
    clock.advance(days=6)
    fresh = Upload(filer, PHOTO, upload.sha256, filer.phone.exchange([])["push"]["files_wanted"][0]["token"])
    assert "20" == fresh.head().headers["Upload-Offset"]
    clock.advance(days=1, seconds=1)

    assert 404 == fresh.head().status_code
    assert (201, "0") == (fresh.create().status_code, fresh.head().headers["Upload-Offset"])
    assert "Upload-Expires" not in fresh.patch(0, PHOTO).headers
    assert PHOTO == fresh.kept()


def test_an_upload_that_is_given_up_is_forgotten(filer: Filer) -> None:
    """DELETE drops what came; the file is still wanted, and comes whole from the start."""
    upload = filer.want(PHOTO)
    upload.create(PHOTO[:1000])
    gone = upload.ask("DELETE", upload.path)

    assert (204, 404) == (gone.status_code, upload.head().status_code)
    assert 404 == upload.patch(1000, PHOTO[1000:]).status_code
    assert (201, "verified") == (upload.create(PHOTO).status_code, upload.state)
    assert (204, PHOTO) == (upload.ask("DELETE", upload.path).status_code, upload.kept())


def test_a_method_may_stand_in_a_header(filer: Filer) -> None:
    """Behind a proxy that knows no PATCH, a POST says what is meant."""
    upload = filer.want(PHOTO)
    upload.create()
    taken = upload.ask("POST", upload.path, PHOTO, Upload_Offset="0", X_HTTP_Method_Override="PATCH")
    head = upload.ask("POST", upload.path, X_HTTP_Method_Override="HEAD")
    other = upload.ask("POST", upload.path, X_HTTP_Method_Override="PUT")

    assert (204, str(len(PHOTO)), 405) == (taken.status_code, head.headers["Upload-Offset"], other.status_code)


def test_a_slow_client_holds_up_nobody(filer: Filer) -> None:
    """While one request's bytes dribble in, another goes on with the same upload; the slow one is told where it is."""
    upload = filer.want(PHOTO)
    upload.create()
    claim = Claim(filer.phone.device_id, upload.sha256, len(PHOTO))
    is_waiting, may_go_on = threading.Event(), threading.Event()
    said: list[str] = []

    def dribble() -> Iterator[bytes]:
        is_waiting.set()
        may_go_on.wait(20)
        yield PHOTO[:10]

    def send() -> None:
        try:
            filing.append_bytes(filer.office.site, claim, 0, dribble())
        except FieldError as error:
            said.append(error.code)

    slow = threading.Thread(target=send)
    slow.start()
    assert is_waiting.wait(20)
    quick = upload.patch(0, PHOTO[:1000])
    may_go_on.set()
    slow.join(20)

    assert (204, ["offset-conflict"]) == (quick.status_code, said)
    assert "1000" == upload.head().headers["Upload-Offset"]


def test_what_came_before_a_cut_stays(filer: Filer) -> None:
    """T2: of a chunk whose connection is cut, what came is kept; with a checksum, nothing of it is."""
    upload = filer.want(PHOTO)
    upload.create()

    class Cut:
        def __init__(self) -> None:
            self.pieces = [PHOTO[:70_000], PHOTO[70_000:80_000]]

        def read(self, size: int = -1) -> bytes:
            if not self.pieces:
                raise ConnectionError("cut")
            return self.pieces.pop(0)

    claim = Claim(filer.phone.device_id, upload.sha256, len(PHOTO))
    with pytest.raises(ConnectionError):
        filing.append_bytes(filer.office.site, claim, 0, filing.upload_parts.cut(Cut()))
    assert "80000" == upload.head().headers["Upload-Offset"]
    folder = filing.uploads_folder(filer.office.site)
    checked = filing.upload_parts.check(Cut(), "sha1", b"?" * 20, 10**6, folder)
    with pytest.raises(ConnectionError):
        filing.append_bytes(filer.office.site, claim, 80_000, checked)

    assert "80000" == upload.head().headers["Upload-Offset"]
    assert [upload.path.rpartition("/")[2]] == [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("dies_at", ["before it looks", "before it is kept", "before it is known"])
def test_a_server_that_dies_over_a_whole_part_looks_at_it_later(
    filer: Filer, dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last byte is durable, then the server dies: asked again, it verifies what it has; no byte is sent twice."""
    upload = filer.want(PHOTO)
    upload.create(PHOTO[:1000])

    def die(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as dying:
        if dies_at == "before it looks":
            dying.setattr(filing, "finish_part", die)
        elif dies_at == "before it is kept":
            dying.setattr(filer.office.site.blobs, "put", die)
        else:
            dying.setattr(filing, "_note_verified", die)
        assert 500 == upload.patch(1000, PHOTO[1000:]).status_code
    assert "wanted" == upload.state

    assert str(len(PHOTO)) == upload.head().headers["Upload-Offset"]
    assert ("verified", PHOTO) == (upload.state, upload.kept())
    assert [] == list(filing.uploads_folder(filer.office.site).iterdir())


def test_what_an_upload_costs_is_done_in_turns(filer: Filer) -> None:
    """To begin, to append each piece, and to verify take a turn each: exchanges have the time between them."""
    rests: list[float] = []
    filer.office.site.__dict__["turns"] = Turns(sleep=rests.append)
    upload = filer.want(PHOTO)
    upload.create(PHOTO[:1000])
    begun = len(rests)
    upload.patch(1000, PHOTO[1000:])

    assert (2, 4) == (begun, len(rests))


def test_a_part_is_found_again_by_its_name_once_bytes_of_it_are_durable(
    filer: Filer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T1: the folder is on the disk with the first bytes that stay a part; what is whole at once needs no part."""
    synced: list[str] = []
    monkeypatch.setattr(upload_parts, "sync_folder", lambda folder: synced.append(folder.name))
    part, whole = filer.want(PHOTO), filer.want(PHOTO + b"2")
    part.create(PHOTO[:1000])
    first = list(synced)
    part.patch(1000, PHOTO[1000:2000])
    whole.create(whole.content)

    assert (["uploads"], ["uploads"]) == (first, synced)
    assert "verified" == whole.state
