"""The `agent-sync` command: what it does and what it says, against the fake server behind a real socket."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from agent_sync import cli, cli_words
from agent_sync.store import Store
from agent_sync.views import Status
from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.messages import Quota, format_time
from tests.unit.device.builders import CASE, packet_body
from tests.unit.device.fake_server import FakeServer, an_id
from tests.unit.device.test_capturing import SECRET, a_photo
from tests.unit.device.test_transport import serving

FAR_MS = 4_000_000_000_000
SHORT = CASE[-8:]


class Terminal:
    """A command line with a store of its own and a server behind a socket."""

    def __init__(self, folder: Path, server: FakeServer, url: str) -> None:
        self.folder, self.server, self.url = folder, server, url

    def run(self, *words: str, typed: str = "") -> Result:
        """Run one command."""
        return CliRunner().invoke(cli.main, ["--store", str(self.folder / "device.db"), *words], input=typed)

    def said(self, *words: str, typed: str = "") -> str:
        """Run one command that goes well; give what it said."""
        result = self.run(*words, typed=typed)
        assert 0 == result.exit_code, result.output
        return result.output

    def bodies(self, kind: str) -> list[dict[str, object]]:
        """Give the bodies of one kind of event that the server received."""
        return [content["body"] for content in self.contents(kind)]

    def contents(self, kind: str) -> list[dict[str, Any]]:
        """Give the events of one kind that the server received."""
        contents = [canonical.read(content) for content in self.server.contents.values() if content]
        return [content for content in contents if content["kind"] == kind]


def bridge(server: FakeServer, request: BaseHTTPRequestHandler) -> None:
    """Let the fake server answer a request from a socket."""
    body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
    try:
        answer = server.send(request.command, request.path, dict(request.headers.items()), body)
    except FieldError:
        request.close_connection = True
        return
    request.send_response(answer.status)
    for name, value in answer.headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(answer.body)))
    request.end_headers()
    request.wfile.write(answer.body)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Give an enrolled command line with one packet."""
    server = FakeServer()
    server.put("packet", CASE, packet_body(FAR_MS))
    with serving(lambda request: bridge(server, request)) as url:
        terminal = Terminal(tmp_path, server, url)
        terminal.said("enrol", "CODE-1", "--server", url)
        terminal.said("exchange")
        yield terminal


