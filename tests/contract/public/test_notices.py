"""Notices from the desk to the gate: who gets one, when it counts, and what is left when it came back or is over."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from schemas.errors import FieldError
from schemas.vocabulary import HoldReason, HoldScope
from server.cli.main import fairvisit
from server.domain.conduct.facts import Preference
from server.domain.notices import CONTENT
from server.services import assigning, holding, notice_sending, preferring
from server.services.answer_tokens import find_token
from server.storage import tables
from server.storage.facts_tables import contact_log
from server.storage.notice_tables import notice
from server.storage.public_tables import answer_token
from tests.office import Office

DAY_MS = 86_400_000
ADDRESS = "https://visits.example.org"
Run = Callable[..., Result]


@pytest.fixture
def run(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `fairvisit notices` on the office's database and clock; an expected error becomes exit code 1."""
    for code in ("a1", "a2"):
        office.add_agent(code)
    clock = tmp_path / "clock"
    for name, value in {"database_url": office.settings.database_url, "folder": str(tmp_path / "var"),
                        "public_url": f"{ADDRESS}/", "clock_file": str(clock)}.items():  # fmt: skip
        monkeypatch.setenv(f"FAIRVISIT_{name.upper()}", value)

    def invoke(*arguments: str) -> Result:
        clock.write_text(str(office.clock()))
        result = CliRunner().invoke(fairvisit, ["notices", *arguments])
        assert result.exception is None or isinstance(result.exception, (FieldError, SystemExit)), result.exception
        return result

    return invoke


@pytest.fixture
def make(run: Run, tmp_path: Path, office: Office) -> Run:
    """Make letters for cases, by two agents, ten days from now unless told."""

    def invoke(*arguments: str, day: str = "2016-04-17") -> Result:
        office.clock.advance(seconds=1)  # a file is named by its second
        crew = ("--agent", "a1", "--companion", "a2", "--day", day, "--hours", "10:00-12:00")
        return run("make", *arguments, *crew, "--out", str(tmp_path / "out"))

    return invoke


def links(folder: Path) -> list[dict[str, str]]:
    """Give the rows of every file of links, by reference."""
    texts = [path.read_text("utf-8-sig") for path in sorted((folder / "out").glob("links-*.csv"))]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text, newline=""))]


def opens(office: Office, row: dict[str, str]) -> bool:
    """Say whether the link of a row opens anything."""
    with office.site.store.read() as connection:
        return find_token(connection, office.site, row["link"].rsplit("/", 1)[1]) is not None


def notices(office: Office) -> list[Any]:
    """Give every notice, by the moment it was made."""
    return office.rows(notice.select().order_by(notice.c.made_ms, notice.c.id))


