"""The door at the command line: the words to say in their order, identity without disclosing, normal ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_sync import Device
from agent_sync.rules_door import MOST_TRIES
from agent_sync.store import Store
from schemas import sealing
from schemas.errors import FieldError
from tests.unit.device.builders import CASE, packet_body
from tests.unit.device.fake_server import FakeServer
from tests.unit.device.test_cli import FAR_MS, SHORT, Terminal, bridge
from tests.unit.device.test_transport import serving

SECRET = {"lender": "Zebra Bank", "reference": "LN-778", "currency": "USD", "amount": 987_654}
STATEMENT = {"key": "purpose_stated", "version": "9-law", "language": "und", "text": "XX-1: the words of a law"}
ASKS = [
    {"fact": "birth_year", "choices": ["1971", "1974", "1980"]},
    {"fact": "phone_end", "choices": ["04", "17", "38"]},
]
KEYS = ("card_shown", "identity", "principal_named", "purpose_stated", "someone_else", "declined", "leave")
Open = Callable[..., Terminal]


def texts() -> list[dict[str, str]]:
    """Give a text in both languages for each key, with the places that a device fills in."""
    return [
        {"key": key, "version": f"1-{key[:4]}", "language": tongue, "text": f"<{key} {tongue} {{name}} {{principal}}>"}
        for tongue in ("en", "zh")
        for key in KEYS
    ]  # fmt: skip


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Open]:
    """Give an enrolled command line with one sealed packet that a code, two facts or a document open."""
    server = FakeServer()
    held: Any = {"longest_stay_ms": 1_800_000, "steps": ["card_shown"], "recording": {"audio": "only_with_consent"}}
    body = packet_body(FAR_MS, **held)
    body["open"] |= {"texts": texts()}
    pair = sealing.WrapKey("two_facts", b"s" * 16, 10, sealing._derive(b'["1974","38"]', b"s" * 16, 10), ASKS)
    ways = [("letter_code", sealing.letter_secret("K7-42"))]
    rev, noise = 2, iter(range(1, 200))

    def random(size: int) -> bytes:
        return bytes([next(noise)] * size)

    content = SECRET | {"texts": [STATEMENT]}
    body["sealed"] = sealing.seal(content, CASE, rev, ways, random, document=True, iterations=10, ready=[pair])
    server.put("packet", CASE, body, rev=rev)
    with serving(lambda request: bridge(server, request)) as url:

        def enrolled(name: str = "a") -> Terminal:
            folder = tmp_path / name
            folder.mkdir()
            opened = Terminal(folder, server, url)
            opened.said("enrol", "CODE-1", "--server", url)
            opened.said("exchange")
            return opened

        yield enrolled


def bodies(opened: Terminal, kind: str) -> list[dict[str, Any]]:
    """Send what is recorded and give the bodies of one kind."""
    opened.said("exchange")
    return opened.bodies(kind)


def typed(*answers: str) -> str:
    """Give what a person types."""
    return "\n".join(answers) + "\n"


def test_the_words_come_in_order_and_the_steps_bear_their_versions(terminal: Open) -> None:
    """Leave-by time, card, identity, principal with its name, purpose with the sealed statement, outcome, goodbye."""
    opened = terminal()
    answers = ["", "person", "given", "-", "letter_code", "k7 42", *["given"] * 4, "none", "", "refused", "n",
               "completed", ""]  # fmt: skip
    said = opened.said("visit", SHORT, typed=typed(*answers))
    order = ["Leave by", "<card_shown en", "<identity en A. Person", "Saved: identity checked", "Zebra Bank",
             "<principal_named en A. Person Zebra Bank>", "<purpose_stated en", "the words of a law",
             "Saved: outcome noted", "<leave en"]  # fmt: skip
    places = [said.index(each) for each in order]

    assert sorted(places) == places
    assert "zh" not in said
    versions = {body["step"]: body["text_version"] for body in bodies(opened, "step_done")}
    assert ("1-card", "1-purp+9-law", "none") == tuple(
        versions[step] for step in ("card_shown", "purpose_stated", "options_given")
    )


def test_a_packet_says_what_holds_of_recording_and_keeps_its_words_for_the_door(terminal: Open) -> None:
    """`show` names the duty and counts the texts; read out they are where they belong."""
    said = terminal().said("show", SHORT)

    assert "Recording sound: only with consent" in said
    assert "7 texts, shown step by step" in said
    assert "<principal_named" not in said


@pytest.mark.parametrize(("response", "asked"), [("given", ["y"]), ("refused", [])])
def test_it_records_only_once_the_person_agreed(terminal: Open, response: str, asked: list[str]) -> None:
    """The notice's answer is the consent: after a no nobody is asked whether it records, and why is shown."""
    opened = terminal()
    answers = ["", "person", "given", response, *asked, "declined", "", "n", "completed", ""]
    said = opened.said("visit", SHORT, typed=typed(*answers))
    started = [{"state": "started", "medium": "audio"}] if asked else []

    assert started == bodies(opened, "recording_changed")
    assert ("has not agreed" in said) == (not asked)


