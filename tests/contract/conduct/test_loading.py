"""Rulebooks in force: which are loaded, what is refused, and the house's own rules changed for a while."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.errors import FieldError
from server.domain.conduct.rules import Rulebook
from server.services import rulebooks
from server.services.rulebooks import load_rulebook, loosen_rule, rulebooks_in_force
from server.settings import Settings
from server.storage import conduct_tables
from tests.office import Office

WINDOW = "FLOOR-WIN-001"


def floor_with(folder: Path, change: Mapping[str, Any] | None = None, **top: Any) -> Path:
    """Write the floor's hours as a rulebook of its own, with members of the file or of the rule changed."""
    text = yaml.safe_load(rulebooks.FLOOR.read_text("utf-8"))
    text["rules"] = [text["rules"][0] | (change or {})]
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(text | top, allow_unicode=True), "utf-8")
    return path


def end_of(books: tuple[Rulebook, ...]) -> time:
    """Give when the house's hours end."""
    rule = books[0].rule(WINDOW)
    assert rule is not None
    end: time = rule.params.end
    return end


class TestFiles:
    """Reading one file."""

    def test_the_digest_is_of_the_files_bytes(self, tmp_path: Path) -> None:
        """A comment changes no rule, yet it is another file."""
        path = floor_with(tmp_path)
        before = load_rulebook(path).digest
        path.write_bytes(path.read_bytes() + b"# read by Dana\n")

        assert hashlib.sha256(path.read_bytes()).hexdigest() == load_rulebook(path).digest != before

    @pytest.mark.parametrize(("kind", "status"), [("draft", "in_force"), ("jurisdiction", "draft")])
    def test_a_draft_does_not_widen(self, tmp_path: Path, kind: str, status: str) -> None:
        """A draft, as a rulebook or as one rule, may only block: `widened_by` is refused."""
        with pytest.raises(FieldError) as raised:
            load_rulebook(floor_with(tmp_path, {"status": status}, kind=kind))

        sentence = "'widened_by' cannot stand in a draft, which may only block"
        assert {f"own.yaml: {WINDOW}: params": [sentence]} == raised.value.fields

    def test_what_is_not_verified_does_not_widen(self, tmp_path: Path) -> None:
        """A rule from memory is no ground for permitting anything."""
        with pytest.raises(FieldError, match="not verified"):
            load_rulebook(floor_with(tmp_path, {"confidence": "memory"}))

    @pytest.mark.parametrize(
        ("change", "top", "place"),
        [
            ({"params": {"start": "09:00"}}, {}, f"own.yaml: {WINDOW}: params"),
            ({"params": ["09:00"]}, {}, f"own.yaml: {WINDOW}: params"),
            ({"source": "product"}, {}, f"own.yaml: {WINDOW}: source"),
            ({"severity": "loud"}, {}, f"own.yaml: {WINDOW}: severity"),
            ({"id": None}, {}, "own.yaml: rule 1: id"),
            ({}, {"zone": "Asia/Nowhere"}, "own.yaml: -: zone"),
            ({}, {"rules": {"a": 1}}, "own.yaml: -: rules"),
            ({}, {"sources": {"product": "policy"}}, "own.yaml: -: sources.product"),
            ({}, {"sources": []}, "own.yaml: -: sources"),
            ({}, {"colour": "red"}, "own.yaml: -: colour"),
        ],
    )
    def test_a_fault_names_file_rule_and_field(
        self, tmp_path: Path, change: Mapping[str, Any], top: Mapping[str, Any], place: str
    ) -> None:
        """Whatever is wrong, one knows where to look."""
        with pytest.raises(FieldError) as raised:
            load_rulebook(floor_with(tmp_path, change, **top))

        assert [place] == list(raised.value.fields)

    @pytest.mark.parametrize("raw", [b"- a list", b"", b"a: [", b"\xff\xfe\x00", b"!!python/object:os.system {}"])
    def test_what_is_no_rulebook_at_all_is_refused(self, tmp_path: Path, raw: bytes) -> None:
        """Any bytes end in a sentence that names the file; nothing in them is run."""
        path = tmp_path / "own.yaml"
        path.write_bytes(raw)
        with pytest.raises(FieldError, match=r"own\.yaml"):
            load_rulebook(path)

    def test_a_file_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """The path, and why."""
        with pytest.raises(FieldError, match=r"gone\.yaml: cannot be read: No such file"):
            load_rulebook(tmp_path / "gone.yaml")


