"""Who asks, as far as a page may know: in which language, and from which network address. No cookie tells more."""

from __future__ import annotations

import ipaddress

from flask import Request

from server.public.wording import LANGUAGES
from server.services.site import Site


def language_of(request: Request) -> str:
    """Give the language that was chosen, else the one the browser prefers, else English."""
    chosen = chosen_language(request)
    if chosen:
        return chosen
    best = request.accept_languages.best_match(["en", "zh-CN", "zh-Hans", "zh", "zh-SG", "zh-TW", "zh-HK"], "en")
    return str(best)[:2]


def chosen_language(request: Request) -> str:
    """Give the language that the address names, nothing where neither does."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else ""


def address_of(request: Request, site: Site) -> str:
    """
    Give the network that asks: an IPv4 address, or the /64 that one connection has of IPv6.

    Behind our own proxies it is what the outermost of them saw, never what the one who asks writes.
    """
    proxies = site.settings.proxies
    route = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    text = route[-proxies] if 0 < proxies <= len(route) else request.remote_addr or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
