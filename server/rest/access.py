"""Who reads and does what through the REST API: the roles of the office's own pages, route by route."""

from __future__ import annotations

from server.domain.roles import Role

REVIEWERS = (Role.REVIEWER, Role.SUPERVISOR)
REVIEW = (*REVIEWERS, Role.AUDITOR)
READERS = (*REVIEW, Role.SUPPORT)  # of a visit: whoever answers a complaint reads it
CASES = (*READERS, Role.DISPATCHER)
HOLDERS = (Role.SUPERVISOR, Role.SUPPORT)
DISPATCHERS = (Role.DISPATCHER,)
BOARD = (*DISPATCHERS, Role.SUPERVISOR, Role.AUDITOR)
STATEMENTS = (*REVIEW, Role.DISPATCHER)
ANSWER = (Role.SUPPORT, Role.SUPERVISOR, Role.AUDITOR)
AUDITORS = (Role.AUDITOR, Role.ADMIN)
EXPORTERS = (Role.SUPERVISOR, Role.AUDITOR)
