"""
Whom the house's own provider vouches for (OpenID Connect: authorization code, PKCE, state, nonce).

Comes in: what the provider's redirect says, and the question it answers, which the browser kept. Goes out: a subject.
Addresses and keys are asked for at each sign-in, so that a new key is known at once; people sign in rarely.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from schemas.errors import FieldError, Sentence
from server.services.signing_in import draw_token
from server.services.site import Site
from server.settings import LOOPBACK

log = structlog.get_logger()
ASKED_MS = 10 * 60_000  # how long a question waits for its answer
LEEWAY_S = 60  # by which the provider's clock may differ
TIMEOUT_S = 10
# Never `none`, nor a secret that both ends know.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
WAYS = ("client_secret_basic", "client_secret_post")
SUPPORTED = "token_endpoint_auth_methods_supported"
KEY_TYPES = {"RSA", "EC"}
SECOND = {"mfa", "otp"}  # RFC 8176: how the provider says that it asked for a second factor
LONGEST_SUBJECT = 255  # characters (OpenID Connect Core, 2)
AGAIN = "Nobody was signed in. Begin anew at the sign-in page; if it happens again, tell an administrator."
DECLINED, UNTRUE = "{provider} did not let you in. " + AGAIN, "What {provider} answered does not hold. " + AGAIN
ANOTHER = "{provider} is not the provider this office was set up with. " + AGAIN
AWAY = "{provider} cannot be reached now. Nobody was signed in. Try later, or sign in by password."
NOT_READY = "{provider} is not set up: its secret cannot be read. Sign in by password."
UNKNOWN = "This was not begun in this browser, or more than ten minutes ago. " + AGAIN


@dataclass(frozen=True)
class Question:
    """What was asked of the provider; the browser keeps it, sealed, until the answer comes."""

    state: str
    nonce: str
    verifier: str
    until_ms: int
    back: str = ""  # where to go on, an address of the office
    session_id: str = ""  # whose account is to be linked; none: somebody signs in


@dataclass(frozen=True)
class Vouched:
    """Whom the provider vouches for, and whether it asked them for a second factor."""

    subject: str
    has_second: bool


def is_offered(site: Site) -> bool:
    """Say whether there is a provider."""
    return bool(site.settings.oidc_issuer and site.settings.oidc_client_id)


def name_provider(site: Site) -> str:
    """Give what the provider is called on a button."""
    return site.settings.oidc_label or urlsplit(site.settings.oidc_issuer).hostname or ""


def ask_provider(site: Site, callback: str, back: str = "", session_id: str = "") -> tuple[str, Question]:
    """Give the provider's address to go to, and the question that its answer will be held against."""
    state, nonce, verifier = (draw_token(site) for _ in range(3))
    addresses = _read_addresses(site)
    with _talk(site, addresses, callback) as session:
        url, _ = session.create_authorization_url(
            addresses["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
        )  # fmt: skip
    return url, Question(state, nonce, verifier, site.now() + ASKED_MS, back, session_id)


def hear_provider(site: Site, callback: str, question: Question | None, told: Mapping[str, str]) -> Vouched:
    """
    Give whom the provider vouches for; raise `conflict` where its answer does not hold, `unavailable` without one.

    *told* is what the redirect's address says.
    """
    is_asked = question is not None and site.now() <= question.until_ms
    state = told.get("state", "").encode()  # as bytes: texts are compared only where they are ASCII
    if question is None or not is_asked or not hmac.compare_digest(question.state.encode(), state):
        raise FieldError("conflict", detail=UNKNOWN)
    if told.get("iss", site.settings.oidc_issuer) != site.settings.oidc_issuer:  # RFC 9207
        raise _refuse(site, "issuer")
    if "code" not in told:
        log.info("oidc_declined", error=told.get("error", "")[:40])
        raise FieldError("conflict", detail=Sentence(DECLINED, provider=name_provider(site)))
    addresses = _read_addresses(site)
    try:
        with _talk(site, addresses, callback) as session:
            token = session.fetch_token(
                addresses["token_endpoint"], code=told["code"], code_verifier=question.verifier, allow_redirects=False
            )  # fmt: skip
        claims = _read_claims(site, _fetch(site, addresses["jwks_uri"]), str(token.get("id_token", "")), question.nonce)
    except requests.RequestException as error:
        raise _miss(site, error) from None
    except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refuse(site, type(error).__name__) from None
    methods = claims.get("amr")
    has_second = isinstance(methods, list) and not SECOND.isdisjoint(str(each) for each in methods)
    return Vouched(claims["sub"], has_second or site.settings.oidc_has_second)


def _read_claims(site: Site, keys: Any, id_token: str, nonce: str) -> dict[str, Any]:
    """Give what a token says, once its signature, issuer, audience, times and nonce hold."""
    usable = [each for each in keys["keys"] if each.get("kty") in KEY_TYPES and each.get("use", "sig") == "sig"]
    claims = jwt.decode(id_token, KeySet.import_key_set({"keys": usable}), algorithms=ALGORITHMS).claims
    own = site.settings.oidc_client_id
    jwt.JWTClaimsRegistry(
        now=site.now() // 1000, leeway=LEEWAY_S, iss={"essential": True, "value": site.settings.oidc_issuer},
        aud={"essential": True, "value": own}, exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": nonce}, sub={"essential": True},
    ).validate(claims)  # fmt: skip
    others = claims["aud"] not in (own, [own])
    if (others or "azp" in claims) and claims.get("azp") != own:
        raise ValueError("azp")
    if not isinstance(claims["sub"], str) or len(claims["sub"]) > LONGEST_SUBJECT:
        raise ValueError("sub")
    return dict(claims)


def _read_addresses(site: Site) -> dict[str, Any]:
    """Give what the provider says of itself."""
    issuer = site.settings.oidc_issuer
    try:
        told = _fetch(site, issuer.rstrip("/") + "/.well-known/openid-configuration")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _check_address(told[name])
        if told["issuer"] != issuer:
            raise ValueError("issuer")
        if not isinstance(told.get(SUPPORTED, []), list):
            raise ValueError(SUPPORTED)
    except requests.RequestException as error:
        raise _miss(site, error) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("oidc_addresses", problem=str(error)[:80])
        raise FieldError("unavailable", detail=Sentence(ANOTHER, provider=name_provider(site))) from None
    return dict(told)


def _fetch(site: Site, address: str) -> Any:
    _check_address(address)
    answer = requests.get(address, timeout=TIMEOUT_S, allow_redirects=False)
    answer.raise_for_status()
    return answer.json()


def _check_address(address: str) -> None:
    """Raise `ValueError` for an address whose answers anybody on the way could change."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError("not https")


def _talk(site: Site, addresses: Mapping[str, Any], callback: str) -> OAuth2Session:
    """Speak to the provider as the client it knows, by the secret agreed with it if there is one."""
    known = addresses.get(SUPPORTED, WAYS)
    secret = _read_secret(site)
    way = next((each for each in WAYS if each in known), WAYS[0]) if secret else "none"
    return OAuth2Session(
        site.settings.oidc_client_id, secret, token_endpoint_auth_method=way, scope="openid", redirect_uri=callback,
        code_challenge_method="S256", default_timeout=TIMEOUT_S,
    )  # fmt: skip


def _read_secret(site: Site) -> str | None:
    if not site.settings.oidc_secret_file:
        return None
    try:
        return Path(site.settings.oidc_secret_file).read_text("utf-8").strip()
    except OSError as error:
        log.exception("oidc_secret_unreadable")
        raise FieldError("unavailable", detail=Sentence(NOT_READY, provider=name_provider(site))) from error


def _miss(site: Site, error: Exception) -> FieldError:
    log.warning("oidc_unreachable", problem=type(error).__name__)
    return FieldError("unavailable", detail=Sentence(AWAY, provider=name_provider(site)))


def _refuse(site: Site, problem: str) -> FieldError:
    log.warning("oidc_refused", problem=problem)
    return FieldError("conflict", detail=Sentence(UNTRUE, provider=name_provider(site)))
