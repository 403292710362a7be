"""A portfolio taken into the database: what a second time changes, who is who, and what goes to a person."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from schemas.errors import FieldError
from server.services.assigning import assign
from server.storage import portfolio_rows, portfolio_tables, tables
from tests.contract.importing.conftest import Desk
from tests.contract.importing.reading_steps import NOBODY, NOBODY_TOO

TITLES = "Loan No,Customer No,Name,ID number,Phone,Address,lat,lng,Overdue,Amount\n"
ONE = "L1,C1,Ana Example,,13800130001,1 Sample St,31.2,121.4,5.50,100.00\n"
TWO = "L2,C2,Bo Example,,13800130002,2 Sample St,,,6,200\n"


class TestAgain:
    """Importing is idempotent by the lender's reference."""

    def test_a_portfolio_becomes_persons_places_and_cases(self, desk: Desk) -> None:
        """Each good row is one case with its person and place; money in minor units, no coordinates marked as none."""
        report = desk.take(TITLES + ONE + TWO)

        assert (2, 2, 1) == (report.counts["rows"], report.counts["new"], report.counts["unplaced"])
        case, near, far = desk.case("L1"), desk.place_of("L1"), desk.place_of("L2")
        assert (10_000, 550, "CNY", "open", 1) == (case.amount, case.overdue, case.currency, case.status, case.rev)
        assert {"phone": "+8613800130001"} == desk.person_of("L1").contacts
        assert (312_000_000, "street", "lender") == (near.lat_e7, near.precision, near.source)
        assert (None, None, None) == (far.lat_e7, far.precision, far.source)

    def test_an_unchanged_row_changes_nothing(self, desk: Desk) -> None:
        """The same file again writes no row anew."""
        desk.take(TITLES + ONE + TWO)
        before = [desk.office.rows(table) for table in (tables.case, tables.person, tables.place)]
        desk.office.clock.move(1000)
        report = desk.take(TITLES + TWO + ONE)

        assert 2 == report.counts["unchanged"]
        assert before == [desk.office.rows(table) for table in (tables.case, tables.person, tables.place)]

    def test_a_changed_row_makes_a_new_packet_revision(self, desk: Desk) -> None:
        """A new amount raises the revision, and the agent who has the case gets the new packet; others get nothing."""
        desk.take(TITLES + ONE + TWO)
        assign(desk.office.site, [desk.case("L1").id, desk.case("L2").id], "a1")
        before = desk.office.live("a1")
        report = desk.take(TITLES + ONE.replace("100.00", "90.00") + TWO)
        after = desk.office.live("a1")
        changed, same = desk.case("L1").id, desk.case("L2").id

        assert (1, 1) == (report.counts["changed"], report.counts["unchanged"])
        assert before[changed]["rev"] < after[changed]["rev"] == desk.case("L1").rev
        assert before[same] == after[same]
        desk.office.check_heads()

    def test_a_row_in_another_form_is_unchanged(self, desk: Desk) -> None:
        """What counts is what the row says: other spellings of the same values are no change."""
        desk.take(TITLES + ONE)
        report = desk.take(TITLES + 'L1,C1, Ana Example ,,+86 138 0013 0001,1 Sample St,31.20,121.40,5.5,"100"\n')

        assert 1 == report.counts["unchanged"]

    def test_mended_rejects_come_in_beside_the_rest(self, desk: Desk) -> None:
        """A bad row holds up no other; mended, it becomes a case like them."""
        report = desk.take(TITLES + ONE + TWO.replace(",200", ",lots"))
        assert report.rejects_path is not None
        mended = report.rejects_path.read_text("utf-8-sig").replace("lots", "200")
        again = desk.take(mended, name="mended.csv")

        assert (1, 1) == (report.counts["new"], report.counts["rejected"])
        assert (1, 0) == (again.counts["new"], again.counts["rejected"])

    def test_a_closed_case_stays_closed(self, desk: Desk) -> None:
        """A row about a paid case brings its figures up to date and opens nothing."""
        desk.take(TITLES + ONE)
        desk.office.site.store.write(lambda connection: connection.execute(update(tables.case).values(status="paid")))
        report = desk.take(TITLES + ONE.replace("100.00", "0.01"))

        assert ("paid", 1) == (desk.case("L1").status, desk.case("L1").amount)
        assert 1 == report.counts["closed"]

    @pytest.mark.parametrize("place", ["L\0", "Bo\0 Example", "2 Sample\0 St", "138\0"])
    def test_a_cell_with_a_nul_costs_its_own_row(self, desk: Desk, place: str) -> None:
        """A NUL, which no database text can hold, is rejected with its cure; so it is when it comes again."""
        report = desk.take(TITLES + ONE + TWO.replace(place.replace("\0", ""), place, 1))
        assert report.rejects_path is not None
        again = desk.take(report.rejects_path.read_text("utf-8-sig"), name="again.csv")

        assert (1, 1, 1) == (report.counts["new"], report.counts["rejected"], again.counts["rejected"])
        assert "Some letters cannot be read" in report.rejects_path.read_text("utf-8-sig")
        assert ["L1"] == [row.reference for row in desk.office.rows(tables.case)]

    def test_a_file_without_a_lender_asks(self, desk: Desk) -> None:
        """References belong to a lender: without its name nothing is imported."""
        with pytest.raises(FieldError) as caught:
            desk.take(TITLES + ONE, lender="")

        assert ["--lender"] == list(caught.value.fields)
        assert [] == desk.office.rows(tables.case)


