"""Delivering to a real receiver: signed, at least once, tried again later and later, given up, replayed."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.domain.webhooks import BACK_OFF_S, IN_ALL_S, JITTER, TRIES
from server.services import posting, webhooks
from server.services.delivering import LOST_MS, Sender, keep_answer
from server.storage import webhook_rows
from server.storage.webhook_tables import delivery, webhook
from tests.contract.office.desk import Desk
from tests.contract.office.receivers import hook, is_from_fairvisit, receiving, send_all, viewer_of
from tests.contract.office.visits import carrier, visit
from tests.office import Office, opened_office

PATIENCE_S = 60


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """A rehearsal, whose webhooks may lead to the machine itself."""
    with opened_office(database_url, tmp_path, public_url="http://localhost") as opened:
        yield opened


def only(office: Office) -> Any:
    """Give the only delivery."""
    [row] = office.rows(delivery.select())
    return row


def test_a_message_is_signed_and_a_receiver_can_tell(desk: Desk) -> None:
    """The ten lines that README gives receivers take it; another secret, body or hour they do not."""
    office = desk.office
    with receiving() as receiver:
        webhook_id = hook(desk, receiver.url, "visit.created")
        visit_id = visit(office, carrier(office), "R1")
        send_all(office)
    [got] = receiver.got
    secret, header = webhooks.secret_of(office.site, webhook_id), got.headers["Fairvisit-Signature"]
    now_s, row = office.clock() / 1000, only(office)

    assert is_from_fairvisit(header, got.body, secret, now_s)
    assert not is_from_fairvisit(header, got.body, "0" * 64, now_s)
    assert not is_from_fairvisit(header, got.body.replace(b"created", b"changed"), secret, now_s)
    assert not is_from_fairvisit(header, got.body, secret, now_s + 600)
    assert ("application/json", "visit.created", row.id) == (
        got.headers["Content-Type"], got.headers["Fairvisit-Event"], got.headers["Fairvisit-Delivery"]
    )  # fmt: skip
    assert (row.id, row.seq, visit_id, office.agency_id, f"/office/visits/{visit_id}", "awaiting_review") == tuple(
        got.said[name] for name in ("id", "seq", "visit_id", "agency_id", "address", "state")
    )
    assert ("done", 1, 200, None) == (row.state, row.tries, row.last_status, row.problem)


def test_a_failure_is_tried_again_later_and_later_then_it_is_dead_and_can_be_replayed(desk: Desk) -> None:
    """By the test's clock: not a second too early; each time the same message; a person sends it anew."""
    office = desk.office
    desk.add("admin")
    with receiving() as receiver:
        receiver.answers = [(500, {})]
        webhook_id = hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        for tries, wait_s in enumerate(BACK_OFF_S, start=1):
            send_all(office)
            row = only(office)
            least_ms, most_ms = wait_s * 1000, round(wait_s * 1000 * (1 + JITTER))
            assert ("waiting", tries, 500) == (row.state, row.tries, row.last_status)
            assert least_ms <= row.next_ms - office.clock() <= most_ms
            office.clock.ms = row.next_ms - 1
            send_all(office)
            assert tries == len(receiver.got)
            office.clock.advance(seconds=0.001)
        send_all(office)
        row, listed = only(office), desk.open("admin").get(f"/webhooks/{webhook_id}?state=dead")
        office.clock.advance(days=365)
        send_all(office)
        assert ("dead", TRIES, None, TRIES) == (row.state, row.tries, row.next_ms, len(receiver.got))
        browser = desk.open("admin")
        receiver.answers = [(204, {})]
        said = browser.follow(f"/webhooks/{webhook_id}/deliveries/{row.id}/replay")
        send_all(office)

    assert "visit.created" in listed
    assert "1 message is sent anew." in said
    assert "nothing dead here" in browser.follow(f"/webhooks/{webhook_id}/deliveries/{row.id}/replay")
    assert ("done", 1, 204) == (only(office).state, only(office).tries, only(office).last_status)
    assert 1 == len({each.body for each in receiver.got})
    assert 7 * 3600 < IN_ALL_S < 8 * 3600


