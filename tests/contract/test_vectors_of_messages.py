"""Our code gives what the golden vectors of messages say: requests, receipts, events, items, limits, problems."""

from __future__ import annotations

from typing import Any

import rfc8785

from agent_sync import rules, rules_door, rules_limits, rules_sending
from agent_sync.rules_limits import PastVisit
from schemas import canonical, exchange, sealing, shapes, vocabulary
from schemas.errors import error_of
from schemas.event import EVENT_SCHEMAS
from schemas.fastcheck import event_check, word_refusal
from schemas.messages import Quota, Receipt, Submitted, format_time, parse_time, read_time
from schemas.packet import ITEM_SCHEMAS, LimitsSchema
from server.domain import intake
from tests.builders import read_vectors
from tests.contract.reading_vectors import vectors_of

CONSTANTS = vars(canonical) | vars(sealing) | vars(shapes) | vars(exchange) | vars(vocabulary)


@vectors_of("receipts")
def test_receipts(vector: dict[str, Any]) -> None:
    """E8: a receipt stands on the wire as written, and is read back as the receipt it was."""
    given = dict(vector["given"])
    if "text" in given:
        assert read_time(given["text"]) is None
        return
    receipt = Receipt(**given | {"flags": tuple(given.get("flags", ()))})

    assert vector["expected"] == receipt.to_wire()
    assert receipt == Receipt.from_wire(vector["expected"])
    assert exchange.ReceiptSchema().validate(vector["expected"]) == {}


@vectors_of("outcomes")
def test_outcomes(vector: dict[str, Any]) -> None:
    """Exactly the listed dispositions can come of a contact."""
    contact = vector["given"]["contact_result"]
    possible = [word.value for word in vocabulary.Disposition if vocabulary.is_possible(contact, word)]

    assert vector["expected"]["possible"] == possible


def test_every_contact_has_its_outcomes() -> None:
    """The table is whole: one vector for each contact result."""
    listed = [vector["name"] for vector in read_vectors("outcomes")]

    assert list(vocabulary.ContactResult) == listed
    assert list(vocabulary.POSSIBLE_PAIRS) == listed


@vectors_of("numbers")
def test_numbers(vector: dict[str, Any]) -> None:
    """X3: the constants, the quotas and the cutting of batches are as written."""
    given = vector["given"]
    if "constant" in given:
        assert vector["expected"] == {"is": CONSTANTS[given["constant"]]}
    elif "quota" in given:
        quota = Quota(**given["quota"])
        assert vector["expected"] == quota.to_wire()
        assert quota.max_event_bytes >= 4 * quota.max_bytes
        assert quota.max_inflated >= 3 * quota.max_event_bytes
    else:
        cut = rules_sending.cut_batches(given["sizes"], given["max_events"], given["max_bytes"])
        assert vector["expected"] == {"batches": [len(batch) for batch in cut]}


@vectors_of("limits")
def test_limits(vector: dict[str, Any]) -> None:
    """L1, L2, L3: a device compares a moment, a crew and its visits with the compiled limits as written."""
    given, now_ms = vector["given"], parse_time(vector["given"]["now"])
    visits = [
        PastVisit(each["visit_id"], parse_time(each["started"]), each["met_nobody"]) for each in given.get("visits", ())
    ]
    remarks = rules_limits.check_limits(given["limits"], now_ms, given["crew"], visits)
    leave_ms = rules_limits.leave_by(given["limits"], now_ms)
    said = {
        "blocks": [remark.code for remark in remarks if remark.level == "block"],
        "warns": [remark.code for remark in remarks if remark.level == "warn"],
    }

    assert vector["expected"] == said | ({} if leave_ms is None else {"leave_by": format_time(leave_ms)})
    assert {} == LimitsSchema().validate(given["limits"])


@vectors_of("door")
def test_door(vector: dict[str, Any]) -> None:
    """A device holds an event against the order at the door, the visit so far and the limits as written."""
    given = vector["given"]
    visit = rules.VisitSoFar(tuple((kind, body) for kind, body in given["events"]))
    remarks = rules_door.check_door(given["kind"], given["body"], visit, rules.CaseNow(limits=given["limits"]))

    assert vector["expected"] == {"remarks": [[each.level, each.code] for each in remarks]}


@vectors_of("exchanges")
def test_exchanges(vector: dict[str, Any]) -> None:
    """X1: a request is read, or refused at the path the vector names."""
    wrong = word_refusal(exchange.ExchangeSchema, vector["given"])

    assert ("refused" in vector) == bool(wrong)
    assert [vector["at"]] == list(wrong) if "refused" in vector else wrong == {}


@vectors_of("problems")
def test_problems(vector: dict[str, Any]) -> None:
    """A problem is read as the error it was, whoever wrote it."""
    error = error_of(vector["given"]["problem"])

    assert vector["expected"] == {
        "code": error.code,
        "detail": error.detail,
        "fields": error.fields,
        "extra": error.extra,
    }


@vectors_of("events")
def test_events(vector: dict[str, Any]) -> None:
    """E5: an event is taken with its digest, or parked for the named reason."""
    given = vector["given"]
    content = rfc8785.dumps(given)
    read = intake.read_content(Submitted(given["id"], 1, canonical.digest(content), content), event_check)

    if "expected" in vector:
        assert vector["expected"] == {"content": canonical.encode(given).decode(), "digest": canonical.digest(content)}
    assert vector.get("refused") == read.problem


@vectors_of("events", "at")
def test_a_refusal_names_the_place(vector: dict[str, Any]) -> None:
    """What a person reads about an invalid event names exactly the field that is wrong."""
    assert [vector["at"]] == list(word_refusal(EVENT_SCHEMAS[vector["given"]["kind"]], vector["given"]))


@vectors_of("items")
def test_items(vector: dict[str, Any]) -> None:
    """F4: a feed item's body keeps its schema and has this canonical text and weight, or is out of shape."""
    given = vector["given"]
    wrong = word_refusal(ITEM_SCHEMAS[given["type"]], given["body"])
    if "refused" in vector:
        assert [vector["at"]] == list(wrong)
        return
    body = canonical.encode(given["body"])

    assert wrong == {}
    assert given["sha256"] == canonical.digest(body)
    assert vector["expected"]["body"] == body.decode()
    assert vector["expected"]["weight"] == canonical.item_weight(
        given["type"], given["id"], given["rev"], given["sha256"]
    )


def test_every_kind_and_type_has_an_example() -> None:
    """No kind of event and no type of item goes without a valid example."""
    kinds = {vector["given"]["kind"] for vector in read_vectors("events") if "expected" in vector}
    types = {vector["given"]["type"] for vector in read_vectors("items") if "expected" in vector}

    assert set(vocabulary.EventKind) == kinds
    assert set(vocabulary.ItemType) == types
