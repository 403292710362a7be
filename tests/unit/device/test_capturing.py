"""Photos, signatures and recordings: durable before their event, made anew, taken only as the packet allows."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from agent_sync import Device, capturing, pictures, store_files
from schemas import canonical
from schemas.errors import FieldError
from tests.recordings import a_wav, an_mp4
from tests.unit.device.builders import CASE, OTHER_CASE, VISIT, joined, start

GPS = 0x8825
BEGAN_S = 1_779_999_600  # 2026-05-29T04:20:00+08:00, some minutes before the device's clock
SECRET = b"37.7749N-secret-place"


def a_photo(path: Path, size: tuple[int, int] = (3000, 2000), form: str = "JPEG") -> Path:
    """Write a photo as a phone does: turned by EXIF, with place, maker, XMP, a comment, and bytes behind its end."""
    image = Image.new("RGB", size, "green")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1] // 2), fill="red")  # what is upper left before turning
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, SECRET.decode()
    exif.get_ifd(GPS)[1], exif.get_ifd(GPS)[2] = "N", (37.0, 46.0, 29.0)
    options: dict[str, Any] = {"exif": exif}
    if form == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("place", SECRET.decode())
    elif form == "JPEG":
        options |= {"comment": SECRET, "xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>", "icc_profile": SECRET * 10}
    image.save(path, form, **options)
    path.write_bytes(path.read_bytes() + SECRET)
    return path


def files_of(device: Device) -> list[dict[str, Any]]:
    """Give what the last event names, with its body."""
    content = orjson.loads(device.store.value("SELECT content FROM event ORDER BY n DESC LIMIT 1"))
    return [{"body": content["body"], **each} for each in content["files"]]


def kept(device: Device) -> tuple[dict[str, Any], bytes]:
    """Give the last event's one file, and the bytes that are kept of it."""
    (named,) = files_of(device)
    content = (device.store.files / named["sha256"]).read_bytes()
    assert (canonical.digest(content), len(content)) == (named["sha256"], named["size"])
    return named, content