def test_all_that_is_dead_is_replayed_at_once(desk: Desk) -> None:
    """One button for all of them; in their order."""
    office, browser = desk.office, desk.sign_in("admin")
    with receiving() as receiver:
        webhook_id = hook(desk, receiver.url, "visit.created")
        for reference in ("R1", "R2"):
            visit(office, carrier(office, reference), reference)
        dead = delivery.update().values(state="dead", next_ms=None, tries=TRIES, ended_ms=office.clock())
        office.site.store.write(lambda connection: connection.execute(dead) and None)
        page = browser.get(f"/webhooks/{webhook_id}")
        said = browser.follow(f"/webhooks/{webhook_id}/replay")
        send_all(office)

    assert "Replay all 2 that are dead" in page
    assert "2 messages are sent anew." in said
    assert ["done", "done"] == [row.state for row in office.rows(delivery.select())]
    numbers = [each.said["seq"] for each in receiver.got]
    assert sorted(numbers) == numbers


@pytest.mark.parametrize(
    ("asked", "least_s", "most_s"),
    [("3000", 3000, 3600), ("5", 30, 36), ("999999999", 21_600, 25_920), ("tomorrow", 30, 36), ("", 30, 36)],
)
def test_a_receiver_can_ask_for_time(desk: Desk, asked: str, least_s: int, most_s: int) -> None:
    """`Retry-After` makes the wait longer, up to six hours, never shorter."""
    office = desk.office
    with receiving() as receiver:
        receiver.answers = [(429, {"Retry-After": asked})]
        hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        send_all(office)

    assert least_s * 1000 <= only(office).next_ms - office.clock() <= most_s * 1000


def test_a_receiver_that_is_gone_is_switched_off(desk: Desk) -> None:
    """After 410 nothing is sent any more; the page says why, and the message is dead, not lost."""
    office, browser = desk.office, desk.sign_in("admin")
    with receiving() as receiver:
        receiver.answers = [(410, {})]
        webhook_id = hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        send_all(office)
        visit(office, carrier(office, "a2"), "R2")
        send_all(office)
        page = browser.get(f"/webhooks/{webhook_id}")
        browser.post(f"/webhooks/{webhook_id}/on")
        again = browser.get(f"/webhooks/{webhook_id}")

    assert 1 == len(receiver.got)
    assert "dead" == only(office).state
    assert "It answered that it is gone for good (410), so it was switched off." in page
    assert "gone for good" not in again
    assert [(True, False)] == [(row.is_on, row.is_gone) for row in office.rows(webhook.select())]


def test_no_redirect_is_followed(desk: Desk) -> None:
    """Whoever answers with another address is not obeyed: it may be one of ours."""
    office = desk.office
    with receiving() as receiver:
        receiver.answers = [(307, {"Location": receiver.url + "/other"})]
        webhook_id = hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        send_all(office)

    assert ["/hook"] == [each.path for each in receiver.got]
    assert ("waiting", 307) == (only(office).state, only(office).last_status)
    assert "redirects are not followed" in desk.sign_in("admin").get(f"/webhooks/{webhook_id}")


def test_one_that_cannot_be_reached_waits(desk: Desk) -> None:
    """Nobody listens: a failure as any, with a sentence."""
    office = desk.office
    with receiving() as receiver:
        url = receiver.url
    webhook_id = hook(desk, url, "visit.created")
    visit(office, carrier(office), "R1")
    send_all(office)

    assert ("waiting", 1, None, "reach") == (
        only(office).state, only(office).tries, only(office).last_status, only(office).problem
    )  # fmt: skip
    assert "It could not be reached" in desk.sign_in("admin").get(f"/webhooks/{webhook_id}")


def test_a_slow_receiver_keeps_back_no_other(desk: Desk) -> None:
    """While one lets us wait, the other is told all there is; the slow one is told one thing at a time."""
    office = desk.office
    with receiving() as slow, receiving() as quick:
        slow.holds.clear()
        for each in (slow, quick):
            hook(desk, each.url, "visit.created")
        for number in range(3):
            visit(office, carrier(office, f"a{number}"), f"R{number}")
        sender, until = Sender(office.site), time.monotonic() + PATIENCE_S
        while len(quick.got) < 3 and time.monotonic() < until:
            sender.work(0.2)
        told = len(slow.got), len(quick.got)
        slow.holds.set()
        while sender.work(0.2):
            pass

    assert (1, 3) == told
    assert (3, 3) == (len(slow.got), len(quick.got))


