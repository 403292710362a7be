"""HTTP on the device, against a real socket: encodings, bounds, portals, certificates."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson
import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent_sync import channel, transport
from agent_sync.channel import Channel
from agent_sync.transport import HttpTransport, decode
from schemas import signing
from schemas.errors import FieldError

Respond = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(respond: Respond, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve every request with *respond*; give the address."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # http.server's name
            respond(self)

        do_GET = do_POST  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(body: bytes, encoding: str = "", *, status: int = 200, length: int | None = None, **headers: str) -> Respond:
    """Give a responder that answers with these bytes."""

    def respond(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        request.send_response(status)
        if encoding:
            request.send_header("Content-Encoding", encoding)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)
        request.close_connection = True

    return respond


class TestEncodings:
    """What the answer's bytes may come in."""

    @pytest.mark.parametrize(
        ("encoding", "pack"),
        [("", lambda raw: raw), ("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)],
    )
    def test_an_answer_is_read_in_every_encoding_asked_for(self, encoding: str, pack: Callable[[bytes], bytes]) -> None:
        """zstd, gzip and identity give the same bytes, and their size on the wire is counted."""
        plain = orjson.dumps({"text": "again " * 1000})
        with serving(reply(pack(plain), encoding)) as url:
            answer = HttpTransport(url).send("POST", "/sync/v1/exchange", {}, b"{}")

        assert (200, plain, len(pack(plain))) == (answer.status, answer.body, answer.size)

    def test_the_request_says_what_it_takes_and_arrives_as_signed(self) -> None:
        """Accept-Encoding zstd, gzip; target and body reach the server byte for byte."""
        seen: list[tuple[str, str, bytes]] = []

        def respond(request: BaseHTTPRequestHandler) -> None:
            body = request.rfile.read(int(request.headers["Content-Length"]))
            seen.append((request.path, request.headers["Accept-Encoding"], body))
            request.send_response(204)
            request.end_headers()

        with serving(respond) as url:
            HttpTransport(url + "/").send("POST", "/sync/v1/manifest?bucket=3", {}, b"\x00\x01")

        assert [("/sync/v1/manifest?bucket=3", "zstd, gzip", b"\x00\x01")] == seen

    @pytest.mark.parametrize("encoding", ["gzip", "zstd", "identity"])
    def test_x5_an_answer_is_bounded_while_it_is_read(self, encoding: str) -> None:
        """X5: a small answer that inflates without end is given up, not held."""
        raw = b"a" * 3_000_000
        packed = {"gzip": gzip.compress(raw), "zstd": zstandard.ZstdCompressor().compress(raw), "identity": raw}[
            encoding
        ]
        with pytest.raises(FieldError, match="larger than"):
            decode(iter([packed[n : n + 4096] for n in range(0, len(packed), 4096)]), encoding, most=1_000_000)

    def test_an_unknown_encoding_is_no_network(self) -> None:
        """What was not asked for is not guessed at."""
        with pytest.raises(FieldError, match="unknown encoding"):
            decode(iter([b""]), "br")

    @pytest.mark.parametrize("encoding", ["gzip", "zstd", ""])
    def test_a_truncated_answer_is_no_network(self, encoding: str) -> None:
        """Half an answer is never taken for a whole one."""
        plain = orjson.dumps({"text": [str(n) for n in range(5000)]})
        packed = {"gzip": gzip.compress(plain), "zstd": zstandard.ZstdCompressor().compress(plain), "": plain}[encoding]
        with serving(reply(packed[:-20], encoding, Fairvisit="1")) as url, pytest.raises(FieldError) as failed:
            ask(url)

        assert "no-network" == failed.value.code

    def test_a_connection_closed_early_is_no_network(self) -> None:
        """Fewer bytes than announced."""
        with serving(reply(b'{"a":', length=500, Fairvisit="1")) as url, pytest.raises(FieldError) as failed:
            ask(url)

        assert "no-network" == failed.value.code


def ask(url: str) -> object:
    """Send one signed request."""
    return Channel(HttpTransport(url, 5), signing.new_private_key(), "device", "n").ask(
        "POST", channel.EXCHANGE, {"a": 1}
    )


class TestOthers:
    """Answers of others than the server."""

    @pytest.mark.parametrize("status", [200, 302, 404, 413, 502, 511])
    def test_without_the_servers_mark_it_is_no_network(self, status: int) -> None:
        """A portal's page, its redirect and a proxy's errors all count as no network."""
        respond = reply(b"<html>", status=status, Location="http://127.0.0.1:1/login")
        with serving(respond) as url, pytest.raises(FieldError) as failed:
            ask(url)

        assert "no-network" == failed.value.code

    def test_nobody_there_is_no_network(self) -> None:
        """A refused connection."""
        with pytest.raises(FieldError) as failed:
            ask("http://127.0.0.1:9")

        assert "no-network" == failed.value.code

    def test_a_problem_arrives_as_the_error_it_was(self) -> None:
        """Code, detail and Retry-After."""
        body = orjson.dumps(
            {"type": "urn:fairvisit:problem:rate-limited", "title": "t", "status": 429, "detail": "slowly"}
        )
        with (
            serving(reply(body, status=429, Fairvisit="1", Retry_After="7")) as url,
            pytest.raises(FieldError) as failed,
        ):
            ask(url)

        assert ("rate-limited", "slowly", 7) == (
            failed.value.code,
            failed.value.detail,
            failed.value.extra["retry_after_s"],
        )

    def test_an_error_that_is_no_problem_is_internal(self) -> None:
        """The server's mark with an unreadable error."""
        with serving(reply(b"oops", status=500, Fairvisit="1")) as url, pytest.raises(FieldError) as failed:
            ask(url)

        assert "internal" == failed.value.code

    @pytest.mark.parametrize("url", ["ftp://x", "office.example", "https://office.example/path", ""])
    def test_an_address_that_is_none_is_said_at_once(self, url: str) -> None:
        """Before anything is sent."""
        with pytest.raises(FieldError) as failed:
            HttpTransport(url)

        assert "invalid" == failed.value.code


class TestCertificates:
    """A3: TLS and clocks."""

    @pytest.mark.parametrize("is_expired", [False, True])
    def test_a3_a_refused_certificate_says_to_check_the_clock(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_expired: bool
    ) -> None:
        """A3: expired (by this clock) or not trusted: the device says so; what is recorded stays."""
        context = make_certificate(tmp_path, is_expired=is_expired)
        if is_expired:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
        with serving(reply(b"{}", Fairvisit="1"), context) as url, pytest.raises(FieldError) as failed:
            ask(url)

        assert "certificate-refused" == failed.value.code
        assert "date and time" in failed.value.detail

    def test_a_good_certificate_is_taken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The nearest case that is well."""
        context = make_certificate(tmp_path, is_expired=False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
        with serving(reply(b"{}", Fairvisit="1"), context) as url:
            assert {} == ask(url)


def make_certificate(folder: Path, *, is_expired: bool) -> ssl.SSLContext:
    """Make a self-signed certificate for 127.0.0.1 and a context that serves it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    ends = now + dt.timedelta(days=-1 if is_expired else 1)

    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=5))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_text(signing.dump_private(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


class TestChannel:
    """A2: the proof of a request."""

    def test_a2_the_proof_is_over_what_is_sent(self) -> None:
        """A2: method, target and the body's bytes after gzip, signed with the device id as kid."""
        key = signing.new_private_key()
        seen: list[tuple[str, bytes, str]] = []

        class Recorder:
            def send(self, method: str, target: str, headers: dict[str, str], body: bytes) -> transport.WireAnswer:
                seen.append((headers["Authorization"], body, headers.get("Content-Encoding", "")))
                return transport.WireAnswer(200, {"fairvisit": "1", "fairvisit-nonce": "next"}, b"{}")

        way = Channel(Recorder(), key, "device-1", "nonce-1")  # type: ignore[arg-type]
        way.ask("POST", channel.EXCHANGE, {"text": "x" * 1000})
        way.ask("GET", channel.MANIFEST)
        proofs = [signing.verify(proof.removeprefix("Device "), key.public_key(), "request") for proof, _, _ in seen]

        assert ["gzip", ""] == [encoding for _, _, encoding in seen]
        assert [hashlib.sha256(body).hexdigest() for _, body, _ in seen] == [p["body_sha256"] for p in proofs]
        assert [("POST", channel.EXCHANGE, "nonce-1"), ("GET", channel.MANIFEST, "next")] == [
            (p["method"], p["path"], p["nonce"]) for p in proofs
        ]
        assert {"device-1"} == {signing.kid_of(proof.removeprefix("Device ")) for proof, _, _ in seen}

    def test_small_requests_are_not_gzipped(self) -> None:
        """Under 300 bytes gzip only adds."""
        assert ({"Content-Type": "application/json"}, b'{"a":1}') == channel.pack({"a": 1}, may_gzip=True)