class TestMaking:
    """`notices make`: who gets a letter, once, and who does not."""

    def test_a_letter_leads_to_its_own_case(self, make: Run, office: Office, tmp_path: Path) -> None:
        """Each letter is a page; its link opens its case until 90 days after the day it tells of; files are private."""
        cases = {f"R{n}": office.add_case(f"R{n}") for n in range(3)}

        said = make("R0", "R1", "R2").stdout

        assert "Letters made: 3." in said
        [letters] = (tmp_path / "out").glob("letters-*.html")
        assert 3 == letters.read_text().count("<section")
        assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()}
        for row in links(tmp_path):
            with office.site.store.read() as connection:
                found = find_token(connection, office.site, row["link"].removeprefix(f"{ADDRESS}/answer/"))
            assert found is not None
            assert (cases[row["reference"]], row["notice"]) == (found.case_id, found.notice_id)
            assert ("2016-07-16", 1_468_713_600_000) == (row["expires"], found.expires_ms)

    def test_nobody_gets_two(self, make: Run, office: Office, tmp_path: Path) -> None:
        """Made again it makes none; with --again another, and both links open; once the day is over it is due again."""
        office.add_case("R0")
        said = [make("R0").stdout, make("R0").stdout, make("R0", "--again").stdout]
        office.clock.advance(days=11)
        said.append(make("R0", day="2016-04-30").stdout)

        assert ["1.", "0.", "1.", "1."] == [text.split("Letters made: ")[1].split()[0] for text in said]
        assert "Told already of a day to come: 1; --again" in said[1]
        assert [True] * 3 == [opens(office, row) for row in links(tmp_path)]

    def test_all_due_takes_who_was_not_told(self, make: Run, office: Office) -> None:
        """Open cases that nobody has, of the lender named; those who have a notice are counted, not told again."""
        office.add_case("R0"), office.add_case("R1")
        office.assign(office.add_case("R2"), office.add_agent("a3"))
        make("R0")

        said = make("--all-due", "--lender", "lender").stdout

        assert "Letters made: 1." in said
        assert "Told already of a day to come: 1;" in said
        assert "Letters made: 0." in make("--all-due", "--lender", "another").stdout

    def test_who_may_not_be_told_is_refused_with_the_reason(self, make: Run, office: Office, tmp_path: Path) -> None:
        """Paid, closed, halted, represented, without an address, or asked not to be written to: no letter, and why."""
        cases = {f"R{n}": office.add_case(f"R{n}") for n in range(8)}
        site = office.site
        assigning.close_cases(site, [cases["R0"]], "paid")
        assigning.close_cases(site, [cases["R1"]], "closed")
        for name, reason in (("R2", HoldReason.REFUSAL), ("R3", HoldReason.REPRESENTATIVE)):
            holding.place_office_hold(site, cases[name], HoldScope.PERSON, reason, "Dana")
        [place] = [row.place_id for row in office.rows(tables.case.select()) if row.id == cases["R4"]]
        gone = tables.place.update().where(tables.place.c.id == place).values(address=" ")
        site.store.write(lambda connection: connection.execute(gone) and None)
        preferring.keep_wish(site, cases["R5"], Preference("not_by", value="letter"))
        preferring.keep_wish(site, cases["R6"], Preference("not_by", value="visit"))

        said = make(*cases).stdout

        reasons = {
            "R0": "is paid", "R1": "is closed", "R2": "is on hold (refuses visits)", "R3": "somebody speaks for",
            "R4": "has no address", "R5": "asked not to be written to", "R6": "asked not to be visited",
        }  # fmt: skip
        lines = {line.split()[1].rstrip(":"): line for line in said.splitlines() if line.startswith("  not ")}
        assert set(reasons) == set(lines)
        assert {} == {name: lines[name] for name, reason in reasons.items() if reason not in lines[name]}
        assert ["R7"] == [row["reference"] for row in links(tmp_path)]

    def test_a_plan_that_cannot_be_is_refused(self, make: Run, run: Run, office: Office, tmp_path: Path) -> None:
        """A day that is here already, hours that are none, nobody named, an agent who is gone: nothing is written."""
        office.add_case("R0")
        gone = tables.agent.update().where(tables.agent.c.code == "a2").values(status="left")
        hours = run("make", "R0", "--agent", "a1", "--day", "2016-04-17", "--hours", "12:00-10:00")

        assert "2016-04-07 is too soon for a letter sent today; name 2016-04-08" in str(
            make("R0", day="2016-04-07").exception
        )
        assert "'12:00-10:00' is no part of a day" in str(hours.exception)
        assert "Name cases, or --all-due" in str(make().exception)
        office.site.store.write(lambda connection: connection.execute(gone) and None)
        assert "a2: not active" in str(make("R0").exception)
        assert [] == notices(office)
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(("address", "sentence"), [("", "is not set"), ("visits.org", "does not begin with https")])
    def test_without_public_pages_there_are_no_letters(
        self, make: Run, office: Office, monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
    ) -> None:
        """The error names the setting and how to set it."""
        office.add_case("R0")
        monkeypatch.setenv("FAIRVISIT_PUBLIC_URL", address)

        said = str(make("R0").exception)

        assert sentence in said
        assert "FAIRVISIT_PUBLIC_URL" in said
        assert [] == notices(office)

    def test_papers_of_what_was_not_remembered_are_gone(self, make: Run, office: Office, tmp_path: Path) -> None:
        """A case that is given no notice after all leaves no letter behind: here the second file is in the way."""
        office.add_case("R0")
        (tmp_path / "out").mkdir()
        stamp = "20160407-033321"
        (tmp_path / "out" / f"links-{stamp}.csv").write_text("somebody's")

        said = make("R0")

        assert "is there already" in str(said.exception)
        assert [f"links-{stamp}.csv"] == [path.name for path in (tmp_path / "out").iterdir()]
        assert [] == notices(office)

    def test_neither_token_nor_code_is_kept(self, make: Run, office: Office, tmp_path: Path) -> None:
        """No row holds what is printed: not as text, not as bytes."""
        office.add_case("R0")
        make("R0")
        [letters] = (tmp_path / "out").glob("letters-*.html")
        code = letters.read_text().split('class="code">')[1][:9]
        token = links(tmp_path)[0]["link"].rsplit("/", 1)[1]
        rows = [*notices(office), *office.rows(answer_token.select())]
        kept = [value for row in rows for value in row]

        assert "-" == code[4]
        for secret in (code, code.replace("-", ""), token):
            assert [] == [value for value in kept if secret in str(value) or secret.encode().hex() in str(value)]
            assert [] == [value for value in kept if isinstance(value, bytes) and secret.encode() in value]


