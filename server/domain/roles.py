"""Who may do what in the office: the roles, and the person who is signed in with theirs, as far as rights go."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person of the office is there for. One may hold several."""

    DISPATCHER = "dispatcher"  # hands out cases, prints letters, looks after devices
    REVIEWER = "reviewer"  # decides on visits
    SUPERVISOR = "supervisor"  # what needs a second person: overrides, holds, sign-offs, complaints
    AUDITOR = "auditor"  # reads everything, changes nothing
    ADMIN = "admin"  # accounts, devices, rules; no case work of their own
    SUPPORT = "support"  # answers persons: complaints, requests, calls for help


ROLES = frozenset(Role)
# Who reads and who acts, room by room; the office's pages and the API go by these alike.
REVIEW = frozenset({Role.REVIEWER, Role.SUPERVISOR, Role.AUDITOR})
DISPATCH = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR})
ANSWER = frozenset({Role.SUPPORT, Role.SUPERVISOR, Role.AUDITOR})
KEEP = frozenset({Role.ADMIN, Role.AUDITOR})
OVERSEE = frozenset({Role.SUPERVISOR, Role.AUDITOR})
DECIDERS = frozenset({Role.REVIEWER, Role.SUPERVISOR})
ANSWERERS = frozenset({Role.SUPPORT, Role.SUPERVISOR})  # persons' complaints and calls; they also place halts
VISIT_READERS = REVIEW | ANSWER  # whoever answers a complaint reads the visit
CASE_READERS = REVIEW | DISPATCH | ANSWER
STATEMENT_READERS = REVIEW | DISPATCH


class TokenScope(StrEnum):
    """What a token of the REST API is for, within the roles of its account. One may have several."""

    READ = "read"
    REVIEW = "review"  # decide on visits
    DISPATCH = "dispatch"  # hand cases out, take them back, halt them
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Viewer:
    """
    Whoever is signed in. *agencies* are the ids they are limited to; none: every agency.

    >>> Viewer("1", "mei", frozenset({Role.REVIEWER}), frozenset({"a"})).sees("b")
    False
    """

    id: str
    name: str
    roles: frozenset[Role]
    agencies: frozenset[str] = frozenset()
    language: str = ""
    session_id: str = ""
    csrf: str = ""
    agent_id: str = ""  # who also goes to doors decides on no visit of their own
    lacks_totp: bool = False  # may do nothing before they have set up their second factor
    token_id: str = ""  # where a program asks in their place; stands beside each act

    def may(self, roles: Collection[Role]) -> bool:
        """Say whether one of their roles is among *roles*."""
        return not self.roles.isdisjoint(roles)

    def sees(self, agency_id: str | None) -> bool:
        """Say whether what belongs to an agency, or to none, is theirs to see."""
        return not self.agencies or agency_id in self.agencies


def narrow(account: frozenset[str], token: frozenset[str]) -> frozenset[str] | None:
    """
    Give the agencies a token sees now, of its account's and its own (none: every one); None where nothing is left.

    >>> narrow(frozenset(), frozenset("a")), narrow(frozenset("ab"), frozenset()) == frozenset("ab")
    (frozenset({'a'}), True)
    >>> narrow(frozenset("a"), frozenset("b")) is None
    True
    """
    if not (account and token):
        return account or token
    return account & token or None
