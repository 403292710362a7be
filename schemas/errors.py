"""
Every error the two ends may tell each other, as one class and one table.

The server reads the table forwards (code to status and retry), the device backwards (problem to error),
so an error arrives as the error it was. What a person reads is `title` and `detail`; programs act on
`code` and `retry` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Retry = Literal["never", "after_fix", "backoff", "now"]
FieldMessages = Mapping[str, Sequence[str]]
TYPE_PREFIX = "urn:fairvisit:problem:"


@dataclass(frozen=True)
class ProblemKind:
    """One line of the error table: HTTP status, what the sender should do, and a plain sentence."""

    status: int
    retry: Retry
    title: str


PROBLEMS: dict[str, ProblemKind] = {
    # the request could not be read
    "malformed": ProblemKind(400, "after_fix", "The request is not what this address takes."),
    "too-deep": ProblemKind(400, "after_fix", "The JSON is nested more deeply than the server reads."),
    "not-canonical": ProblemKind(400, "after_fix", "The text is not in canonical form."),
    "not-found": ProblemKind(404, "never", "There is nothing at this address."),
    "method-not-allowed": ProblemKind(405, "never", "This address does not take this method."),
    "length-required": ProblemKind(411, "after_fix", "The request does not say how long it is."),
    "too-large": ProblemKind(413, "after_fix", "The request is larger than the server takes."),
    "unsupported-media-type": ProblemKind(415, "after_fix", "The body is not in a form the server reads."),
    # who is asking
    "unauthenticated": ProblemKind(401, "after_fix", "The server does not know this device or its signature."),
    "use-nonce": ProblemKind(401, "now", "The nonce is too old; sign again with the one in this answer."),
    "gone": ProblemKind(401, "never", "This device was withdrawn. Work still on it can be exported."),
    "enrolment-code-invalid": ProblemKind(403, "after_fix", "This enrolment code cannot be used. Ask for a new one."),
    "upload-token-invalid": ProblemKind(403, "after_fix", "This upload is not permitted, or no longer."),
    "token-invalid": ProblemKind(401, "after_fix", "The server does not take this token, or not any longer."),
    "not-permitted": ProblemKind(403, "after_fix", "This token, or the role of its account, does not permit this."),
    # the push half
    "chain-forked": ProblemKind(409, "now", "The server holds other events at this place of the chain."),
    "too-many-events": ProblemKind(413, "now", "The batch holds more events, or larger ones, than the server takes."),
    # the pull half
    "reauth-required": ProblemKind(403, "after_fix", "Too long without contact. Enter a new enrolment code."),
    "upload-only": ProblemKind(403, "never", "This device may send its work but receives nothing more."),
    "epoch-changed": ProblemKind(409, "now", "The server was restored; compare what is held and go on."),
    "cursor-foreign": ProblemKind(409, "now", "The cursor belongs to another agent's scope, or to none."),
    "paused": ProblemKind(503, "backoff", "The server was restored and waits for a person's confirmation."),
    # files, by tus
    "offset-conflict": ProblemKind(409, "now", "The upload is at another offset."),
    "checksum-mismatch": ProblemKind(460, "now", "The bytes do not have the hash they were announced with."),
    # the server's own state
    "rate-limited": ProblemKind(429, "backoff", "Too many requests."),
    "internal": ProblemKind(500, "backoff", "Something went wrong on the server. What was sent is safe on the device."),
    "unavailable": ProblemKind(503, "backoff", "The server is not ready."),
    # a device's own refusals, never sent
    "invalid": ProblemKind(422, "after_fix", "Some fields cannot be taken as they are."),
    "bad-signature": ProblemKind(401, "never", "A signature does not match."),
    "no-network": ProblemKind(503, "backoff", "The server cannot be reached."),
    "certificate-refused": ProblemKind(503, "after_fix", "The connection's certificate was refused; check the clock."),
    "not-enrolled": ProblemKind(403, "after_fix", "This device is not enrolled yet."),
    "store-locked": ProblemKind(503, "backoff", "Another program is using this device's store."),
    "withdrawn": ProblemKind(409, "never", "This case was withdrawn from the device."),
    "conflict": ProblemKind(409, "after_fix", "This cannot be done in the present state."),
}


class Sentence(str):
    """
    An English sentence with its facts filled in, which keeps both, so that another language can fill in its own.

    Facts may be sentences themselves; one made of a sentence alone is that sentence.

    >>> Sentence("The account {name} is closed.", name="rita")
    'The account rita is closed.'
    """

    __slots__ = ("facts", "text")
    text: str
    facts: dict[str, Any]

    def __new__(cls, text: str, **facts: Any) -> Sentence:
        """Fill it in."""
        if isinstance(text, Sentence):
            return text
        made = super().__new__(cls, text.format(**facts))
        made.text, made.facts = text, facts
        return made


class FieldError(Exception):
    """
    An error that either end may raise, send, or receive.

    *code* is a key of `PROBLEMS`; *fields* maps a path to sentences (marshmallow's shape); *detail* is one
    sentence that says what, where and how to mend it; *extra* travels as further members (`quota`, `from_seq`).
    """

    def __init__(self, code: str, fields: FieldMessages | None = None, detail: str = "", **extra: Any) -> None:
        if code not in PROBLEMS:
            raise KeyError(f"unknown error code {code!r}; add it to schemas.errors.PROBLEMS")
        self.code = code
        self.fields = {path: list(sentences) for path, sentences in (fields or {}).items()}
        self.detail = detail or _say_fields(self.fields) or PROBLEMS[code].title
        self.extra = extra
        super().__init__(code, self.detail)

    @property
    def kind(self) -> ProblemKind:
        """The table's line for this error."""
        return PROBLEMS[self.code]

    def __str__(self) -> str:
        return f"{self.detail} [{self.code}]"


def _say_fields(fields: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{path}: {' '.join(sentences)}" for path, sentences in fields.items())


def problem_of(error: FieldError, instance: str = "") -> dict[str, Any]:
    """Write *error* as an RFC 9457 problem. `instance` names this occurrence, for the log."""
    kind = error.kind
    problem: dict[str, Any] = {
        "type": TYPE_PREFIX + error.code,
        "title": kind.title,
        "status": kind.status,
        "detail": error.detail,
        "retry": kind.retry,
    }
    if instance:
        problem["instance"] = instance
    if error.fields:
        problem["errors"] = error.fields
    return problem | error.extra


# `code` and `fields` are not members of a problem, but names that a stranger's further members must not take.
_OWN_MEMBERS = {"type", "title", "status", "detail", "retry", "instance", "errors", "code", "fields", "self"}


def error_of(problem: Mapping[str, Any]) -> FieldError:
    """Read a problem back as the error it was; one of an unknown type becomes `internal`."""
    code = str(problem.get("type", "")).removeprefix(TYPE_PREFIX)
    if code not in PROBLEMS:
        return FieldError("internal", detail=str(problem.get("detail") or problem.get("title") or "unknown problem"))
    extra = {key: value for key, value in problem.items() if key not in _OWN_MEMBERS}
    return FieldError(code, _read_fields(problem.get("errors")), str(problem.get("detail", "")), **extra)


def _read_fields(messages: Any) -> FieldMessages | None:
    if not isinstance(messages, Mapping):
        return None
    return {
        str(path): [str(each) for each in sentences] if isinstance(sentences, (list, tuple)) else [str(sentences)]
        for path, sentences in messages.items()
    }