class TestSending:
    """`notices sent` and `returned`: what the contact log has of a notice."""

    def test_a_file_of_links_is_marked_once(self, make: Run, run: Run, office: Office, tmp_path: Path) -> None:
        """The contact holds what the letter holds, from the day's end; said again it is one; another day is refused."""
        office.add_case("R0"), office.add_case("R1")
        make("R0", "R1")
        [path] = map(str, (tmp_path / "out").glob("links-*.csv"))
        office.clock.advance(days=1)

        said = [run("sent", path, "--on", day).stdout for day in ("2016-04-07", "2016-04-07", "2016-04-08")]

        assert ["2, known before: 0.", "0, known before: 2.", "0, known before: 0."] == [
            text.splitlines()[0].removeprefix("Sent by letter: ") for text in said
        ]
        assert 2 == said[2].count("was sent by letter on 2016-04-07 already")
        contacts = office.rows(contact_log.select())
        assert [(1_460_073_600_000, "letter", "sent", list(CONTENT), "office")] * 2 == [
            (row.at_ms, row.channel, row.result, row.content, row.source) for row in contacts
        ]

    def test_a_message_goes_to_a_number_that_is_known(
        self, make: Run, run: Run, office: Office, tmp_path: Path
    ) -> None:
        """By sms it is a message to the person's phone; without a phone or for a day to come it is refused."""
        for reference in ("R0", "R1"):
            office.add_case(reference)
        known = tables.person.update().where(tables.person.c.name == "Person R0")
        phone = known.values(contacts={"phone": "+15550100"})
        office.site.store.write(lambda connection: connection.execute(phone) and None)
        make("R0", "R1")
        ids = [row["notice"] for row in links(tmp_path)]

        said = run("sent", *ids, "--on", "2016-04-07", "--by", "sms").stdout

        assert "Sent by sms: 1" in said
        assert "no phone is known" in said
        assert [("message", "+15550100")] == [(row.channel, row.number) for row in office.rows(contact_log.select())]
        assert "is still to come" in str(run("sent", *ids, "--on", "2016-04-08").exception)
        assert "was made on 2016-04-07" in run("sent", *ids, "--on", "2016-04-06").stdout

    @pytest.mark.parametrize(("media", "is_open"), [(("letter",), False), (("letter", "sms"), True)])
    def test_a_letter_that_came_back_opens_nothing(
        self, make: Run, run: Run, office: Office, tmp_path: Path, media: tuple[str, ...], is_open: bool
    ) -> None:
        """By the number in its window; its code is forgotten, its link too unless a message carries it as well."""
        office.add_case("R0")
        phone = tables.person.update().values(contacts={"phone": "+15550100"})
        office.site.store.write(lambda connection: connection.execute(phone) and None)
        make("R0")
        [row] = links(tmp_path)
        before = run("returned", row["notice"][-8:], "--on", "2016-04-07").stdout
        for medium in media:
            run("sent", row["notice"][-8:], "--on", "2016-04-07", "--by", medium)
        office.clock.advance(days=3)

        said = [run("returned", row["notice"][-8:], "--on", day).stdout for day in ("2016-04-09", "2016-04-10")]

        assert "was not sent by letter" in before
        assert ["1, known before: 0.", "0, known before: 1."] == [
            text.splitlines()[0].removeprefix("Came back: ") for text in said
        ]
        assert is_open == opens(office, row)
        [kept] = notices(office)
        assert ("2016-04-09", None, None) == (kept.returned_on, kept.code_key, kept.code_salt)
        results = {each.channel: each.result for each in office.rows(contact_log.select())}
        assert "returned" == results.pop("letter")
        assert {"sent"} >= set(results.values())
        assert "came back on 2016-04-09" in run("sent", row["notice"], "--on", "2016-04-10").stdout
        assert "Letters made: 1." in make("R0").stdout

    def test_the_list_tells_what_became_of_each(self, make: Run, run: Run, office: Office, tmp_path: Path) -> None:
        """The newest first; an unknown number is named, a file of something else too."""
        assert "No notice was made yet" in run("list").stdout
        office.add_case("R0"), office.add_case("R1")
        make("R0")
        make("R1")
        [first, second] = [row["notice"] for row in links(tmp_path)]
        run("sent", first, "--on", "2016-04-07")
        other = tmp_path / "other.csv"
        other.write_text("a,b\n1,2\n")

        lines = [line.split() for line in run("list").stdout.splitlines()[1:]]

        assert [[second[-8:], "lender", "R1"], [first[-8:], "lender", "R0"]] == [line[:3] for line in lines]
        assert ["letter", "2016-04-07", "-"] == lines[1][-3:]
        assert [] == run("list", "--lender", "x", "--json").stdout.strip("[]\n ").split()
        assert "feedfeed: is no notice" in str(run("sent", "feedfeed", "--on", "2016-04-07").exception)
        assert "has no column 'notice'" in str(run("sent", str(other), "--on", "2016-04-07").exception)