class TestInForce:
    """What holds for a site."""

    def test_the_house_comes_first_then_the_jurisdictions(self, office: Office) -> None:
        """The floor is always there; the settings name the rest."""
        assert ["FLOOR", "CN"] == [book.name for book in rulebooks_in_force(office.site)]

    def test_a_house_brings_its_own_rulebook(self, office: Office, tmp_path: Path) -> None:
        """A file instead of the floor; it must be a house's."""
        path = floor_with(tmp_path, rulebook="ACME")
        own = replace(office.site, settings=replace(office.settings, house_rulebook=str(path)))
        assert ["ACME", "CN"] == [book.name for book in rulebooks_in_force(own)]

        floor_with(tmp_path, {"params": {"start": "09:00", "end": "19:00"}}, kind="draft")
        with pytest.raises(FieldError, match=r"FAIRVISIT_HOUSE_RULEBOOK: names own\.yaml, which is no house's"):
            rulebooks_in_force(own)

    def test_a_part_brings_the_whole_it_lies_within(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`within` is followed, the outer rulebook comes first and once; a circle ends."""
        monkeypatch.setattr(rulebooks, "FOLDER", tmp_path)
        for name, within in (("US", "US-MA"), ("US-MA", "US")):
            change = {"params": {"start": "09:00", "end": "19:00"}}
            path = floor_with(tmp_path, change, rulebook=name, within=within, kind="jurisdiction")
            path.rename(tmp_path / f"{name}.yaml")

        found = rulebooks.jurisdictions(Settings(rulebooks=" US-MA, US ,"))

        assert ["US", "US-MA"] == [book.name for book in found]

    @pytest.mark.parametrize(("named", "why"), [("XX", "names 'XX'; there is "), ("FLOOR", "names FLOOR, a house's")])
    def test_a_name_that_cannot_hold_is_refused(self, named: str, why: str) -> None:
        """One that is not shipped, and a house's, which has a setting of its own."""
        with pytest.raises(FieldError, match=f"FAIRVISIT_RULEBOOKS: {why}"):
            rulebooks.jurisdictions(Settings(rulebooks=named))


class TestLoosening:
    """The house's own rules, changed for a while."""

    UNTIL = date(2016, 4, 30)

    def loosen(self, office: Office, rule_id: str = WINDOW, **members: Any) -> None:
        """Let the house's hours end at 20:00 until the end of the month, or something else."""
        chosen = {"params": {"end": "20:00"}, "by": "Dana", "reason": "harvest", "until": self.UNTIL} | members
        loosen_rule(office.site, rule_id, **chosen)

    def test_a_change_holds_until_its_day_is_over(self, office: Office) -> None:
        """From when it was made to the end of its last day; before and after, the file's own limit."""
        made_ms = office.clock()
        digest = rulebooks_in_force(office.site)[0].digest
        self.loosen(office)
        last = round((date(2016, 5, 1) - date(1970, 1, 1)).total_seconds() * 1000) - 1

        ends = [end_of(rulebooks_in_force(office.site, at)) for at in (made_ms - 1, made_ms, last, last + 1)]

        assert [time(19), time(20), time(20), time(19)] == ends
        assert digest == rulebooks_in_force(office.site, last + 1)[0].digest
        assert digest != rulebooks_in_force(office.site, last)[0].digest

    def test_a_changed_rule_says_so(self, office: Office) -> None:
        """Its sentences were written for another limit: all of them are told so, and the note has why."""
        self.loosen(office)
        rule = rulebooks_in_force(office.site)[0].rule(WINDOW)
        assert rule is not None

        said = [*rule.says_agent.values(), *rule.says_person.values()]
        assert [True] * 4 == ["2016-04-30" in sentence for sentence in said]
        assert rule.note.endswith("Changed until 2016-04-30 by Dana: harvest")

    def test_a_later_change_adds_to_an_earlier_one(self, office: Office) -> None:
        """What it does not name stays as it was changed before."""
        self.loosen(office)
        office.clock.advance(minutes=1)
        self.loosen(office, params={"start": "08:00"})
        rule = rulebooks_in_force(office.site)[0].rule(WINDOW)
        assert rule is not None

        assert (time(8), time(20)) == (rule.params.start, rule.params.end)

    def test_a_jurisdictions_rule_is_never_loosened(self, office: Office) -> None:
        """Neither one in force nor one that is only shipped; nothing is kept."""
        for rulebook in ("CN", ""):
            site = replace(office.site, settings=replace(office.settings, rulebooks=rulebook))
            with pytest.raises(FieldError, match="CN-WIN-001 is a rule of CN, not the house's own") as raised:
                loosen_rule(site, "CN-WIN-001", {"end": "23:00"}, "Dana", "late", self.UNTIL)
            assert "conflict" == raised.value.code
        assert [] == office.rows(conduct_tables.rule_change.select())

    def test_a_row_for_a_jurisdiction_counts_for_nothing(self, office: Office) -> None:
        """Even signed by the server's key, a change under a jurisdiction's name is not looked at."""
        rulebooks.keep_change(office.site, "CN", "CN-WIN-001", {"end": "23:00"}, "Dana", "late", self.UNTIL)

        rule = rulebooks_in_force(office.site)[1].rule("CN-WIN-001")
        assert rule is not None
        assert time(22) == rule.params.end

    @pytest.mark.parametrize("column", ["params", "until", "by"])
    def test_a_row_that_somebody_edited_counts_for_nothing(self, office: Office, column: str) -> None:
        """The signature covers what is changed, until when and by whom: the file's own limit holds again."""
        self.loosen(office)
        other: dict[str, Any] = {"params": {"end": "23:00"}, "until": "2030-01-01", "by": "Eve"}
        table = conduct_tables.rule_change
        office.site.store.write(
            lambda connection: connection.execute(table.update().values({column: other[column]})) and None
        )

        assert time(19) == end_of(rulebooks_in_force(office.site))

    def test_a_change_that_no_longer_fits_its_file_counts_for_nothing(self, office: Office, tmp_path: Path) -> None:
        """A house that rewrote a rule keeps working, by the stricter limit in its file."""
        self.loosen(office)
        crew = {"type": "crew_size", "params": {"least": 2}}
        path = floor_with(tmp_path, crew)
        site = replace(office.site, settings=replace(office.settings, house_rulebook=str(path)))

        rule = rulebooks_in_force(site)[0].rule(WINDOW)
        assert rule is not None
        assert 2 == rule.params.least

    @pytest.mark.parametrize(
        ("members", "code", "why"),
        [
            ({"params": {"ends": "20:00"}}, "invalid", f"FLOOR.yaml: {WINDOW}: params: 'ends' is no parameter"),
            ({"params": {"end": "late"}}, "invalid", "'end' should be a time in quotes"),
            ({"params": {"end": "19:00"}}, "invalid", f"params: change nothing of {WINDOW}"),
            ({"params": {}}, "invalid", f"params: change nothing of {WINDOW}"),
            ({"by": " "}, "invalid", "by: is missing"),
            ({"reason": ""}, "invalid", "reason: is missing"),
            ({"until": date(2016, 4, 6)}, "invalid", "until: 2016-04-06 is over"),
            ({"rule_id": "FLOOR-WIN-009"}, "not-found", "The house's rulebook FLOOR has no rule FLOOR-WIN-009"),
        ],
    )
    def test_a_change_that_cannot_be_made_is_refused(
        self, office: Office, members: Mapping[str, Any], code: str, why: str
    ) -> None:
        """A sentence says what is wrong, and nothing is kept."""
        with pytest.raises(FieldError) as raised:
            self.loosen(office, **members)

        assert code == raised.value.code
        assert why in raised.value.detail
        assert [] == office.rows(conduct_tables.rule_change.select())
