"""The fast check of the push path and the marshmallow schema it is generated from judge alike, whatever comes."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema

from schemas.event import EVENT_SCHEMAS
from schemas.exchange import EnrolSchema, ExchangeSchema, FetchSchema
from schemas.fastcheck import compile_check, event_check, word_refusal
from schemas.vocabulary import EventKind
from tests.builders import make_chain, make_event, make_exchange, make_visit, read_vectors
from tests.property.valid_values import spoilt, valid

REQUESTS: list[type[Schema]] = [ExchangeSchema, EnrolSchema, FetchSchema]
CHECKS = {schema: compile_check(schema) for schema in [*EVENT_SCHEMAS.values(), *REQUESTS]}
SLOW = {schema: schema() for schema in CHECKS}
EXAMPLES = int(os.environ.get("FV_CAMPAIGNS", "150"))  # of each schema; `make soak` tries more


def judge_slowly(schema: type[Schema], value: Any) -> bool:
    """Let marshmallow judge."""
    return SLOW[schema].validate(value) == {}


@pytest.mark.parametrize("schema", CHECKS, ids=lambda schema: schema.__name__)
class TestBothJudgeAlike:
    """Hypothesis looks for a value that one takes and the other refuses."""

    @settings(max_examples=EXAMPLES // 2)
    @given(drawn=st.data())
    def test_what_keeps_the_schema_is_taken_by_both(self, schema: type[Schema], drawn: st.DataObject) -> None:
        """A value drawn from the schema's own rules is valid: else the drawing would try nothing."""
        value = drawn.draw(valid(schema))

        assert judge_slowly(schema, value)
        assert CHECKS[schema](value)

    @settings(max_examples=2 * EXAMPLES)
    @given(drawn=st.data())
    def test_a_spoilt_value_gets_one_verdict(self, schema: type[Schema], drawn: st.DataObject) -> None:
        """However a valid value was changed, the fast check says what marshmallow says."""
        value = drawn.draw(spoilt(schema))

        assert judge_slowly(schema, value) == CHECKS[schema](value)


class TestKnownDisagreements:
    """What the two once judged differently stays mended."""

    @pytest.mark.parametrize("number", [True, 1.0, -0.0, 2**53, 10**400, "1", None])
    def test_only_a_whole_number_is_an_integer(self, number: Any) -> None:
        """1.0, true and text are no integers: their bytes, and so their digests, are others."""
        value = make_exchange()
        value["clock"]["mono_ms"] = number

        assert not judge_slowly(ExchangeSchema, value)
        assert not CHECKS[ExchangeSchema](value)

    @pytest.mark.parametrize("mock", [0, 1, 1.0, "true", None])
    def test_only_true_and_false_are_boolean(self, mock: Any) -> None:
        """E0: 1 is not true."""
        value = make_event(EventKind.VISIT_STARTED)
        value["body"]["fixes"][0]["mock"] = mock

        assert not judge_slowly(EVENT_SCHEMAS[EventKind.VISIT_STARTED], value)
        assert not CHECKS[EVENT_SCHEMAS[EventKind.VISIT_STARTED]](value)

    def test_a_time_from_the_server_ends_where_it_ends(self) -> None:
        """A newline at the end, which Python's `$` lets through, is refused by both."""
        value = make_exchange()
        value["clock"]["last"] = {"server_time": "2026-03-05T22:00:00.000Z\n", "mono_ms": 1, "rtt_ms": 1}

        assert not judge_slowly(ExchangeSchema, value)
        assert not CHECKS[ExchangeSchema](value)


class TestEventCheck:
    """The table of compiled checks."""

    def test_each_kind_has_its_check(self) -> None:
        """Every kind's example passes its own kind's check and no other's."""
        for kind in EventKind:
            example = make_event(kind)
            passed = [other for other in EventKind if (event_check(other) or bool)(example) is True]

            assert [kind] == passed

    def test_a_kind_nobody_knows_has_none_and_leaves_nothing_behind(self) -> None:
        """X5: kinds that a device invents do not fill the server's memory."""
        from schemas import fastcheck

        event_check(EventKind.VISIT_STARTED)
        before = set(fastcheck._checks)

        assert [None] * 100 == [event_check(f"kind_{number}") for number in range(100)]
        assert before == set(fastcheck._checks)

    def test_the_compiled_check_is_kept(self) -> None:
        """A kind is compiled once, not for each event."""
        assert event_check("visit_started") is event_check(EventKind.VISIT_STARTED)


class TestWordRefusal:
    """What a person reads of a refusal."""

    def test_a_surrogate_in_a_key_is_named_in_words_that_can_be_sent(self) -> None:
        """X3: the answer that names the place has bytes, whatever the place is called."""
        worded = word_refusal(ExchangeSchema, make_exchange() | {"\ud800": 1})

        assert worded == {"\ufffd": ["Unknown field."]}

    def test_a_whole_object_is_named_by_its_own_path(self) -> None:
        """The path is the member's, without a word of marshmallow's."""
        assert list(word_refusal(ExchangeSchema, make_exchange() | {"push": []})) == ["push"]
        assert list(word_refusal(ExchangeSchema, [])) == ["."]


def test_a_batch_of_a_visit_is_taken() -> None:
    """The request that most devices send most days keeps the schema."""
    value = make_exchange(make_chain(make_visit()))

    assert judge_slowly(ExchangeSchema, value)
    assert CHECKS[ExchangeSchema](value)


@pytest.mark.parametrize("vector", read_vectors("events"), ids=lambda vector: vector["name"])
def test_golden_events_get_their_verdict_from_both(vector: dict[str, Any]) -> None:
    """The golden events are judged by both as the vectors say."""
    kind = vector["given"].get("kind")
    schema = EVENT_SCHEMAS.get(kind)
    expected = "expected" in vector

    assert schema is not None or vector["refused"] == "unknown-kind"
    assert schema is None or expected == judge_slowly(schema, vector["given"])
    assert schema is None or expected == CHECKS[schema](vector["given"])
