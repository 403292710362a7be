"""The one error table: what it may hold, and an error's way over the wire and back."""

from __future__ import annotations

from typing import Any, get_args

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import PROBLEMS, FieldError, Retry, error_of, problem_of
from schemas.problem import ProblemSchema

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["type", "title", "status", "detail", "retry", "errors", "instance", "code", "fields", "self", "quota"]
)


class TestTable:
    """The table itself."""

    @pytest.mark.parametrize("code", PROBLEMS)
    def test_a_line_holds_a_status_a_retry_and_a_sentence(self, code: str) -> None:
        """Each code is words with hyphens; its status is an error's; its title is a sentence a person can read."""
        kind = PROBLEMS[code]

        assert code.replace("-", "").isalpha()
        assert code == code.lower()
        assert 400 <= kind.status < 600
        assert kind.retry in get_args(Retry)
        assert kind.title[0].isupper()
        assert kind.title[-1] == "."

    def test_an_error_of_an_unknown_code_cannot_be_made(self) -> None:
        """The list is closed: a misspelt code fails where it is raised, not on a device."""
        with pytest.raises(KeyError, match="PROBLEMS"):
            FieldError("not-a-code")

    def test_what_cannot_help_is_never_asked_to_be_repeated_at_once(self) -> None:
        """Only what a second request can mend says `now`; a full or failing server says `backoff`."""
        assert {kind.retry for kind in PROBLEMS.values() if kind.status >= 500 and kind.retry != "after_fix"} == {
            "backoff"
        }


class TestWayOverTheWire:
    """An error arrives as the error it was."""

    @pytest.mark.parametrize("code", PROBLEMS)
    def test_every_code_comes_back(self, code: str) -> None:
        """Written as a problem, sent as JSON and read back, an error has its code, detail, fields and extras."""
        sent = FieldError(code, {"push.prev": ["is too short", "is not hex"]}, "Send it again.", quota={"max_bytes": 9})
        problem = orjson.loads(orjson.dumps(problem_of(sent, "urn:x:7")))
        got = error_of(problem)

        assert (sent.code, sent.detail, sent.fields, sent.extra) == (got.code, got.detail, got.fields, got.extra)
        assert ProblemSchema().validate(problem) == {}
        assert problem["instance"] == "urn:x:7"
        assert problem["status"] == PROBLEMS[code].status

    def test_what_is_empty_is_absent(self) -> None:
        """A problem holds no empty members."""
        assert set(problem_of(FieldError("paused"))) == {"type", "title", "status", "detail", "retry"}

    def test_without_a_detail_the_fields_speak_or_else_the_title(self) -> None:
        """There is always one sentence to show."""
        assert FieldError("malformed", {"a": ["is missing"], "b": ["is late"]}).detail == "a: is missing; b: is late"
        assert FieldError("paused").detail == PROBLEMS["paused"].title
        assert str(FieldError("paused", detail="Wait.")) == "Wait. [paused]"

    @given(st.dictionaries(NAMES, JSON) | st.dictionaries(st.text(max_size=5), JSON))
    def test_no_problem_breaks_the_reader(self, problem: dict[str, Any]) -> None:
        """Whatever a stranger's problem holds, it is read as an error with a code of ours."""
        assert error_of(problem).code in PROBLEMS

    @given(st.sampled_from(sorted(PROBLEMS)), st.dictionaries(NAMES, JSON))
    def test_no_members_of_a_known_problem_break_the_reader(self, code: str, members: dict[str, Any]) -> None:
        """A known type keeps its code, whatever stands beside it."""
        assert error_of(members | {"type": f"urn:fairvisit:problem:{code}"}).code == code