def test_a_try_that_told_nothing_is_made_again_under_its_id(desk: Desk) -> None:
    """Posted, and the worker gone before it kept that: not before a minute, the same message once more."""
    office = desk.office
    with receiving() as receiver:
        hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        gone = Sender(office.site)
        gone.work(0)
        until = time.monotonic() + PATIENCE_S
        while not receiver.got and time.monotonic() < until:
            time.sleep(0.01)
        send_all(office)
        early = len(receiver.got)
        office.clock.advance(seconds=LOST_MS / 1000)
        send_all(office)

    assert (1, 2) == (early, len(receiver.got))
    assert 1 == len({each.body for each in receiver.got})
    assert ("done", 2) == (only(office).state, only(office).tries)


def test_what_comes_of_an_earlier_try_changes_nothing(desk: Desk) -> None:
    """A try that was given up for lost answers late: the later one says how it stands."""
    office = desk.office
    hook(desk, "http://127.0.0.1:9/", "visit.created")
    visit(office, carrier(office), "R1")
    row = only(office)
    for _ in range(2):
        assert office.site.store.write(partial(webhook_rows.take, row=only(office), until_ms=office.clock()))
    keep_answer(office.site, row, 1, posting.Answer(200))
    early = only(office)
    keep_answer(office.site, row, 2, posting.Answer(200))

    assert ("waiting", 2, "lost", None) == (early.state, early.tries, early.problem, early.last_status)
    assert ("done", 2, None, 200) == tuple(
        getattr(only(office), name) for name in ("state", "tries", "problem", "last_status")
    )


def test_a_worker_that_is_killed_while_it_sends_loses_nothing(office: Office, desk: Desk, tmp_path: Path) -> None:
    """A real worker, killed between sending and keeping that; the next one sends the same message again."""
    clock = tmp_path / "clock"
    clock.write_text(str(office.clock()))
    environ = os.environ | {
        "FAIRVISIT_DATABASE_URL": office.settings.database_url, "FAIRVISIT_FOLDER": office.settings.folder,
        "FAIRVISIT_CLOCK_FILE": str(clock),
    }  # fmt: skip

    def await_true(question: Any) -> bool:
        until = time.monotonic() + PATIENCE_S
        while not question() and time.monotonic() < until:
            time.sleep(0.05)
        return bool(question())

    def work() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "server.worker"], env=environ, stdin=subprocess.DEVNULL)

    with receiving() as receiver:
        receiver.holds.clear()
        hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        clock.write_text(str(office.clock()))
        with work() as worker:
            assert await_true(lambda: receiver.got)
            worker.send_signal(signal.SIGKILL)
        receiver.holds.set()
        assert "waiting" == only(office).state
        clock.write_text(str(office.clock() + LOST_MS))
        with work() as worker:
            assert await_true(lambda: only(office).state == "done")
            worker.send_signal(signal.SIGTERM)
            assert 0 == worker.wait(PATIENCE_S)

    assert 2 == len(receiver.got)
    assert 1 == len({each.headers["Fairvisit-Delivery"] for each in receiver.got})