class TestPhoto:
    """`attach_photo`."""

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    def test_a_photo_keeps_its_picture_and_nothing_else(self, tmp_path: Path, form: str) -> None:
        """Scaled, upright, a JPEG without place, maker, comment, profile or what was appended."""
        _, device, _ = joined(tmp_path)
        start(device)
        device.attach_photo(VISIT, a_photo(tmp_path / "photo", form=form))
        named, content = kept(device)
        with Image.open(io.BytesIO(content)) as image:
            assert ("JPEG", (1067, 1600)) == (image.format, image.size)
            assert {} == dict(image.getexif())
            assert {"jfif", "jfif_version", "jfif_unit", "jfif_density"} >= set(image.info)
            seen = image.convert("RGB")
        assert ("image/jpeg", "photo") == (named["media_type"], named["role"])
        for secret in (SECRET, b"Exif", b"xmp", b"GPS"):
            assert secret not in content
        red, green = seen.getpixel((900, 200)), seen.getpixel((200, 200))  # turned by 90° to the right
        assert isinstance(red, tuple)
        assert isinstance(green, tuple)
        assert red[0] > 200 > 60 > red[1]
        assert green[1] > 100 > 60 > green[0]

    def test_the_time_and_the_case_are_drawn_on(self, tmp_path: Path) -> None:
        """Another second or another case is another picture, in the foot alone; the same is the same."""
        photo = a_photo(tmp_path / "photo", (400, 300))
        one, same, other = (pictures.prepare_photo(photo, mark, 1600) for mark in ("10:00 case 1", "10:00 case 1", "2"))
        assert one == same != other
        differ = [_column(one, y) != _column(other, y) for y in range(400)]
        assert any(differ[-14:])
        assert not any(differ[:370])

    def test_the_mark_is_the_visits(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Local time to the second with its offset, and the end of the case's id."""
        _, device, _ = joined(tmp_path)
        start(device)
        marks: list[str] = []

        def prepare(source: Path, mark: str, longest: int) -> bytes:
            marks.append(mark)
            return b"a picture"

        monkeypatch.setattr(pictures, "prepare_photo", prepare)
        device.attach_photo(CASE[-8:], a_photo(tmp_path / "photo", (8, 8)))
        assert [f"2026-05-29 04:26:40 +08:00  case {CASE[-8:]}"] == marks

    @pytest.mark.parametrize(
        ("taken", "zone", "wanted"),
        [
            ("2026:05:29 04:20:00", "", "2026-05-29T04:20:00.000+08:00"),
            ("2026:05:28 15:20:00", "-05:00", "2026-05-29T04:20:00.000+08:00"),
            ("2026:05:29 04:20:00", "   :  ", "2026-05-29T04:20:00.000+08:00"),
            ("0000:00:00 00:00:00", "", None),
            ("2026:02:31 04:20:00", "", None),
            ("", "", None),
        ],
    )
    def test_a_photo_says_when_it_was_taken(self, tmp_path: Path, taken: str, zone: str, wanted: str | None) -> None:
        """T4: as its camera wrote, in its zone or this device's; what is no moment is not said. The bytes lose it."""
        _, device, _ = joined(tmp_path)
        start(device)
        exif = Image.Exif()
        exif.get_ifd(pictures.EXIF)[pictures.TAKEN], exif.get_ifd(pictures.EXIF)[pictures.TAKEN_ZONE] = taken, zone
        Image.new("RGB", (64, 64)).save(tmp_path / "p.jpg", exif=exif)
        device.attach_photo(VISIT, tmp_path / "p.jpg")
        named, content = kept(device)
        assert (wanted, None) == (named.get("starts"), named.get("ends"))
        assert b"Exif" not in content

    def test_the_size_is_a_setting_and_small_photos_stay(self, tmp_path: Path) -> None:
        """`photo_side` is the longest side; nothing is blown up."""
        _, device, _ = joined(tmp_path)
        start(device)
        device.photo_side = 320
        for size, wanted in (((640, 480), (240, 320)), ((100, 60), (60, 100))):
            device.attach_photo(VISIT, a_photo(tmp_path / "photo", size))
            assert wanted == Image.open(io.BytesIO(kept(device)[1])).size

    @pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut", b"<svg xmlns=''/>", b"GIF89a"])
    def test_what_is_no_photo_is_refused_and_nothing_is_saved(self, tmp_path: Path, content: bytes) -> None:
        """The sentence names the file; no event, no copy."""
        _, device, _ = joined(tmp_path)
        start(device)
        (tmp_path / "photo").write_bytes(content)
        before = device.status().unsent
        with pytest.raises(FieldError) as caught:
            device.attach_photo(VISIT, tmp_path / "photo")
        assert "cannot be read as a picture" in str(caught.value.fields)
        assert (before, []) == (device.status().unsent, list(device.store.files.iterdir()))

    def test_a_photo_cut_short_is_refused(self, tmp_path: Path) -> None:
        """Half a picture is none."""
        photo = a_photo(tmp_path / "photo", (600, 400))
        photo.write_bytes(photo.read_bytes()[:2500])
        with pytest.raises(FieldError):
            pictures.prepare_photo(photo, "", 1600)

    def test_a_bomb_is_refused_before_it_is_opened(self, tmp_path: Path) -> None:
        """A small file of very many pixels fills no memory."""
        Image.new("1", (20_000, 20_000)).save(tmp_path / "photo", "PNG")
        assert (tmp_path / "photo").stat().st_size < 100_000
        with pytest.raises(FieldError) as caught:
            pictures.prepare_photo(tmp_path / "photo", "", 1600)
        assert "too many pixels" in str(caught.value.fields)

    def test_without_pillow_the_sentence_says_what_to_install(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Pillow is of the device's extra, and everything else works without it."""
        monkeypatch.setitem(__import__("sys").modules, "PIL", None)
        with pytest.raises(FieldError, match=r"fairvisit\[device\]"):
            pictures.prepare_photo(tmp_path / "photo", "", 1600)

    def test_the_bytes_are_on_the_disk_before_the_event(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An event that cannot be saved leaves bytes that nobody names, never the other way round."""
        _, device, _ = joined(tmp_path)
        start(device)
        order: list[str] = []
        settle, execute = device.store.settle_file, device.store.transaction

        def settled(part: Path, path: Path) -> None:
            settle(part, path)
            order.append("file")

        def began() -> Any:
            order.append("event")
            return execute()

        monkeypatch.setattr(device.store, "settle_file", settled)
        monkeypatch.setattr(device.store, "transaction", began)
        device.attach_photo(VISIT, a_photo(tmp_path / "photo", (64, 64)))
        assert ["file", "event"] == order


def _column(content: bytes, y: int) -> list[Any]:
    """Give a row of pixels of a JPEG."""
    image = Image.open(io.BytesIO(content))
    return [image.getpixel((x, y)) for x in range(0, image.width, 3)]


class TestSignature:
    """`attach_signature`."""

    def test_a_png_is_made_anew_in_black_and_white(self, tmp_path: Path) -> None:
        """What is not drawn is white; what the file said beside is gone."""
        _, device, _ = joined(tmp_path)
        start(device)
        image = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
        ImageDraw.Draw(image).line((10, 50, 290, 50), fill=(0, 0, 80, 255), width=4)
        told = PngImagePlugin.PngInfo()
        told.add_text("place", SECRET.decode())
        image.save(tmp_path / "s.png", pnginfo=told)
        device.attach_signature(VISIT, tmp_path / "s.png")
        named, content = kept(device)
        seen = Image.open(io.BytesIO(content))
        assert ("PNG", "L", (300, 100), {}) == (seen.format, seen.mode, seen.size, seen.info)
        assert (255, True) == (seen.getpixel((5, 5)), int(str(seen.getpixel((150, 50)))) < 60)
        assert ("image/png", "signature") == (named["media_type"], named["role"])
        assert SECRET not in content

    def test_the_strokes_of_an_svg_are_drawn(self, tmp_path: Path) -> None:
        """Lines, absolute and relative, as a pad saves them; nothing else in the file is looked at."""
        (tmp_path / "s.svg").write_text(
            '<svg onload="alert(1)"><script>alert(2)</script>'
            '<path fill="none" d="M10,10 L 20 10 l0 5m5-5l1e1,.5"/></svg>'
        )
        assert [[(10, 10), (20, 10), (20, 15)], [(25, 10), (35, 10.5)]] == pictures.read_strokes(tmp_path / "s.svg")
        content = pictures.prepare_signature(tmp_path / "s.svg")
        seen = Image.open(io.BytesIO(content))
        assert ("PNG", 600) == (seen.format, max(seen.size))
        assert 0 < sum(seen.histogram()[:128]) < seen.width * seen.height // 5
        assert b"alert" not in content

    @pytest.mark.parametrize("path", ["", "M1 1", "M0 0 C 1 2 3 4 5 6", "M0 0 L 5", "L", "M a b"])
    def test_other_curves_are_refused_with_a_way_out(self, tmp_path: Path, path: str) -> None:
        """The person is told to save a PNG."""
        (tmp_path / "s.svg").write_text(f"<svg><path d='{path}'/></svg>")
        with pytest.raises(FieldError) as caught:
            pictures.prepare_signature(tmp_path / "s.svg")
        assert "PNG" in str(caught.value.fields)


class TestRecording:
    """`attach_recording`: what a body recorder or a phone recorded, by the packet's limits."""

    def recorded(self, tmp_path: Path, name: str = "door.mp3", **limits: Any) -> tuple[Device, Path]:
        """Give a device at an open visit under these recording limits, and a recording."""
        _, device, _ = joined(tmp_path, recording=limits)
        start(device)
        (tmp_path / name).write_bytes(os.urandom(3 * store_files.CHUNK // 2))
        return device, tmp_path / name

    def test_a_body_recorders_file_names_its_source_and_serial(self, tmp_path: Path) -> None:
        """As `recording_changed` noted them at the door, of this medium; hashed while it is copied, unchanged."""
        device, path = self.recorded(tmp_path, "v.mp4", video="duty")
        noted = {"state": "started", "medium": "video", "source": "body recorder", "serial": "BR-7"}
        device.record("recording_changed", CASE, VISIT, noted)
        device.record("recording_changed", CASE, VISIT, {"state": "started", "medium": "audio", "serial": "other"})
        device.record("recording_changed", CASE, VISIT, {"state": "stopped", "medium": "video"})
        device.record("visit_ended", CASE, VISIT, {"reason": "completed"})
        recorded = device.attach_recording(VISIT, path)
        named, content = kept(device)
        assert path.read_bytes() == content
        assert {"source": "body recorder", "serial": "BR-7"} == named["body"]
        assert ("video/mp4", "recording", ()) == (named["media_type"], named["role"], recorded.warnings)

    @pytest.mark.parametrize(
        ("duty", "answer", "rule"),
        [
            ("forbidden", "given", "recording-forbidden"),
            ("only_with_consent", None, "recording-consent"),
            ("only_with_consent", "refused", "recording-consent"),
            ("only_with_consent", "given", ""),
            ("duty", None, ""),
        ],
    )
    def test_audio_is_taken_by_the_packets_limits_only(
        self, tmp_path: Path, duty: str, answer: str | None, rule: str
    ) -> None:
        """A ban or a missing consent refuses it with the rule and what to do, before a byte is copied."""
        device, path = self.recorded(tmp_path, audio=duty)
        if answer is not None:
            step = {"step": "recording_notice", "text_version": "1", "response": answer}
            device.record("step_done", CASE, VISIT, step)
        if not rule:
            device.attach_recording(VISIT, path)
            assert "audio/mpeg" == kept(device)[0]["media_type"]
            return
        for take in (
            lambda: device.attach_recording(VISIT, path),
            lambda: device.record("files_attached", CASE, VISIT, {}, [{"path": str(path)}]),
        ):
            with pytest.raises(FieldError) as caught:
                take()
            assert ("conflict", rule) == (caught.value.code, caught.value.extra["rule"])
            assert "Delete the recording" in caught.value.detail
        assert [] == list(device.store.files.iterdir())

    def test_a_recording_whose_start_was_not_noted_is_warned_about(self, tmp_path: Path) -> None:
        """It is a fact all the same."""
        device, path = self.recorded(tmp_path)
        assert ("No start of audio was recorded at this visit.",) == device.attach_recording(VISIT, path).warnings

    @pytest.mark.parametrize("name", ["photo.jpg", "note", "page.html"])
    def test_what_is_no_recording_is_refused(self, tmp_path: Path, name: str) -> None:
        """By its name; the sentence names what to use."""
        device, path = self.recorded(tmp_path, name)
        with pytest.raises(FieldError) as caught:
            device.attach_recording(VISIT, path)
        assert "agent-sync photo" in str(caught.value.fields)

    def test_a_visit_that_is_not_this_devices_is_named(self, tmp_path: Path) -> None:
        """Nothing is attached to nothing."""
        device, path = self.recorded(tmp_path)
        with pytest.raises(FieldError, match="no visit of this device"):
            device.attach_recording(OTHER_CASE, path)

    @pytest.mark.parametrize(
        ("content", "said", "wanted"),
        [
            pytest.param(an_mp4(BEGAN_S, 90_500), {}, ("04:20:00.000", "04:21:30.500"), id="its own"),
            pytest.param(
                an_mp4(BEGAN_S, 90_500),
                {"starts": "2026-05-29 05:00"},
                ("05:00:00.000", "05:01:30.500"),
                id="put right",
            ),
            pytest.param(
                an_mp4(BEGAN_S, 90_500), {"ends": "2026-05-29T05:00+08:00"}, ("04:58:29.500", "05:00:00.000"), id="end"
            ),
            pytest.param(a_wav(1500), {"starts": "2026-05-28T21:00:00Z"}, ("05:00:00.000", "05:00:01.500"), id="wav"),
            pytest.param(a_wav(1500), {}, ("", ""), id="nothing to begin from"),
            pytest.param(b"a film", {"starts": "2026-05-29 05:00"}, ("05:00:00.000", ""), id="no end"),
            pytest.param(b"a film", {}, ("", ""), id="none"),
        ],
    )
    def test_a_recording_carries_its_own_times(
        self, tmp_path: Path, content: bytes, said: dict[str, str], wanted: tuple[str, str]
    ) -> None:
        """T4: as the file says them, and before that as the person does, in this device's zone; else none is named."""
        device, path = self.recorded(tmp_path, "v.mp4")
        path.write_bytes(content)
        device.attach_recording(VISIT, path, **said)
        named, bytes_kept = kept(device)
        walls = {
            name: f"2026-05-29T{clock}+08:00" for name, clock in zip(("starts", "ends"), wanted, strict=True) if clock
        }
        assert content == bytes_kept
        assert walls == {name: named[name] for name in ("starts", "ends") if name in named}

    def test_a_recording_of_another_time_is_warned_about(self, tmp_path: Path) -> None:
        """T4: the agent hears at once what the office would find; one that touches the visit or says none is well."""
        _, device, clock = joined(tmp_path)
        begins_ms = clock.reading.wall_ms
        start(device)
        clock.advance(600_000)
        device.record("visit_ended", CASE, VISIT, {"reason": "completed"})
        clock.advance(600_000)
        warned = {}
        for since_s, length_s in ((-100, 99), (-100, 101), (599, 9), (601, 9), (0, None)):
            path = tmp_path / "v.mp4"
            path.write_bytes(an_mp4(begins_ms // 1000 + since_s, length_s * 1000) if length_s else b"a film")
            warned[since_s, length_s] = capturing.OF_ANOTHER_TIME in device.attach_recording(VISIT, path).warnings
        assert [True, False, False, True, False] == list(warned.values())

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"starts": "yesterday"}, "starts"),
            ({"ends": "25:00"}, "ends"),
            ({"starts": "2026-05-29 05:00", "ends": "2026-05-29 04:00"}, "ends"),
        ],
    )
    def test_times_that_cannot_be_are_refused_and_nothing_is_kept(
        self, tmp_path: Path, said: dict[str, str], field: str
    ) -> None:
        """The sentence stands at what is wrong."""
        device, path = self.recorded(tmp_path)
        with pytest.raises(FieldError) as caught:
            device.attach_recording(VISIT, path, **said)
        assert [field] == list(caught.value.fields)
        assert [] == list(device.store.files.iterdir())

    def test_a_file_of_any_event_carries_its_times(self, tmp_path: Path) -> None:
        """T4: `record` takes them beside the path, and asks each file."""
        device, path = self.recorded(tmp_path, "v.mp4")
        path.write_bytes(an_mp4(BEGAN_S, 1000))
        (tmp_path / "a.wav").write_bytes(a_wav(2000))
        said = {"path": str(tmp_path / "a.wav"), "starts": "2026-05-29T04:20:00"}
        device.record("files_attached", CASE, VISIT, {}, [{"path": str(path)}, said])
        assert ["2026-05-29T04:20:01.000+08:00", "2026-05-29T04:20:02.000+08:00"] == [
            each["ends"] for each in files_of(device)
        ]


class TestRoom:
    """The disk is nearly full."""

    def test_files_are_refused_in_time_and_records_never(self, tmp_path: Path) -> None:
        """Below the floor no photo and no recording is taken, and the sentence says so; events are saved as ever."""
        _, device, _ = joined(tmp_path)
        start(device)
        photo = a_photo(tmp_path / "photo", (64, 64))
        (tmp_path / "a.mp3").write_bytes(b"sound")
        device.least_free = 1 << 60
        for take in (
            lambda: device.attach_photo(VISIT, photo),
            lambda: device.attach_recording(VISIT, tmp_path / "a.mp3"),
            lambda: device.record("files_attached", CASE, VISIT, {}, [{"path": str(photo)}]),
        ):
            with pytest.raises(FieldError) as caught:
                take()
            assert ("conflict", "no-room") == (caught.value.code, caught.value.extra["rule"])
            assert "records still are" in caught.value.detail
        assert [] == list(device.store.files.iterdir())
        device.record("outcome_noted", CASE, VISIT, {"contact_result": "nobody", "disposition": "none"})
        assert device.record("visit_ended", CASE, VISIT, {"reason": "completed"}).seq