class TestEnding:
    """What is left of papers when a case is over."""

    @pytest.mark.parametrize(("status", "is_open"), [("paid", True), ("closed", False)])
    def test_a_case_that_is_over_keeps_no_code(
        self, make: Run, office: Office, tmp_path: Path, status: str, is_open: bool
    ) -> None:
        """Whoever paid can still complain and look; of a closed case the token goes as well. Others' papers stay."""
        cases = [office.add_case("R0"), office.add_case("R1")]
        make("R0", "R1")

        assigning.close_cases(office.site, cases[:1], status)

        assert [is_open, True] == [opens(office, row) for row in links(tmp_path)]
        assert [True, False] == [row.code_key is None for row in sorted(notices(office), key=lambda row: row.case_id)]

    def test_erasing_leaves_only_that_there_was_a_notice(
        self, make: Run, run: Run, office: Office, tmp_path: Path
    ) -> None:
        """Tokens, codes and the number our message went to are gone; what was told and when stays, to judge by."""
        case_id = office.add_case("R0")
        phone = tables.person.update().values(contacts={"phone": "+15550100"})
        office.site.store.write(lambda connection: connection.execute(phone) and None)
        make("R0")
        [row] = links(tmp_path)
        run("sent", row["notice"], "--on", "2016-04-07", "--by", "sms")

        office.site.store.write(lambda c: notice_sending.forget_papers(c, office.site, [case_id]))

        [kept], [contact] = notices(office), office.rows(contact_log.select())
        assert not opens(office, row)
        assert (None, None, {"sms": "2016-04-07"}) == (kept.code_key, kept.code_salt, kept.sent)
        assert ("", "sent", list(CONTENT)) == (contact.number, contact.result, contact.content)


class TestSlips:
    """`notices slips`: what is left, sealed, where nobody was met."""

    def test_a_slip_has_a_token_of_its_own(self, make: Run, run: Run, office: Office, tmp_path: Path) -> None:
        """For each case an agent leads; the letter's link goes on working; nobody's case gets none."""
        agent_id = next(row.id for row in office.rows(tables.agent.select()) if row.code == "a1")
        case_id = office.add_case("R0")
        office.add_case("R1")
        make("R0")
        office.assign(case_id, agent_id)
        out = str(tmp_path / "slips")

        said = [run("slips", "--agent", "a1", "--out", out).stdout, run("slips", "R1", "--out", out).stdout]

        assert "Slips made: 1." in said[0]
        assert "not R1: is with nobody who could leave a slip" in said[1]
        [path] = Path(out).glob("slips-*.html")
        page = path.read_text()
        assert 2 == page.count("<section")
        token = page.split("/answer/<wbr><span>")[1].split("<")[0]
        with office.site.store.read() as connection:
            found = find_token(connection, office.site, token)
        assert found is not None
        assert (case_id, None) == (found.case_id, found.notice_id)
        assert [True] == [opens(office, row) for row in links(tmp_path)]

    def test_no_slip_where_the_case_is_over_or_halted(self, run: Run, office: Office, tmp_path: Path) -> None:
        """A hold stops slips as it stops letters."""
        agent_id = next(row.id for row in office.rows(tables.agent.select()) if row.code == "a1")
        case_id = office.add_case("R0")
        office.assign(case_id, agent_id)
        holding.place_office_hold(office.site, case_id, HoldScope.CASE, HoldReason.REPRESENTATIVE, "Dana")

        said = run("slips", "R0", "--out", str(tmp_path / "out")).stdout

        assert "Slips made: 0." in said
        assert "write to them, not to the person" in said
        assert "Name cases, or an agent" in str(run("slips").exception)