def test_the_device_needs_nothing_of_the_servers() -> None:
    """What `pip install .[device]` brings is enough: no web framework, no SQLAlchemy, no compiled checks are loaded."""
    code = (
        "import sys, agent_sync.cli, agent_sync.rehearsal;"
        "print(sorted({'flask', 'sqlalchemy', 'apispec', 'jsonschema_rs', 'server'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "[]" == loaded.strip()


class TestBeginning:
    """Before there is anything."""

    def test_a_new_device_is_told_how_to_begin(self, tmp_path: Path) -> None:
        """Every command says the next step."""
        terminal = Terminal(tmp_path, FakeServer(), "")

        assert "agent-sync enrol CODE" in terminal.said("status")
        assert "agent-sync enrol CODE" in terminal.run("exchange").output
        assert "agent-sync exchange" in terminal.said("packets")

    def test_without_a_server_enrolment_asks_for_its_address(self, tmp_path: Path) -> None:
        """The refusal names the option."""
        result = Terminal(tmp_path, FakeServer(), "").run("enrol", "CODE-1")

        assert (1, True) == (result.exit_code, "--server" in result.output)

    def test_enrolling_names_the_agent(self, tmp_path: Path) -> None:
        """So that a person sees whose device this is."""
        server = FakeServer()
        with serving(lambda request: bridge(server, request)) as url:
            said = Terminal(tmp_path, server, url).said("enrol", "CODE-1", "--server", url)

        assert "agent 12 (An Agent)" in said

    def test_awaiting_approval_need_not_be_waited_for(self, tmp_path: Path) -> None:
        """--no-wait returns; the code can be sent again."""
        server = FakeServer(needs_approval=True)
        with serving(lambda request: bridge(server, request)) as url:
            said = Terminal(tmp_path, server, url).said("enrol", "CODE-1", "--server", url, "--no-wait")

        assert "approve" in said


class TestVisit:
    """Recording a visit in three ways."""

    def test_by_flags_a_whole_visit_in_one_line(self, terminal: Terminal) -> None:
        """Check-in, identity, steps, outcome, check-out; and nothing of it was sent yet."""
        said = terminal.said(
            "visit",
            SHORT,
            "--contact",
            "person",
            "--identity",
            "confirmed",
            "--method",
            "document_seen",
            "--step",
            "card_shown",
            "--step",
            "payment_answer=refused",
            "--outcome",
            "promise",
            "--promise",
            "120000 USD 2026-12-01",
            "--fix",
            "37.7749,-122.4194,9",
            "--note",
            "at the gate",
        )
        assert "6 records" in said
        assert "1 visit (6 records) is saved on this device" in terminal.said("status")

        terminal.said("exchange")
        assert [
            "chain_opened",
            "visit_started",
            "step_done",
            "identity_checked",
            "outcome_noted",
            "step_done",
            "visit_ended",
        ] == terminal.server.kinds()
        assert [{"amount": 120000, "currency": "USD", "due": "2026-12-01"}] == [
            body["promise"] for body in terminal.bodies("outcome_noted")
        ]
        assert [["card_shown", "given"], ["payment_answer", "refused"]] == [
            [body["step"], body["response"]] for body in terminal.bodies("step_done")
        ]

    def test_by_prompts_step_by_step(self, terminal: Terminal) -> None:
        """Each answer is saved before the next question."""
        answers = [
            "37.7749,-122.4194,9",
            "person",
            "given",
            "-",
            "document_seen",
            "passport",
            "y",  # at the door
            "given",
            "given",
            "given",
            "given",
            "refuses",
            "not today",
            "refused",  # the matter
            "y",
            "refusal",
            "completed",
            "",
        ]
        said = terminal.said("visit", "Balmy", typed="\n".join(answers) + "\n")
        terminal.said("exchange")

        assert said.index("Saved: visit started") < said.index("Who is at the door?")
        assert ["person", "refuses"] == [
            terminal.bodies("outcome_noted")[0][name] for name in ("contact_result", "disposition")
        ]
        assert [{"reason": "refusal", "scope": "person"}] == terminal.bodies("hold_placed")
        assert [{"fixes": [], "no_fix_reason": "unavailable", "reason": "completed"}] == terminal.bodies("visit_ended")
        assert 6 == len(terminal.bodies("step_done"))

    def test_nobody_at_home_is_a_short_visit(self, terminal: Terminal) -> None:
        """No identity, no steps, no disposition is asked for."""
        said = terminal.said("visit", SHORT, typed="\nnobody\ndark windows\nn\ncompleted\n" + "\n")

        assert "identity" not in said.lower()
        assert "3 records" in said

    def test_from_a_file_and_what_is_blocked_says_what_is_saved(self, terminal: Terminal) -> None:
        """Events in order; a blocked one ends it, naming the visit to go on with."""
        events = [
            {"kind": "visit_started", "body": {"fixes": []}},
            {"kind": "outcome_noted", "body": {"contact_result": "nobody", "disposition": "promise"}},
        ]
        path = terminal.folder / "visit.json"
        path.write_bytes(orjson.dumps({"events": events}))
        refused = terminal.run("visit", SHORT, "--file", str(path))
        assert (1, True) == (refused.exit_code, "1 records of visit" in refused.output)

        visit_id = refused.output.partition("records of visit ")[2].split()[0]
        events = [
            {"kind": "outcome_noted", "body": {"contact_result": "nobody", "disposition": "none"}},
            {"kind": "visit_ended", "body": {"fixes": [], "reason": "completed"}},
        ]
        path.write_bytes(orjson.dumps({"events": events}))
        assert "2 records" in terminal.said("visit", SHORT, "--visit", visit_id, "--file", str(path))

    def test_a_file_that_is_no_visit_saves_nothing(self, terminal: Terminal) -> None:
        """The sentence says so."""
        path = terminal.folder / "visit.json"
        path.write_text("[]")

        assert "Nothing was saved" in terminal.run("visit", SHORT, "--file", str(path)).output

    def test_a_file_is_attached(self, terminal: Terminal) -> None:
        """It travels after the events, and is verified."""
        letter = terminal.folder / "letter.pdf"
        letter.write_bytes(b"a letter")
        terminal.said("visit", SHORT, "--contact", "nobody", "--attach", str(letter))
        said = terminal.said("exchange")

        assert "1 file sent" in said
        assert [b"a letter"] == [bytes(kept) for _, _, kept in terminal.server.uploads.values()]

    def test_a_picture_that_is_attached_loses_its_place_too(self, terminal: Terminal) -> None:
        """Whichever way a photo comes in, it is made anew."""
        photo = a_photo(terminal.folder / "photo.jpg", (64, 64))
        terminal.said("visit", SHORT, "--contact", "nobody", "--attach", str(photo))
        terminal.said("exchange")

        ((_, _, kept),) = terminal.server.uploads.values()
        assert b"\xff\xd8" == kept[:2]
        assert SECRET not in kept

    @pytest.mark.parametrize(
        "words",
        [
            ["--promise", "much", "--contact", "person", "--outcome", "promise"],
            ["--fix", "here", "--contact", "nobody"],
        ],
    )
    def test_what_cannot_be_read_is_said_with_an_example(self, terminal: Terminal, words: list[str]) -> None:
        """No trace, no code alone."""
        result = terminal.run("visit", SHORT, *words)

        assert (1, True) == (result.exit_code, "as in" in result.output)

    def test_a_case_is_found_by_its_end_or_its_address_and_never_guessed(self, terminal: Terminal) -> None:
        """Two that fit are listed; none says where to look."""
        terminal.server.put("packet", an_id(101), packet_body(FAR_MS))
        terminal.said("exchange")

        assert "3 Balmy St" in terminal.said("show", SHORT)
        assert "2 packets" in terminal.run("show", "balmy").output
        assert "agent-sync packets" in terminal.run("show", "Hill Rd").output


class TestSaying:
    """What is said of sending."""

    def test_without_network_it_says_what_is_safe(self, terminal: Terminal) -> None:
        """What happened, what is safe, what to do; exit status 1."""
        terminal.said("visit", SHORT, "--contact", "nobody")
        terminal.server.faults.append("captive")
        result = terminal.run("exchange")

        assert 1 == result.exit_code
        assert "No network" in result.output
        assert "1 visit (3 records) is saved on this device" in result.output

    def test_parked_events_are_named_with_their_reason(self, terminal: Terminal) -> None:
        """Refused work is seen on the device, in both languages."""
        terminal.server.judge = lambda content: "not-assigned"
        terminal.said("visit", SHORT, "--contact", "nobody")

        assert "never assigned" in terminal.said("exchange")
        assert "visit started: is about a case never assigned to this agent" in terminal.said("status")
        assert "到访开始" in terminal.said("--language", "zh", "status")

    def test_what_goes_as_a_file_waits_for_nobody(self, terminal: Terminal) -> None:
        """X3, E8: content too large for a batch is no work for a person, and is not named once it has come."""
        terminal.said("visit", SHORT, "--contact", "nobody")
        store = Store(terminal.folder / "device.db")
        with store.transaction():
            store.put("quota", Quota(max_event_bytes=100).to_wire())
        store.close()
        said = terminal.said("exchange")

        assert "3 records received but for the content, which goes as a file." in said
        [*parked] = orjson.loads(terminal.said("status", "--json"))["parked"]
        assert ["accepted"] * 3 == [each["replayed"] for each in parked]
        waiting = [{"kind": "visit_started", "problem": "withheld"}]
        under_way = Status("enrolled", "live", "d", {}, "c", 1, 0, 0, 3, 0, waiting)
        told = [*cli_words.say_status(under_way, "en")]
        assert "Received but for its content, which goes as a file: visit started" in told
        assert "content" not in terminal.said("status")
        assert "et aside" not in "".join([*told, terminal.said("status"), said])

    def test_json_is_for_programs(self, terminal: Terminal) -> None:
        """Every listing has it."""
        assert [CASE] == [view["case_id"] for view in orjson.loads(terminal.said("packets", "--json"))]
        assert "enrolled" == orjson.loads(terminal.said("status", "--json"))["stage"]
        assert orjson.loads(terminal.said("exchange", "--json"))["ok"]
        assert CASE == orjson.loads(terminal.said("show", SHORT, "--json"))["case_id"]

    def test_a_damaged_store_is_said_not_traced(self, tmp_path: Path) -> None:
        """A file that is no store ends with a sentence."""
        (tmp_path / "device.db").write_bytes(b"not a database" * 100)
        result = Terminal(tmp_path, FakeServer(), "").run("status")

        assert (1, True) == (result.exit_code, "cannot be read" in result.output)

    def test_watch_waits_while_another_program_exchanges(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """store-locked is no end: it tries again a little later."""
        waits: list[float] = []
        store = Store(terminal.folder / "device.db")
        lock = store.exchange_lock()
        lock.__enter__()

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 1:
                lock.__exit__(None, None, None)
            terminal.server.gone = len(waits) == 2

        monkeypatch.setattr(cli.time, "sleep", sleep)
        terminal.run("exchange", "--watch")
        store.close()

        assert [cli.BUSY_S, 900.0] == waits

    def test_watch_goes_on_until_withdrawn(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        """It exchanges again after each wait, and stops when the device is gone."""
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            terminal.server.gone = len(waits) == 2

        monkeypatch.setattr(cli.time, "sleep", sleep)
        result = terminal.run("exchange", "--watch")

        assert [900.0, 900.0] == waits
        assert "withdrawn" in result.output

    def test_the_statement_balances_and_is_signed(self, terminal: Terminal) -> None:
        """Counts on the terminal, the JWS in a file."""
        terminal.said("visit", SHORT, "--contact", "nobody")
        terminal.said("exchange")
        out = terminal.folder / "statement.jws"
        said = terminal.said("statement", "--out", str(out))
        payload = signing.verify(out.read_text().strip(), signing.load_public(terminal.server.jwk or {}), "statement")

        assert "4 recorded, 4 sent, 4 accepted" in said
        assert 4 == payload["accepted"]

    def test_the_outbox_is_exported(self, terminal: Terminal) -> None:
        """With the count, and that nothing was deleted."""
        terminal.said("visit", SHORT, "--contact", "nobody")
        said = terminal.said("export-outbox", str(terminal.folder / "outbox.json"))

        assert "3 records" in said
        assert "Nothing was deleted" in said
        assert "Not in it" not in said

    def test_an_export_says_that_photos_are_not_in_it(self, terminal: Terminal) -> None:
        """T1: captured files stay on the device until the server takes from it; whoever exports is told to keep it."""
        photo = a_photo(terminal.folder / "photo.jpg", (64, 64))
        terminal.said("visit", SHORT, "--contact", "nobody", "--attach", str(photo))
        said = terminal.said("export-outbox", str(terminal.folder / "outbox.json"))
        terminal.said("exchange")
        later = terminal.said("export-outbox", str(terminal.folder / "later.json"))

        assert "Not in it: 1 file (photos, signatures, recordings)." in said
        assert "keep the device" in said
        assert "Not in it" not in later

    def test_the_doctor_speaks(self, terminal: Terminal) -> None:
        """Well is exit 0; an ill device is exit 1 with a sentence."""
        terminal.server.now_ms = FAR_MS - 86_400_000
        said = terminal.run("doctor").output
        assert "✔ store" in said

        (terminal.folder / "device.db.key").chmod(0o644)
        result = terminal.run("doctor")
        assert (1, True) == (result.exit_code, "chmod 600" in result.output)


class TestOthers:
    """Proposals, answers, contests."""

    def test_a_proposal_carries_what_the_packet_said(self, terminal: Terminal) -> None:
        """Base from the packet, new from the agent."""
        terminal.said("propose", SHORT, "phone", "+1 555 0101")
        terminal.said("exchange")

        assert [{"changes": [{"field": "phone", "base": "+1 555 0100", "new": "+1 555 0101"}]}] == terminal.bodies(
            "contact_proposed"
        )

    def test_a_question_is_shown_and_answered(self, terminal: Terminal) -> None:
        """The decision's question is in `status`; the answer goes back with its id."""
        decision = an_id(900)
        terminal.server.put(
            "decision",
            decision,
            {
                "case_id": CASE,
                "visit_id": an_id(901),
                "act": "returned",
                "at": format_time(FAR_MS),
                "question": "Which gate?",
            },
        )
        terminal.said("exchange")
        assert "Which gate?" in terminal.said("status")

        terminal.said("answer", decision[-8:], "The left one.")
        terminal.said("exchange")
        assert [{"decision_id": decision, "answer": "The left one."}] == terminal.bodies("question_answered")

    def test_a_finding_is_contested(self, terminal: Terminal) -> None:
        """With its reason."""
        terminal.said("contest", an_id(902), "The lift was out of order.")
        terminal.said("exchange")

        assert [{"finding_id": an_id(902), "reason": "The lift was out of order."}] == terminal.bodies(
            "finding_contested"
        )

    def test_a_question_nobody_asked_is_not_answered(self, terminal: Terminal) -> None:
        """The refusal says where questions are listed."""
        assert "agent-sync status" in terminal.run("answer", "00000000", "yes").output