def test_the_script_speaks_the_language_that_is_asked_for(terminal: Open) -> None:
    """Where a packet has both, the command's choice decides."""
    said = terminal().said("--language", "zh", "visit", SHORT, typed=typed("", "other_adult", "given", "none", "", "n",
                                                                           "completed", ""))  # fmt: skip

    assert ("<someone_else zh" in said, "<someone_else en" in said) == (True, False)


def test_somebody_else_hears_the_neutral_words_only(terminal: Open) -> None:
    """No identity is asked for, nothing sealed is shown, and the visit ends as any other."""
    opened = terminal()
    answers = typed("", "other_adult", "given", "none", "", "n", "completed", "")
    said = opened.said("visit", SHORT, typed=answers)

    assert "<someone_else en" in said
    assert not [word for word in ("Zebra", "LN-778", "987654", "<identity", "<purpose") if word in said]
    assert [] == bodies(opened, "identity_checked")


def test_declining_is_a_normal_end(terminal: Open) -> None:
    """What to say then is shown, no step of the matter is asked for, and the visit is completed."""
    opened = terminal()
    said = opened.said("visit", SHORT, typed=typed("", "person", "given", "-", "declined", "", "n", "completed", ""))

    assert "<declined en" in said
    assert "<principal" not in said
    assert [{"identity": "declined"}] == bodies(opened, "identity_checked")
    assert ["completed"] == [body["reason"] for body in opened.bodies("visit_ended")]


def test_two_facts_are_asked_as_which_of_these(terminal: Open) -> None:
    """The choices are shown, never the answer; three that do not fit end this way, and a document is left."""
    opened = terminal()
    wrong = ["two_facts", "1974", "none"]
    answers = ["", "person", "given", "-", *wrong, *wrong, *wrong, "two_facts", "document_seen", "passport", "y"]
    said = opened.said("visit", SHORT, typed=typed(*answers, *["given"] * 4, "none", "", "given", "n", "completed", ""))
    checks = [(body["identity"], body["method"], body["tries"]) for body in bodies(opened, "identity_checked")
              if "tries" in body]  # fmt: skip

    assert "year of birth: 1971, 1974, 1980, none" in said
    assert "0 tries left" in said
    assert "'two_facts' is not" in said
    assert [("failed", "two_facts", n) for n in (1, 2, 3)] == checks
    assert ["passport"] == [b["document_kind"] for b in opened.bodies("identity_checked") if "document_kind" in b]


def test_by_flags_what_was_said_is_checked(terminal: Open) -> None:
    """Facts and a code are held against the packet, whatever the agent would have written down."""
    opened = terminal()
    for words in (["--fact", "1971", "--fact", "38"], ["--fact", "1974", "--fact", "38"], ["--code", "K7-42"]):
        opened.said("visit", SHORT, "--contact", "person", "--step", "card_shown", *words)

    assert [("failed", "two_facts"), ("confirmed", "two_facts"), ("confirmed", "letter_code")] == [
        (body["identity"], body["method"]) for body in bodies(opened, "identity_checked")
    ]


def test_a_restart_gives_no_further_try(terminal: Open) -> None:
    """Each try is made by a program of its own; after the third even the right answer is not looked at."""
    path = terminal().folder / "device.db"
    with Device(path) as device:
        visit_id = device.record("visit_started", CASE, None, {"fixes": []}).visit_id
    assert visit_id is not None
    for _ in range(MOST_TRIES):
        with Device(path) as device:
            assert not device.check_identity(CASE, visit_id, "two_facts", answers=["1971", "38"])
    with Device(path) as device, pytest.raises(FieldError, match="tried 3 times"):
        device.check_identity(CASE, visit_id, "two_facts", answers=["1974", "38"])
    with Device(path) as device:
        assert device.check_identity(CASE, visit_id, "letter_code", "K7-42")


def test_nothing_sealed_is_in_the_store_before_identity(terminal: Open) -> None:
    """Done-when 5: lender, amount, reference and the private words are in no byte of the store, nor after opening."""
    path = terminal().folder / "device.db"
    secrets = [str(each).encode() for each in (*SECRET.values(), STATEMENT["text"]) if each != "USD"]

    def found(store: Store) -> list[bytes]:
        held = b"".join(each.read_bytes() for each in path.parent.rglob("*") if each.is_file())  # with the WAL
        for table in [row["name"] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]:
            held += repr(store.rows(f'SELECT * FROM "{table}"')).encode()
        assert b"A. Person" in held
        return [secret for secret in secrets if secret in held]

    with Device(path) as device:
        assert [] == found(device.store)
        visit_id = str(device.record("visit_started", CASE, None, {"fixes": []}).visit_id)
        device.check_identity(CASE, visit_id, "letter_code", "K7-42")
        assert SECRET["lender"] == device.open_sealed(CASE, visit_id, "letter_code", "K7-42")["lender"]
        assert [] == found(device.store)