class TestOneReference:
    """Two rows, or two files, that give one reference."""

    def test_two_files_with_one_reference_are_one_case(self, desk: Desk) -> None:
        """The later file's row is the newer one: the case changes, none is added."""
        desk.take(TITLES + ONE)
        report = desk.take(TITLES + ONE.replace("5.50", "7"), name="other.csv")

        assert (0, 1) == (report.counts["new"], report.counts["changed"])
        assert [700] == [row.overdue for row in desk.office.rows(tables.case)]

    def test_two_files_giving_one_reference_to_two_persons_are_not_mixed(self, desk: Desk) -> None:
        """A debt never moves to another person by an import: the row is rejected with the cure."""
        desk.take(TITLES + ONE)
        report = desk.take(TITLES + ONE.replace("C1,Ana", "C9,Zoe"), name="other.csv")

        assert 1 == report.counts["rejected"]
        assert "Ana Example" == desk.person_of("L1").name
        assert report.rejects_path is not None
        assert "is known here for another person" in report.rejects_path.read_text("utf-8-sig")

    def test_two_lenders_may_use_one_reference(self, desk: Desk) -> None:
        """References are the lender's own: the same one from another lender is another case."""
        desk.take(TITLES + ONE)
        desk.take(TITLES + ONE, lender="Other Bank")

        assert ["Bank", "Other Bank"] == sorted(row.lender for row in desk.office.rows(tables.case))

    def test_a_row_twice_in_a_file_is_taken_once(self, desk: Desk) -> None:
        """The same row again is a repetition; another row under the reference is rejected, naming the first line."""
        report = desk.take(TITLES + ONE + TWO + ONE + TWO.replace(",200", ",300"))

        assert (2, 1, 1) == tuple(report.counts[name] for name in ("new", "repeated", "rejected"))
        assert report.rejects_path is not None
        assert "stands in line 3 with other content" in report.rejects_path.read_text("utf-8-sig")
        assert 20_000 == desk.case("L2").amount


