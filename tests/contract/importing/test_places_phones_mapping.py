"""Coordinates, phones, roles and what a mapping file may say, in whole files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import FieldError
from server.importing.fields import load_spec
from server.importing.mapping import load_mapping, read_mapping
from server.importing.settings import ReadingSettings
from tests.contract.importing.reading_steps import read_file, records, rejects

TITLES = "Loan No,Name,Address,Amount,lat,lng,Phone,Phone 2,Role\n"
PORTFOLIO = load_spec("portfolio")


def one_row(folder: Path, row: str, mapping: dict[str, Any] | None = None) -> Any:
    """Read a file of this one row."""
    path = folder / "portfolio.csv"
    path.write_text(TITLES + row + "\n", "utf-8")
    (outcome,) = read_file(path, mapping)
    return outcome


class TestPlaces:
    """Coordinates as integers in WGS-84."""

    def test_coordinates_become_integers(self, tmp_path: Path) -> None:
        """Degrees are kept to 1e-7 with the mapping's precision."""
        row = one_row(tmp_path, "1,Ana,1 Sample St,5,37.786848,-122.421547,,,", {"settings": {"precision": "door"}})

        assert (377868480, -1224215470, "door") == (row.number("lat"), row.number("lon"), row.text("precision"))

    def test_shifted_coordinates_are_converted(self, tmp_path: Path) -> None:
        """With datum gcj02 a point on a mainland map comes out where it is."""
        row = one_row(tmp_path, "1,Ana,1 Sample St,5,39.9133454,116.3840472,,,", {"settings": {"datum": "gcj02"}})

        assert abs(399119540 - row.number("lat")) < 20
        assert abs(1163778170 - row.number("lon")) < 20

    @pytest.mark.parametrize("pair", [",", "0,0", "0.0,0.0"])
    def test_no_position_is_none(self, pair: str, tmp_path: Path) -> None:
        """Empty coordinates, and zero and zero, are missing coordinates, not a place in the sea."""
        row = one_row(tmp_path, f"1,Ana,1 Sample St,5,{pair},,,")

        assert (None, None, "") == (row.number("lat"), row.number("lon"), row.text("precision"))

    @pytest.mark.parametrize(
        ("pair", "said"),
        [("37.7,", "Half of the position"), ("-122.4,37.7", "lies beyond 90°"), ("north,1", "is no coordinate")],
    )
    def test_a_position_that_cannot_be_is_rejected(self, pair: str, said: str, tmp_path: Path) -> None:
        """Half a position, swapped coordinates and words are told with the cure."""
        row = one_row(tmp_path, f"1,Ana,1 Sample St,5,{pair},,,")

        assert said in row.faults[0][1].reason


class TestPhones:
    """Phones and roles."""

    def test_phones_come_out_with_their_country(self, tmp_path: Path) -> None:
        """Several columns and several numbers in a cell become one list in international form."""
        row = one_row(tmp_path, "1,Ana,1 Sample St,5,,,(212) 555-0101/212 555 0102,+44 20 7946 0000,")

        assert "+12125550101; +12125550102; +442079460000" == row.text("phone")

    def test_a_phone_that_is_none_costs_no_case(self, tmp_path: Path) -> None:
        """A bad phone number is kept as written, with a doubt."""
        row = one_row(tmp_path, "1,Ana,1 Sample St,5,,,555-01,,")

        assert "555-01" == row.text("phone")
        assert ["phone"] == [doubt.field for doubt in row.doubts]

    @pytest.mark.parametrize(
        ("word", "role"), [("担保人", "guarantor"), ("Co-borrower", "joint"), ("借款人", "borrower")]
    )
    def test_roles_are_read_in_both_languages(self, word: str, role: str, tmp_path: Path) -> None:
        """Guarantor and joint debtor are roles on the case."""
        assert role == one_row(tmp_path, f"1,Ana,1 Sample St,5,,,,,{word}").text("role")

    def test_a_role_that_is_none_is_rejected(self, tmp_path: Path) -> None:
        """An unknown role decides who is visited, so it is not guessed."""
        (fault,) = one_row(tmp_path, "1,Ana,1 Sample St,5,,,,,cousin").faults

        assert "The role “cousin” is not known." == fault[1].reason


