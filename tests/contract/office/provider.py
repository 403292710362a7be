"""A little OpenID provider for tests: a real HTTP server with discovery, keys, sign-in and tokens, that can lie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "fairvisit-office", "an agreed secret"


def new_key() -> RSAKey:
    """Make a key with a name of its own."""
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


@dataclass
class Provider:
    """Vouches for *subject*; what tests change of it is what a provider may do wrong."""

    now: Callable[[], int]
    subject: str = "sub-rita"
    claims: dict[str, Any] = field(default_factory=dict)  # in place of the right ones; None: left out
    header: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=new_key)
    keys: list[RSAKey] = field(default_factory=list)
    issuer: str = ""
    told_issuer: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    declines: bool = False
    ways: list[str] = field(default_factory=list)  # how a client may prove itself; none: it does not say
    public: bool = False  # its client has no secret

    def tell(self) -> dict[str, Any]:
        """Give what it says of itself."""
        return {
            "issuer": self.told_issuer or self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
        } | ({"token_endpoint_auth_methods_supported": self.ways} if self.ways else {})  # fmt: skip

    def tell_keys(self) -> dict[str, Any]:
        """Give its public keys."""
        return {"keys": [each.as_dict(private=False) for each in self.keys or [self.key]]}

    def sign_in(self, query: str) -> str:
        """Let whoever comes sign in; give the address to go back to."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        assert (CLIENT, "code", "S256", "openid") == tuple(
            asked[name] for name in ("client_id", "response_type", "code_challenge_method", "scope")
        )
        if self.declines:
            return f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': asked['state']})}"
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def exchange(self, form: str, authorization: str) -> dict[str, Any] | None:
        """Give a token for a code, once, to the client it was made for; None for anybody else."""
        sent = {name: values[0] for name, values in parse_qs(form).items()}
        asked = self.codes.pop(sent.get("code", ""), None)
        proof = _plain(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        if asked is None or proof != asked["code_challenge"]:
            return None
        if not self._is_client(sent, authorization) or sent["redirect_uri"] != asked["redirect_uri"]:
            return None
        return {"access_token": "unused", "token_type": "Bearer", "id_token": self.make_token(asked["nonce"])}

    def _is_client(self, sent: dict[str, str], authorization: str) -> bool:
        """Say whether whoever asks is the client, proven by the one way that it has to take."""
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        named, told = sent.get("client_id"), sent.get("client_secret")
        if self.public:
            return (CLIENT, None, "") == (named, told, authorization)
        if self.ways == ["client_secret_post"]:
            return (CLIENT, SECRET, "") == (named, told, authorization)
        return (None, f"Basic {basic}") == (told, authorization)

    def make_token(self, nonce: str) -> str:
        """Write what it vouches for."""
        now_s = self.now() // 1000
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": CLIENT, "exp": now_s + 300, "iat": now_s, "nonce": nonce,
        } | self.claims  # fmt: skip
        said = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid} | self.header
        signed = ".".join(_plain(json.dumps(each).encode()) for each in (header, said))
        if header["alg"] == "none":
            return f"{signed}."
        if header["alg"] == "HS256":  # as though the public key were a secret that both know
            return f"{signed}.{_plain(hmac.digest(self.key.as_pem(private=False), signed.encode(), 'sha256'))}"
        return jwt.encode(header, said, self.key, algorithms=[header["alg"]])


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@contextmanager
def running(now: Callable[[], int]) -> Iterator[Provider]:
    """Run a provider on a port of its own."""
    provider = Provider(now)

    class Door(BaseHTTPRequestHandler):
        """Answers for the provider."""

        def do_GET(self) -> None:
            """Tell of itself, its keys, or let somebody in."""
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.sign_in(parts.query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            told = {"/.well-known/openid-configuration": provider.tell, "/keys": provider.tell_keys}.get(parts.path)
            self._answer(told() if told else None)

        def do_POST(self) -> None:
            """Change a code for a token."""
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._answer(provider.exchange(form, self.headers.get("Authorization", "")))

        def _answer(self, told: Any) -> None:
            body = json.dumps(told if told is not None else {"error": "invalid_grant"}).encode()
            self.send_response(200 if told is not None else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
