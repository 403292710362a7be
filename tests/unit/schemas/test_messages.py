"""Messages and ids as both ends hold them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from schemas import canonical
from schemas.ids import make_id
from schemas.messages import Quota, Submitted, format_time, parse_time, read_time
from schemas.shapes import SERVER_TIME_PATTERN, UUID_PATTERN
from tests.builders import make_chain, make_visit

LAST_MS = 253_402_300_799_999  # the end of the year 9999


class TestTimes:
    """A server's times."""

    @given(st.integers(0, LAST_MS))
    def test_a_time_comes_back_to_the_millisecond(self, ms: int) -> None:
        """No float on the way loses one."""
        text = format_time(ms)

        assert parse_time(text) == ms
        assert read_time(text) == ms
        assert len(text) == 24
        assert datetime.fromisoformat(text) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)

    @given(st.lists(st.integers(0, LAST_MS), min_size=2))
    def test_times_sort_as_texts(self, times: list[int]) -> None:
        """The order of the texts is the order of the moments."""
        assert [format_time(ms) for ms in sorted(times)] == sorted(map(format_time, times))

    @given(st.from_regex(SERVER_TIME_PATTERN, fullmatch=True).filter(lambda text: not text.endswith("\n")))
    @example("0001-01-01T00:00:00.000Z")
    @example("9999-12-31T23:59:59.999Z")
    def test_a_time_of_the_right_shape_is_read_or_none(self, text: str) -> None:
        """A device may send a time that no calendar has; it is not a crash."""
        ms = read_time(text)

        assert (
            ms is None or format_time(ms) == text or text[11:13] == "24"
        )  # a later Python reads 24:00 as the next day


class TestSubmitted:
    """One entry of `push.events`."""

    def test_the_digest_is_that_of_the_bytes(self) -> None:
        """E1: whatever digest a device claims beside a content, the content decides."""
        place = make_chain(make_visit())[1]
        read = Submitted.of(place["entry"] | {"digest": "0" * 64})

        assert (read.id, read.seq, read.digest, read.content) == (
            place["id"], place["seq"], place["digest"], place["content"],
        )  # fmt: skip
        assert not read.erased
        assert read.withheld is None

    def test_a_lone_surrogate_is_kept(self) -> None:
        """X3: such a text has bytes and a digest, so that it can be parked like any other."""
        read = Submitted.of({"id": "e", "seq": 1, "content": '{"a":"\ud800"}'})

        assert read.content == b'{"a":"\xed\xa0\x80"}'
        assert read.digest == canonical.digest(b'{"a":"\xed\xa0\x80"}')

    def test_withheld_content_comes_with_its_digest_and_size(self) -> None:
        """X3, E12: withheld and erased entries hold no content."""
        read = Submitted.of({"id": "e", "seq": 1, "digest": "ab" * 32, "withheld": 9, "erased": True})

        assert (read.digest, read.content, read.withheld, read.erased) == ("ab" * 32, None, 9, True)


def test_the_quota_names_each_of_its_numbers() -> None:
    """X3: what the server takes is told whole."""
    assert Quota(max_events=7).to_wire() == {
        "max_events": 7,
        "max_bytes": 262_144,
        "max_event_bytes": 1_048_576,
        "max_inflated": 4_194_304,
        "page_bytes": 2_097_152,
    }


class TestIds:
    """UUIDv7."""

    @given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
    def test_an_id_is_of_version_7_and_tells_its_time(self, ms: int, noise: bytes) -> None:
        """RFC 9562: 48 bits of time, the version, the variant, and the shape the wire asks for."""
        made = make_id(ms, noise)

        assert int(made[:8] + made[9:13], 16) == ms
        assert made[14] == "7"
        assert made[19] in "89ab"
        assert len(made) == 36
        assert re.match(UUID_PATTERN, made)

    @given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1))
    def test_ids_sort_by_time(self, one: int, other: int) -> None:
        """A later id never sorts before an earlier one, whatever the random part."""
        if one < other:
            assert make_id(one, b"\xff" * 10) < make_id(other, bytes(10))

    def test_74_random_bits_count(self) -> None:
        """RFC 9562 leaves 74 bits to chance, and each of them is: two devices at one millisecond do not meet."""
        made = {make_id(1, (1 << bit).to_bytes(10, "big")) for bit in range(80)} - {make_id(1, bytes(10))}

        assert len(made) == 74