class TestPersons:
    """Who is who."""

    def test_the_lender_s_reference_joins_cases_of_a_person(self, desk: Desk) -> None:
        """Two cases with one customer number are one person."""
        desk.take(TITLES + ONE + ONE.replace("L1", "L2"))

        assert ["ref:Bank:C1"] == [row.key for row in desk.office.rows(tables.person)]

    def test_an_identity_number_joins_persons_across_lenders(self, desk: Desk) -> None:
        """Without a customer number the keyed hash of the identity number is the key, with every lender."""
        row = f"L1,,Ana Example,{NOBODY},,1 Sample St,,,1,1\n"
        desk.take(TITLES + row)
        desk.take(TITLES + row, lender="Other Bank")
        (person,) = desk.office.rows(tables.person)

        assert person.key.startswith("hmac:")

    def test_an_identity_number_is_stored_nowhere(self, desk: Desk) -> None:
        """No table holds the number, or a hash of it that could be made without the server's secret."""
        desk.take(TITLES + f"L1,,Ana Example,{NOBODY},,1 Sample St,,,1,1\n")
        with desk.office.site.store.read() as connection:
            texts = [str(row) for table in tables.metadata.sorted_tables for row in connection.execute(table.select())]

        assert [] == [text for text in texts if NOBODY in text]

    def test_a_name_alone_joins_nobody(self, desk: Desk) -> None:
        """Two rows of one name at different addresses, without keys, are two persons and no probable match."""
        report = desk.take(TITLES + "L1,,Ana Example,,,1 Sample St,,,1,1\nL2,,Ana Example,,,9 Other St,,,1,1\n")

        assert 2 == len(desk.office.rows(tables.person))
        assert 0 == report.counts["matches"]

    @pytest.mark.parametrize(
        ("first", "second", "reason"),
        [
            ("L1,C1,Ana Example,,13800130001,1 Sample St", "L2,C2,Ana EXAMPLE,,13800130001,9 Other St", "name_phone"),
            ("L1,C1,Ana Example,,,1 Sample St", "L2,C2,ana example,,,1 sample st.", "name_address"),
            (f"L1,C1,Ana Example,{NOBODY},,1 Sample St", f"L2,C2,Anna Exampel,{NOBODY},,9 Other St", "identity"),
        ],
    )
    def test_probable_matches_go_to_a_human(self, desk: Desk, first: str, second: str, reason: str) -> None:
        """One name at one phone or address, or one identity number, under two keys: listed, not joined."""
        report = desk.take(TITLES + f"{first},,,1,1\n{second},,,1,1\n")
        with desk.office.site.store.read() as connection:
            (match,) = portfolio_rows.read_matches(connection)

        assert (1, reason) == (report.counts["matches"], match.reason)
        assert 2 == len(desk.office.rows(tables.person))

    def test_a_match_is_listed_once(self, desk: Desk) -> None:
        """Importing the rows again, changed, does not list the pair again."""
        rows = "L1,C1,Ana Example,,,1 Sample St,,,1,1\nL2,C2,Ana Example,,,1 Sample St,,,1,1\n"
        desk.take(TITLES + rows)
        report = desk.take(TITLES + rows.replace(",1,1\n", ",2,2\n"))

        assert 0 == report.counts["matches"]
        assert 1 == len(desk.office.rows(portfolio_tables.probable_match))

    def test_a_person_without_a_key_gets_the_one_told_later(self, desk: Desk) -> None:
        """When the lender adds the identity number, the person of the case keeps its id and gets the key."""
        desk.take(TITLES + "L1,,Ana Example,,,1 Sample St,,,1,1\n")
        before = desk.person_of("L1")
        desk.take(TITLES + f"L1,,Ana Example,{NOBODY},,1 Sample St,,,1,1\n")

        assert before.id == desk.person_of("L1").id
        assert before.key.startswith("case:")
        assert desk.person_of("L1").key.startswith("hmac:")

    def test_a_person_known_by_identity_may_get_a_reference(self, desk: Desk) -> None:
        """A file that adds a customer number beside the known identity number is about the same person."""
        desk.take(TITLES + f"L1,,Ana Example,{NOBODY},,1 Sample St,,,1,1\n")
        same = desk.take(TITLES + f"L1,C1,Ana Example,{NOBODY},,1 Sample St,,,1,1\n")
        other = desk.take(TITLES + f"L1,C1,Ana Example,{NOBODY_TOO},,1 Sample St,,,1,1\n")

        assert (1, 1) == (same.counts["changed"], other.counts["rejected"])

    def test_a_new_name_under_a_known_key_is_a_doubt(self, desk: Desk) -> None:
        """A customer number with another name in a new row keeps the known name and is shown to a person."""
        report = desk.take(TITLES + ONE + ONE.replace("L1", "L2").replace("Ana", "Zoe"))
        (doubt,) = desk.office.rows(portfolio_tables.import_doubt)

        assert (desk.case("L2").id, "name") == (doubt.case_id, doubt.field)
        assert [(3, "name", doubt.reason)] == report.doubts
        assert "Ana Example" == desk.person_of("L2").name
