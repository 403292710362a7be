"""The canonical form, held against another implementation of RFC 8785 and against whatever Hypothesis draws."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from schemas import canonical
from schemas.errors import FieldError

MOST = 2**53 - 1
KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=6)
ANY_TEXT = st.text(st.characters())  # lone surrogates too
GOOD_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.booleans() | st.integers(-MOST, MOST) | GOOD_TEXT
PLAIN = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(KEYS, PLAIN, max_size=4)

UNWRITABLE = [1.0, 0.5, float("nan"), None, MOST + 1, -MOST - 1, 10**30, b"a", ..., {1, 2}, "\ud800", "a\udc00"]
UNWRITABLE += [{1: 2}, {"A": 1}, {"": 1}, {"é": 1}, {"a\n": 1}, {"a-b": 1}]


def assert_refused(content: bytes) -> None:
    """Hold that a text is refused for its form."""
    with pytest.raises(FieldError) as caught:
        canonical.read(content)
    assert caught.value.code == "not-canonical"


class TestEncode:
    """Writing."""

    @given(OBJECTS)
    def test_the_bytes_are_those_of_rfc_8785(self, value: dict[str, Any]) -> None:
        """E0: what keeps the rule has the bytes that another implementation gives."""
        assert rfc8785.dumps(value) == canonical.encode(value)

    @given(st.characters(exclude_categories=["Cs"]))
    @example("\x7f")
    @example("\u2028")
    @example("/")
    def test_each_character_is_escaped_as_rfc_8785_does(self, character: str) -> None:
        """E0: one character at a time, so that no rare one hides in a text."""
        assert rfc8785.dumps({"t": character}) == canonical.encode({"t": character})

    def test_every_ascii_and_latin_character_is_escaped_as_rfc_8785_does(self) -> None:
        """E0: the first 256 characters, control characters among them, without leaving one to chance."""
        for code in range(256):
            assert rfc8785.dumps({"t": chr(code)}) == canonical.encode({"t": chr(code)}), hex(code)

    @given(OBJECTS, st.randoms())
    def test_the_order_in_which_keys_came_does_not_matter(self, value: dict[str, Any], shuffling: Any) -> None:
        """E0: the same members in another order are the same bytes."""
        keys = list(value)
        shuffling.shuffle(keys)

        assert canonical.encode(value) == canonical.encode({key: value[key] for key in keys})

    @pytest.mark.parametrize("value", UNWRITABLE, ids=ascii)
    def test_what_breaks_the_rule_is_refused_with_its_place(self, value: Any) -> None:
        """E0: floats, null, huge integers, other keys and lone surrogates are refused, and the sentence says where."""
        with pytest.raises(FieldError) as caught:
            canonical.encode({"body": [True, {"x": value}]})

        assert caught.value.code == "not-canonical"
        assert ["body[1].x"] == list(caught.value.fields)

    @given(st.integers(0, 40))
    def test_depth_has_an_edge(self, depth: int) -> None:
        """X5: 32 levels below the first are taken, the 33rd is not."""
        value: dict[str, Any] = {}
        for _ in range(depth):
            value = {"a": value}
        if depth <= canonical.MAX_DEPTH:
            assert value == canonical.read(canonical.encode(value))
        else:
            with pytest.raises(FieldError):
                canonical.encode(value)


class TestRead:
    """Reading."""

    @given(OBJECTS)
    def test_what_was_written_is_read_back(self, value: dict[str, Any]) -> None:
        """E0: nothing is lost on the way."""
        assert value == canonical.read(canonical.encode(value))

    @given(OBJECTS, st.integers(0, 6))
    def test_any_other_spelling_of_it_is_refused(self, value: dict[str, Any], way: int) -> None:
        """E0: spaces, escapes, order: one value has one text."""
        text = canonical.encode(value)
        spelt = [
            json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode(),
            json.dumps(value, ensure_ascii=False, indent=1).encode(),
            json.dumps(dict(reversed(value.items())), ensure_ascii=False, separators=(",", ":")).encode(),
            text + b" ",
            b"\xef\xbb\xbf" + text,
            text.decode().encode("utf-16"),
            text[:-1],
        ][way]
        if spelt != text:
            assert_refused(spelt)

    @given(OBJECTS.filter(bool))
    def test_a_key_given_twice_is_refused(self, value: dict[str, Any]) -> None:
        """E0: the second would win in one language and the first in another."""
        text = canonical.encode(value)
        key, child = min(value.items())
        again = canonical.encode({key: child})[1:-1]

        assert_refused(b"{" + again + b"," + text[1:])

    @given(
        st.integers(-MOST, MOST).map(lambda number: f"{number}.0")
        | st.floats().map(json.dumps)
        | st.integers(MOST + 1).map(str)
        | st.integers(max_value=-MOST - 1).map(str)
        | st.sampled_from(["-0", "01", "1e3", "1E3", "+1", "0x1", "1.", ".1", "1_000", "١", "null", "NaN", "Infinity"])
    )
    def test_any_number_but_a_plain_integer_is_refused(self, digits: str) -> None:
        """E0: 1.0, 1e3, -0 and 2^53 are read differently in different languages."""
        assert_refused(f'{{"a":{digits}}}'.encode())

    @given(st.binary())
    def test_no_bytes_break_the_reader(self, content: bytes) -> None:
        """X3: whatever comes is read or refused; nothing else happens."""
        try:
            read = canonical.read(content)
        except FieldError:
            return
        assert content == orjson.dumps(read, option=orjson.OPT_SORT_KEYS)

    @pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"a":['])
    def test_depth_does_not_break_the_reader(self, opening: bytes) -> None:
        """X5: a hundred thousand brackets are refused, not followed."""
        assert_refused(opening * 100_000)


class TestClean:
    """Lone surrogates."""

    @given(ANY_TEXT)
    def test_a_cleaned_text_can_be_written(self, text: str) -> None:
        """E0: after cleaning, every text is well-formed, of the same length, and itself where it was well-formed."""
        cleaned = canonical.clean_text(text)

        assert cleaned == cleaned.encode().decode()
        assert len(text) == len(cleaned)
        assert all(new in (old, "\ufffd") for old, new in zip(text, cleaned, strict=True))

    @given(
        st.dictionaries(
            KEYS, ANY_TEXT | st.lists(ANY_TEXT, max_size=3) | st.fixed_dictionaries({"a": ANY_TEXT}), max_size=3
        )
    )
    def test_a_cleaned_value_can_be_written(self, value: Any) -> None:
        """E0: surrogates are found at any depth, and nothing else changes."""
        cleaned = canonical.clean_value(value)

        assert cleaned == canonical.clean_value(cleaned)
        assert canonical.encode({"a": cleaned})

    def test_keys_are_cleaned_too(self) -> None:
        """X3: a surrogate in a key is found like any other, so that a refusal can name the place."""
        assert {"\ufffd": [{"\ufffd": "\ufffd"}]} == canonical.clean_value({"\ud800": [{"\udfff": "\ud800"}]})

    def test_what_is_nested_too_deep_is_refused(self) -> None:
        """X5: a thousand levels are refused by name; they do not exhaust the stack."""
        value: Any = 1
        for _ in range(1000):
            value = {"a": value}

        with pytest.raises(FieldError) as caught:
            canonical.clean_value(value)
        assert caught.value.code == "too-deep"


class TestLink:
    """The hash of a link."""

    @given(st.uuids(), st.uuids(), st.integers(1, MOST), st.binary(min_size=32, max_size=32), st.binary(min_size=1))
    def test_it_is_the_hash_of_the_canonical_five(
        self, chain: Any, event: Any, seq: int, prev: bytes, content: bytes
    ) -> None:
        """E1: written out by hand for speed, the text is the canonical one."""
        five = {
            "chain_id": str(chain),
            "seq": seq,
            "prev": prev.hex(),
            "id": str(event),
            "digest": canonical.digest(content),
        }

        assert canonical.digest(rfc8785.dumps(five)) == canonical.link_hash(
            five["chain_id"], seq, five["prev"], five["id"], five["digest"]
        )


class TestSum:
    """The feed's checksum."""

    @given(st.lists(st.tuples(KEYS, KEYS, st.integers(0, MOST), KEYS)), st.randoms())
    def test_the_order_of_items_does_not_matter(self, items: list[Any], shuffling: Any) -> None:
        """F4: a device adds in the order it likes."""
        weights = [canonical.item_weight(*item) for item in items]
        total = canonical.sum_weights(weights)
        shuffling.shuffle(weights)

        assert total == canonical.sum_weights(weights)
        assert 0 <= total < 2**48

    @given(st.lists(st.integers(0, 2**48 - 1), min_size=1), st.integers(0, 2**48 - 1))
    def test_a_changed_item_is_swapped_without_adding_all_again(self, weights: list[int], new: int) -> None:
        """F4: (sum + new + 2^48 - old) mod 2^48 is the sum of what is live now."""
        old = weights[0]
        swapped = (canonical.sum_weights(weights) + new + 2**48 - old) % 2**48

        assert canonical.sum_weights([new, *weights[1:]]) == swapped
