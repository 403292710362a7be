"""What an event's content is read as, before anything is asked of a database."""

from __future__ import annotations

import orjson
import pytest

from schemas import canonical
from schemas.fastcheck import event_check
from schemas.messages import Submitted
from schemas.vocabulary import ParkReason
from server.domain.intake import Content, read_content

EVENT, OTHER = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"


def read_correction(body: str) -> Content:
    """Read an `event_corrected` whose free-form body is this JSON."""
    at = {"wall": "2016-04-07T10:00:00.000-07:00", "mono_ms": 1, "boot": "b"}
    named = {"event_id": OTHER, "reason": "mistyped", "body": "?"}
    members = {"id": EVENT, "kind": "event_corrected", "schema": 1, "at": at, "body": named, "salt": "5a" * 16}
    content = orjson.dumps(members, option=orjson.OPT_SORT_KEYS).replace(b'"?"', body.encode())
    return read_content(Submitted(EVENT, 2, canonical.digest(content), content), event_check)


@pytest.mark.parametrize("value", ["1.5", "null", "9007199254740992", '[{"deep":0.5}]', '{"Upper":1}'])
def test_a_free_form_body_keeps_rule_e0_or_is_parked(value: str) -> None:
    """E0, E5: a float, null, a huge integer or a foreign key in a correction's body parks it as unreadable."""
    found = read_correction(f'{{"tries":{value}}}')

    assert (ParkReason.UNREADABLE, {}) == (found.problem, found.members)


def test_a_free_form_body_that_keeps_rule_e0_is_read() -> None:
    """E0: whatever else a correction says is taken as it is."""
    found = read_correction('{"list":[1,true],"tries":9007199254740991}')

    assert (None, "event_corrected") == (found.problem, found.kind)
    assert {"list": [1, True], "tries": 2**53 - 1} == found.body["body"]
