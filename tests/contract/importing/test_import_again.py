"""What an import leaves alone: corrections that others made; and what is kept of a run that broke off."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from server.services.assigning import assign
from server.services.importing import FileOrder, import_portfolio
from server.storage import portfolio_tables, tables
from tests.contract.importing.conftest import Desk

TITLES = "Loan No,Customer No,Name,ID number,Phone,Address,lat,lng,Overdue,Amount\n"
ONE = "L1,C1,Ana Example,,13800130001,1 Sample St,31.2,121.4,5.50,100.00\n"
TWO = "L2,C2,Bo Example,,13800130002,2 Sample St,,,6,200\n"


def state(desk: Desk) -> dict[str, Any]:
    """Give everything the import wrote, without ids and times."""
    cases = {row.reference: row for row in desk.office.rows(tables.case)}
    persons = {row.id: row for row in desk.office.rows(tables.person)}
    places = {row.id: row for row in desk.office.rows(tables.place)}
    return {
        reference: (
            row.amount, row.overdue, row.rev, row.sealed, row.digest, row.status,
            persons[row.person_id].key, persons[row.person_id].name, persons[row.person_id].contacts,
            places[row.place_id].address, places[row.place_id].lat_e7, places[row.place_id].precision,
        )
        for reference, row in cases.items()
    }  # fmt: skip


class TestCorrections:
    """What others corrected stands while the lender says the same as before."""

    def correct(self, desk: Desk) -> None:
        """Change what agents and geocoders may change."""

        def job(connection: Any) -> None:
            connection.execute(update(tables.person).values(contacts={"phone": "+8613900000000"}, name="Ana Corrected"))
            connection.execute(update(tables.place).values(lat_e7=1, lon_e7=2, precision="door", source="agent"))

        desk.office.site.store.write(job)

    def test_a_new_amount_does_not_undo_a_corrected_phone_or_door(self, desk: Desk) -> None:
        """Only the fields that the lender changed are written."""
        desk.take(TITLES + ONE)
        self.correct(desk)
        desk.take(TITLES + ONE.replace("100.00", "90.00"))

        person = desk.person_of("L1")
        assert ("Ana Corrected", {"phone": "+8613900000000"}) == (person.name, person.contacts)
        assert (1, "agent") == (desk.place_of("L1").lat_e7, desk.place_of("L1").source)

    def test_a_phone_that_the_lender_changed_is_taken(self, desk: Desk) -> None:
        """The lender's own news wins over an older correction, in that field only."""
        desk.take(TITLES + ONE)
        self.correct(desk)
        desk.take(TITLES + ONE.replace("13800130001", "13800139999"))

        assert {"phone": "+8613800139999"} == desk.person_of("L1").contacts
        assert "Ana Corrected" == desk.person_of("L1").name

    def test_a_new_address_drops_the_old_coordinates(self, desk: Desk) -> None:
        """Coordinates found for the old address do not stand for the new one."""
        desk.take(TITLES + TWO)
        self.correct(desk)
        report = desk.take(TITLES + TWO.replace("2 Sample", "77 Sample"))

        assert (None, None) == (desk.place_of("L2").lat_e7, desk.place_of("L2").source)
        assert 1 == report.counts["unplaced"]

    def test_a_person_s_change_reaches_all_of_its_packets(self, desk: Desk) -> None:
        """A phone changed in one row gives every case of that person a new revision."""
        desk.take(TITLES + ONE + ONE.replace("L1", "L2"))
        assign(desk.office.site, [desk.case("L2").id], "a1")
        desk.take(TITLES + ONE.replace("13800130001", "13800139999"))
        (packet,) = desk.office.live("a1").values()

        assert {"phone": "+8613800139999"} == packet["body"]["open"]["person"]["contacts"]


class TestRuns:
    """What is kept of a run."""

    def test_a_run_that_broke_off_is_named_and_made_whole(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """After a failure in the middle, whole chunks stand; the next run says so and ends in the same state."""
        monkeypatch.setattr("server.services.importing.CHUNK", 10)
        text = TITLES + "".join(f"L{n},C{n // 3},Ana {n // 3},,,{n} Sample St,,,1,{n + 1}\n" for n in range(35))
        calls = []

        def fail(done: int, size: int) -> None:
            calls.append(done)
            if len(calls) == 2:
                raise KeyboardInterrupt

        order = FileOrder(desk.put(text), lender="Bank", currency="CNY")
        with pytest.raises(KeyboardInterrupt):
            import_portfolio(desk.office.site, order, fail)
        half = len(desk.office.rows(tables.case))
        report = desk.take(text)
        after = state(desk)
        desk.take(text, lender="Bank")

        assert (20, 35) == (half, len(after))
        assert (21, 15, 20) == (report.broke_off_at, report.counts["new"], report.counts["unchanged"])
        assert after == state(desk)

    def test_every_run_is_recorded_with_its_counts(self, desk: Desk) -> None:
        """Who looks later finds file, lender, state and counts of each run."""
        desk.take(TITLES + ONE)
        (run,) = desk.office.rows(portfolio_tables.import_run)

        assert ("portfolio.csv", "Bank", "finished", 1) == (run.file_name, run.lender, run.state, run.counts["new"])
