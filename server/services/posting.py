"""
Posting to somebody else's server: where to may be nowhere of our own, and whoever is slow or talks much is left.

An address is looked at when it is given, when it is resolved, and once more when the connection stands, before anything
is sent: a name may be resolved otherwise in between. No proxy, no redirect, no cookie, no answer beyond 64 kB.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from schemas.errors import FieldError
from server.settings import LOOPBACK, Settings

TIMEOUT_S = 10.0  # in all
MOST_ANSWER = 64 * 1024
MOST_URL = 500
EMBEDDING = ipaddress.ip_network("64:ff9b::/96")  # IPv6 that leads to the IPv4 in its last 32 bits
logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it logs addresses

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a post: the HTTP status, or why there was none."""

    status: int | None
    problem: str = ""  # address, name, reach, timeout, certificate
    retry_after: str = ""


class _RefusedError(Exception):
    """The connection led to where nothing may be sent."""


def is_rehearsal(settings: Settings) -> bool:
    """Say whether this installation only plays: its clock is a file, or its public pages are on the machine itself."""
    return bool(settings.clock_file) or urlsplit(settings.public_url).hostname in LOOPBACK


def check_url(text: str, *, is_rehearsal: bool) -> str:
    """Give an address as it is asked for; raise `invalid` where nothing may be sent to it by what it says."""
    try:
        url = requests.Request("POST", text.strip()).prepare().url or ""
        parts = urlsplit(url)
        is_whole = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except (requests.RequestException, ValueError):
        is_whole = False
    if not is_whole or len(url) > MOST_URL or parts.username is not None or parts.fragment:
        said = "is no address; write it as https://host/path, without a name, a password or # in it"
        raise FieldError("invalid", {"address": [said]})
    if parts.scheme == "http" and not (is_rehearsal and parts.hostname in LOOPBACK):
        raise FieldError("invalid", {"address": ["has to begin with https://, so that nobody reads along"]})
    try:
        is_refused = not may_post_to(parts.hostname or "", is_rehearsal=is_rehearsal)
    except ValueError:
        is_refused = parts.hostname in LOOPBACK and not is_rehearsal  # a name: looked up when it is sent
    if is_refused:
        raise FieldError("invalid", {"address": ["is in a private network or on this machine; name a public one"]})
    return url


def may_post_to(text: str, *, is_rehearsal: bool) -> bool:
    """
    Say whether an IP address is public; on a rehearsal the machine itself may be posted to as well.

    >>> asked = ("93.184.216.34", "10.0.0.1", "127.0.0.1", "169.254.169.254", "2002:a00:1::", "64:ff9b::a00:1")
    >>> [may_post_to(each, is_rehearsal=False) for each in asked]
    [True, False, False, False, False, False]
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if is_rehearsal and address.is_loopback:
        return True
    return all(each.is_global and not each.is_multicast for each in (address, *_within(address)))


def _within(address: Address) -> list[Address]:
    """Give the IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour]
    if address in EMBEDDING:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, is_rehearsal: bool, timeout_s: float = TIMEOUT_S
) -> Answer:
    """Post *body* to *url*; give what came of it, within the time."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Answer(None, "name")
    if not all(may_post_to(str(each[4][0]), is_rehearsal=is_rehearsal) for each in found):
        return Answer(None, "address")
    line = _Line(is_rehearsal=is_rehearsal)
    timer = threading.Timer(timeout_s, line.cut)
    timer.daemon = True
    timer.start()
    try:
        return _post(line, url, body, headers, timeout_s)
    except _RefusedError:
        return Answer(None, "address")
    except requests.exceptions.SSLError:
        return Answer(None, "timeout" if line.is_cut else "certificate")
    except requests.Timeout:
        return Answer(None, "timeout")
    except (requests.RequestException, OSError):
        return Answer(None, "timeout" if line.is_cut else "reach")
    finally:
        timer.cancel()
        line.let_go()


def _post(line: _Line, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Answer:
    with requests.Session() as session:
        session.trust_env = False  # no proxy: it would look names up by itself
        session.mount("https://", _Adapter(line.hold))
        session.mount("http://", _Adapter(line.hold))
        sent = {"Content-Type": "application/json", "User-Agent": "Fairvisit", "Accept-Encoding": "identity"}
        with session.post(
            url, data=body, headers=sent | dict(headers), timeout=timeout_s, allow_redirects=False, stream=True
        ) as answer:
            if line.is_cut:  # then its head ended where it was cut, and looks whole
                return Answer(None, "timeout")
            with suppress(Exception):  # it has answered; what else it wanted to say is not needed
                answer.raw.read(MOST_ANSWER, decode_content=False)  # so that whoever answers is not cut short
            return Answer(answer.status_code, "", answer.headers.get("Retry-After", ""))


class _Line:
    """The connection of one post: looked at once it stands, before TLS, and cut when the time is over."""

    def __init__(self, *, is_rehearsal: bool) -> None:
        self.is_cut = False
        self._is_rehearsal = is_rehearsal
        self._socket: socket.socket | None = None

    def hold(self, connected: socket.socket) -> None:
        """Take a connection that stands; end it and raise where it leads to what may not be posted to."""
        if not may_post_to(str(connected.getpeername()[0]), is_rehearsal=self._is_rehearsal):
            connected.close()
            raise _RefusedError
        self._socket = connected.dup()  # TLS takes the other one over
        if self.is_cut:
            self.cut()

    def cut(self) -> None:
        """End it, whatever it waits for; each single wait has a time of its own, but drops can come for ever."""
        self.is_cut = True
        if self._socket is not None:
            with suppress(OSError):  # it is over already
                self._socket.shutdown(socket.SHUT_RDWR)  # under TLS, if any: nobody is asked

    def let_go(self) -> None:
        """Keep nothing of it."""
        if self._socket is not None:
            self._socket.close()


class _Adapter(HTTPAdapter):
    """Hands each connection over as soon as it stands, before anything is sent: not even TLS has begun."""

    def __init__(self, hold: Callable[[socket.socket], None]) -> None:
        self._hold = hold
        super().__init__()

    def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
        """Give a pool whose connections are handed over."""
        pool: Any = super().get_connection_with_tls_context(*arguments, **options)
        plain, hold = pool.ConnectionCls, self._hold

        class Held(plain):  # type: ignore[misc,valid-type]  # either of urllib3's two
            def _new_conn(self) -> socket.socket:
                connected: socket.socket = super()._new_conn()
                hold(connected)
                return connected

        pool.ConnectionCls = Held
        return pool