class TestMapping:
    """Mapping files."""

    def test_columns_are_joined_as_the_mapping_says(self, tmp_path: Path) -> None:
        """An address of several columns is one text; fixed values fill what the file lacks."""
        path = tmp_path / "portfolio.csv"
        path.write_text("Akte,Wer,Ort,Strasse,Soll\nA1,Ana,Sampleton,1 Sample St,5\n", "utf-8")
        columns = {"reference": "Akte", "name": "Wer", "address": ["Strasse", "Ort"], "amount": "Soll"}
        (row,) = records(read_file(path, {"columns": columns, "fixed": {"language": "de"}}))

        assert ("1 Sample St Sampleton", "de") == (row.text("address"), row.text("language"))

    def test_a_mapping_file_is_checked_whole(self, tmp_path: Path) -> None:
        """Every wrong place of a mapping file is named, with what would be right."""
        path = tmp_path / "mapping.yaml"
        path.write_text("settings: {currency: DOLLARS, dates: dym}\nheader_row: first\nsurprise: 1\n", "utf-8")
        with pytest.raises(FieldError) as caught:
            load_mapping(path, PORTFOLIO)

        places = {place.partition(": ")[2] for place in caught.value.fields}
        assert {"settings.currency", "settings.dates", "header_row", "surprise"} == places

    def test_a_field_that_is_none_is_refused(self) -> None:
        """Protected attributes are no fields: a mapping cannot bring them in."""
        with pytest.raises(FieldError) as caught:
            read_mapping({"columns": {"religion": "Religion"}}, PORTFOLIO)

        assert ["mapping: religion"] == list(caught.value.fields)

    def test_an_unknown_identity_kind_is_refused(self) -> None:
        """Identity kinds are modules of python-stdnum and nothing else."""
        for name in ("cn.nope", "os.path", "../x", "cn.ric.x"):
            with pytest.raises(FieldError):
                read_mapping({"settings": {"identity_kinds": [name]}}, PORTFOLIO)

    def test_the_site_s_settings_stand_where_the_mapping_says_nothing(self) -> None:
        """Region and identity kinds come from the server's settings until the mapping names others."""
        site = ReadingSettings(phone_region="CN", identity_kinds=("us.ssn",))
        kept = read_mapping({}, PORTFOLIO, site).settings
        named = read_mapping({"settings": {"phone_region": "TW"}}, PORTFOLIO, site).settings

        assert ("CN", ("us.ssn",)) == (kept.phone_region, kept.identity_kinds)
        assert ("TW", ("us.ssn",)) == (named.phone_region, named.identity_kinds)

    def test_a_title_that_is_not_there_lists_those_that_are(self, tmp_path: Path) -> None:
        """A mapping for another file says which titles this one has."""
        path = tmp_path / "portfolio.csv"
        path.write_text(TITLES + "1,Ana,1 Sample St,5,,,,,\n", "utf-8")
        with pytest.raises(FieldError) as caught:
            read_file(path, {"columns": {"reference": "Akte"}})

        assert "“Loan No”" in caught.value.fields["columns.reference"][0]


def test_a_ledger_is_read_by_the_same_rules(tmp_path: Path) -> None:
    """Payments have their own fields and the same cells; a reversal is an amount below zero."""
    path = tmp_path / "ledger.csv"
    titles = "借据号,流水号,还款日期,还款金额(元)\n"
    path.write_text(titles + "JJ1,S1,2024/3/1,100.50\nJJ1,S2,45360,-20\nJJ2,S3,,5\n", "utf-8")
    outcomes = read_file(path, kind="ledger")

    assert [("S1", "2024-03-01", 10050), ("S2", "2024-03-09", -2000)] == [
        (row.text("receipt"), row.text("paid_on"), row.number("amount")) for row in records(outcomes)
    ]
    assert [4] == [reject.line for reject in rejects(outcomes)]


def test_the_bundled_words_name_one_field_each() -> None:
    """No title is claimed by two fields of one kind of file."""
    for kind in ("portfolio", "ledger"):
        spec = load_spec(kind)  # type: ignore[arg-type]
        claims: dict[str, set[str]] = {}
        for about in spec.fields.values():
            for word in about.words:
                claims.setdefault(word.casefold(), set()).add(about.name)

        assert {} == {word: sorted(names) for word, names in claims.items() if len(names) > 1}
        assert json.dumps(sorted(spec.fields))