class TestPosting:
    """What is sent where, and for how long."""

    def test_an_answer_without_end_is_cut(self) -> None:
        """Head that comes in drops: each wait is short, all of them together take no longer than allowed."""
        with receiving() as receiver:
            receiver.drips = True
            began = time.monotonic()
            answer = posting.post(receiver.url, b"{}", {}, is_rehearsal=True, timeout_s=0.5)

        assert (None, "timeout") == (answer.status, answer.problem)
        assert time.monotonic() - began < 3

    def test_one_that_does_not_answer_is_left(self) -> None:
        """Silence is a failure, too."""
        with receiving() as receiver:
            receiver.holds.clear()
            answer = posting.post(receiver.url, b"{}", {}, is_rehearsal=True, timeout_s=0.3)
            receiver.holds.set()

        assert (None, "timeout") == (answer.status, answer.problem)

    def test_a_long_answer_is_not_read(self) -> None:
        """The status counts; of the rest no more is taken than fits into a few buffers."""
        with receiving() as receiver:
            receiver.floods = 200_000_000
            answer = posting.post(receiver.url, b"{}", {}, is_rehearsal=True)

        assert 200 == answer.status
        assert receiver.flooded < receiver.floods / 4

    def test_nothing_is_sent_into_a_private_network(self) -> None:
        """A name that leads to the machine itself is refused where this is no rehearsal; nothing arrives."""
        with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "localhost")
            answer = posting.post(url, b"{}", {}, is_rehearsal=False)
        nobody = posting.post(url, b"{}", {}, is_rehearsal=False)

        assert ((None, "address"), []) == ((answer.status, answer.problem), receiver.got)
        assert "address" == nobody.problem, "nobody listens any more, and nobody was knocked at to see that"

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_a_name_that_is_resolved_otherwise_in_between_is_caught(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str
    ) -> None:
        """The first look says public, the connection leads to us: it is ended before anything is sent, also by TLS."""
        truth, asked = socket.getaddrinfo, []

        def lie(*arguments: Any, **options: Any) -> Any:
            asked.append(arguments)
            port = arguments[1]
            public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]
            return public if len(asked) == 1 else truth("127.0.0.1", *arguments[1:], **options)

        with receiving(guarded(tmp_path) if scheme == "https" else None) as receiver:
            url = receiver.url.replace("127.0.0.1", "hooks.example")
            monkeypatch.setattr(socket, "getaddrinfo", lie)
            answer = posting.post(url, b"{}", {}, is_rehearsal=False)

        assert ((None, "address"), []) == ((answer.status, answer.problem), receiver.got)
        assert 2 == len(asked)

    def test_a_name_that_nobody_knows_is_a_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The page says that the name is not known."""

        def fail(*_: Any, **__: Any) -> Any:
            raise socket.gaierror

        monkeypatch.setattr(socket, "getaddrinfo", fail)

        assert "name" == posting.post("https://hooks.example/", b"{}", {}, is_rehearsal=False).problem

    def test_a_receiver_without_a_trusted_certificate_is_told_nothing(self, tmp_path: Path) -> None:
        """A certificate that nobody vouches for is refused before anything is sent."""
        with receiving(guarded(tmp_path)) as receiver:
            answer = posting.post(receiver.url, b"{}", {}, is_rehearsal=True)

        assert ((None, "certificate"), []) == ((answer.status, answer.problem), receiver.got)

    def test_proxies_of_the_surroundings_are_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A proxy would look names up by itself, behind our back."""
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "")
        with receiving() as receiver:
            assert 200 == posting.post(receiver.url, b"{}", {}, is_rehearsal=True).status


def guarded(folder: Path) -> Callable[[socket.socket], socket.socket]:
    """Give what puts TLS around a listening socket, under a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(folder / "own.pem"))
    return lambda plain: context.wrap_socket(plain, server_side=True)


def make_certificate(path: Path) -> Path:
    """Write a key and a certificate that it signed itself; give the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )  # fmt: skip
    path.write_bytes(plain + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def test_threads_end_with_their_posts(desk: Desk) -> None:
    """A thread is there for one post only."""
    office = desk.office
    with receiving() as receiver:
        hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        send_all(office)

    assert [] == [each for each in threading.enumerate() if each.name == "webhook" and each.is_alive()]


def test_a_removed_webhook_ends_what_is_under_way(desk: Desk) -> None:
    """What comes of a message whose webhook was removed meanwhile is kept nowhere, and breaks nothing."""
    office = desk.office
    with receiving() as receiver:
        receiver.holds.clear()
        webhook_id = hook(desk, receiver.url, "visit.created")
        visit(office, carrier(office), "R1")
        sender = Sender(office.site)
        sender.work(0)
        webhooks.remove(office.site, viewer_of(office), webhook_id)
        receiver.holds.set()
        while sender.work(0.2):
            pass

    assert [] == office.rows(delivery.select())
