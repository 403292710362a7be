"""Coordinates filled in: from a file of known addresses, and from geocoders that run on this machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from schemas.errors import FieldError
from server.importing.geocoders import make_geocoder
from server.services.assigning import assign
from server.services.geocoding import place_from_geocoder, place_from_known
from server.services.importing import FileOrder
from server.storage import tables
from tests.contract.importing.conftest import Desk
from tests.contract.importing.fake_geocoders import FakeGeocoder, baidu, features, nominatim, running

TITLES = "Loan No,Name,Address,Postal code,Amount\n"
PORTFOLIO = TITLES + "L1,Ana,1 Sample St,94101,1\nL2,Bo,2 Sample St,94102,1\nL3,Cy,1 SAMPLE  St.,94101,1\n"


@pytest.fixture
def fake() -> Iterator[FakeGeocoder]:
    """A geocoder that knows nothing yet."""
    with running(FakeGeocoder()) as geocoder:
        yield geocoder


def ask(desk: Desk, fake: FakeGeocoder, **options: Any) -> dict[str, int]:
    """Have the office ask it as Nominatim."""
    geocoder = make_geocoder("nominatim", fake.url, "", 0, 0)
    return dict(place_from_geocoder(desk.office.site, "nominatim", geocoder, **options))


class TestKnown:
    """Files of known addresses."""

    def place(self, desk: Desk, rows: str) -> dict[str, int]:
        """Fill in from a file."""
        path = desk.put("address,postal_code,lat,lon,precision\n" + rows, "known.csv")
        return dict(place_from_known(desk.office.site, FileOrder(path)))

    def test_known_addresses_are_found_in_any_spelling(self, desk: Desk) -> None:
        """Case, blanks and punctuation do not matter; each place gets point, precision and source."""
        desk.take(PORTFOLIO)
        counts = self.place(desk, "1 sample st,94101,37.7,-122.4,door\n")

        assert {"found": 2, "missing": 1} == counts
        for place in (desk.place_of("L1"), desk.place_of("L3")):
            assert (377_000_000, "door", "known") == (place.lat_e7, place.precision, place.source)
        assert None is desk.place_of("L2").lat_e7

    def test_another_postal_code_is_another_address(self, desk: Desk) -> None:
        """The same street and number in another town do not count."""
        desk.take(PORTFOLIO)

        assert {"missing": 3} == self.place(desk, "1 Sample St,10001,40.7,-74.0,door\n")

    def test_two_points_for_one_address_count_as_none(self, desk: Desk) -> None:
        """A file that contradicts itself is not chosen from."""
        desk.take(PORTFOLIO)

        assert {"missing": 3} == self.place(desk, "1 Sample St,94101,37.7,-122.4,\n1 Sample St,94101,37.8,-122.4,\n")

    def test_a_found_place_reaches_the_agent(self, desk: Desk) -> None:
        """The packet of the case gets a new revision with the coordinates in it."""
        desk.take(PORTFOLIO)
        assign(desk.office.site, [desk.case("L2").id], "a1")
        before = desk.case("L2").rev
        self.place(desk, "2 Sample St,94102,37.7,-122.4,building\n")
        (packet,) = desk.office.live("a1").values()

        assert before < packet["rev"] == desk.case("L2").rev
        assert 377_000_000 == packet["body"]["open"]["place"]["lat_e7"]
        desk.office.check_heads()


class TestAsking:
    """Geocoders."""

    def test_places_are_found_and_answers_kept(self, desk: Desk, fake: FakeGeocoder) -> None:
        """Each address is asked for once, an answer of nothing too; the next run asks for nothing."""
        desk.take(PORTFOLIO)
        fake.answers["1 Sample St 94101"] = nominatim(37.7, -122.4, addresstype="house", place_rank=30)
        first = ask(desk, fake)
        desk.take(PORTFOLIO.replace("\nL", "\nM"))
        second = ask(desk, fake)

        assert {"found": 2, "missing": 1, "asked": 2} == first
        assert {"found": 2, "missing": 2} == second
        assert ["1 Sample St 94101", "2 Sample St 94102"] == sorted(fake.asked)
        assert ("door", "nominatim") == (desk.place_of("L3").precision, desk.place_of("L3").source)

    def test_what_was_not_found_is_asked_again_when_told(self, desk: Desk, fake: FakeGeocoder) -> None:
        """--again asks once more for addresses that were not found, and only for those."""
        desk.take(PORTFOLIO)
        ask(desk, fake)
        fake.answers["2 Sample St 94102"] = nominatim(37.7, -122.4, addresstype="road", place_rank=26)

        assert {"missing": 3} == ask(desk, fake)
        assert {"found": 1, "missing": 2, "asked": 2} == ask(desk, fake, asks_again=True)

    def test_a_geocoder_that_gives_up_leaves_what_was_found(self, desk: Desk, fake: FakeGeocoder) -> None:
        """After 503 the run ends with a sentence; answers so far stand, and the next run goes on from there."""
        desk.take(PORTFOLIO)
        for street in ("1 Sample St 94101", "2 Sample St 94102"):
            fake.answers[street] = nominatim(37.7, -122.4, addresstype="building", place_rank=30)
        fake.fails_after = 1
        with pytest.raises(FieldError) as caught:
            ask(desk, fake)
        found = sum(row.lat_e7 is not None for row in desk.office.rows(tables.place))
        fake.fails_after = None

        assert "unavailable" == caught.value.code
        assert "what was found stands" in caught.value.detail
        assert 1 == found
        assert 1 == ask(desk, fake)["asked"]
        assert 0 == sum(row.lat_e7 is None for row in desk.office.rows(tables.place))

    def test_questions_are_spaced(self, fake: FakeGeocoder) -> None:
        """No two questions come closer together than the delay."""
        geocoder = make_geocoder("nominatim", fake.url, "", 0.2)
        started = time.monotonic()
        for address in ("a", "b", "c"):
            geocoder(address)

        assert 0.4 <= time.monotonic() - started

    def test_no_address_is_logged(self, fake: FakeGeocoder, caplog: pytest.LogCaptureFixture) -> None:
        """Geopy's own warnings, which hold the address it asked for, go nowhere."""
        caplog.set_level(logging.DEBUG)
        fake.status = 503
        with pytest.raises(FieldError):
            make_geocoder("nominatim", fake.url, "", 0, 0)("1 Secret St")

        assert 3 == len(fake.asked)
        assert "Secret" not in caplog.text.replace("+", " ").replace("%20", " ")

    @pytest.mark.parametrize(
        ("raw", "precision"),
        [
            ({"addresstype": "house", "place_rank": 30}, "door"),
            ({"addresstype": "place", "place_rank": 30, "address": {"house_number": "1"}}, "door"),
            ({"addresstype": "building", "place_rank": 30}, "building"),
            ({"addresstype": "shop", "place_rank": 30}, "building"),
            ({"addresstype": "road", "place_rank": 26}, "street"),
            ({"addresstype": "village", "place_rank": 19}, "village"),
            ({"addresstype": "suburb", "place_rank": 19}, "town"),
            ({"addresstype": "city", "place_rank": 16}, "town"),
            ({}, "town"),
        ],
    )
    def test_nominatim_s_types_become_precisions(self, raw: Any, precision: str, fake: FakeGeocoder) -> None:
        """Nominatim says by type and rank how exactly it knows."""
        fake.answers["x"] = nominatim(37.7, -122.4, **raw)
        found = make_geocoder("nominatim", fake.url, "", 0)("x")

        assert found is not None
        assert (377_000_000, -1_224_000_000, precision) == (found.lat_e7, found.lon_e7, found.precision)

    @pytest.mark.parametrize(
        ("name", "raw", "precision"),
        [
            ("photon", {"type": "house", "housenumber": "1"}, "door"),
            ("photon", {"type": "house"}, "building"),
            ("photon", {"type": "street"}, "street"),
            ("photon", {"type": "locality"}, "village"),
            ("photon", {"type": "district"}, "town"),
            ("pelias", {"layer": "address", "accuracy": "point", "match_type": "exact", "label": "x"}, "door"),
            ("pelias", {"layer": "address", "accuracy": "point", "match_type": "interpolated", "label": "x"}, "street"),
            ("pelias", {"layer": "address", "accuracy": "centroid", "label": "x"}, "street"),
            ("pelias", {"layer": "venue", "label": "x"}, "building"),
            ("pelias", {"layer": "street", "label": "x"}, "street"),
            ("pelias", {"layer": "neighbourhood", "label": "x"}, "village"),
            ("pelias", {"layer": "locality", "label": "x"}, "town"),
        ],
    )
    def test_photon_s_and_pelias_layers_become_precisions(
        self, name: str, raw: Any, precision: str, fake: FakeGeocoder
    ) -> None:
        """A town's centre is never taken for a door."""
        fake.answers["x"] = features(37.7, -122.4, **raw)
        found = make_geocoder(name, fake.url, "key", 0)("x")

        assert found is not None
        assert (377_000_000, -1_224_000_000, precision) == (found.lat_e7, found.lon_e7, found.precision)

    @pytest.mark.parametrize(
        ("raw", "precision"),
        [
            ({"level": "门址", "precise": 1}, "door"),
            ({"level": "门址", "precise": 0}, "street"),
            ({"level": "地产小区", "precise": 1}, "building"),
            ({"level": "道路", "precise": 0}, "street"),
            ({"level": "村庄", "precise": 0}, "village"),
            ({"level": "区县", "precise": 0}, "town"),
            ({"level": "UNKNOWN", "precise": 0}, "town"),
        ],
    )
    def test_baidu_s_levels_become_precisions_and_its_points_wgs84(
        self, raw: Any, precision: str, fake: FakeGeocoder
    ) -> None:
        """Baidu answers in BD-09: what comes out is converted, some 1.2 km away."""
        fake.answers["x"] = baidu(39.92133699351021, 116.41036949371029, **raw)
        found = make_geocoder("baidu", fake.url, "key", 0)("x")

        assert found is not None
        assert precision == found.precision
        assert abs(found.lat_e7 - 399_135_957) < 300
        assert abs(found.lon_e7 - 1_163_977_555) < 300

    @pytest.mark.parametrize(
        ("name", "url", "key"), [("pelias", "", "k"), ("baidu", "", ""), ("oracle", "http://127.0.0.1:9", "k")]
    )
    def test_what_a_geocoder_lacks_is_said_before_it_is_asked(self, name: str, url: str, key: str) -> None:
        """A missing address or key, or an unknown name, is told with the option that mends it."""
        with pytest.raises(FieldError) as caught:
            make_geocoder(name, url, key, 0)

        assert "invalid" == caught.value.code

    def test_a_refused_key_is_told_as_such(self, fake: FakeGeocoder) -> None:
        """An answer of 403 names key and quota."""
        fake.status = 403
        with pytest.raises(FieldError) as caught:
            make_geocoder("pelias", fake.url, "bad", 0, 0)("x")

        assert "Check its key and quota" in caught.value.detail
