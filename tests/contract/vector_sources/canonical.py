"""Canonical bytes: what values become, and texts that are refused though they are JSON."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.vector_sources.plain import Vector, canon, sha

ABOUT = (
    "E0 and E1. `value` is encoded to `text`, whose UTF-8 bytes have `digest`. `text` (or `hex`: bytes) is read, and"
    " refused unless it is exactly canonical. `utf16` is a text by its code units, cleaned of lone surrogates."
)
VALUES: dict[str, Any] = {
    "an empty object": {},
    "keys in order of their bytes": {"b": 1, "a": 2, "aa": 3, "a_": 4, "a1": 5, "_": 6, "0": 7},
    "nothing between the parts": {"a": [1, 2, {"b": []}], "c": {"d": {}}},
    "the two booleans": {"no": False, "yes": True},
    "integers at the edge": {"least": -(2**53) + 1, "most": 2**53 - 1, "zero": 0},
    "letters of many scripts are not escaped": {"t": "Ärger, 台北, Нет, ליל, 😀, \u2028, \u007f, \ufeff"},
    "only what JSON must escape is": {"t": '"\\/\b\f\n\r\t'},
    "other control characters as four hex digits": {"t": "".join(map(chr, [0, 1, 11, 14, 31]))},
    "composed and decomposed letters stay two texts": {"one": "é", "two": "e\u0301"},
    "the last character there is": {"t": "\U0010ffff\ufffd\uffff"},
    "a key of every letter it may have": {"abcdefghijklmnopqrstuvwxyz_0123456789": 1},
    "nested as deep as it may be": json.loads('{"a":' * 32 + "{}" + "}" * 32),
}
TEXTS = {
    "a space after a colon": '{"a": 1}',
    "a space at the end": '{"a":1} ',
    "a newline at the end": '{"a":1}\n',
    "keys out of order": '{"b":1,"a":2}',
    "a key twice": '{"a":1,"a":1}',
    "a whole number as fraction": '{"a":1.0}',
    "a fraction": '{"a":0.5}',
    "an exponent": '{"a":1e3}',
    "minus zero": '{"a":-0}',
    "a leading zero": '{"a":01}',
    "2^53": '{"a":9007199254740992}',
    "minus 2^53": '{"a":-9007199254740992}',
    "an integer of 30 digits": '{"a":100000000000000000000000000000}',
    "null": '{"a":null}',
    "null inside a list": '{"a":[1,null]}',
    "NaN": '{"a":NaN}',
    "a key in upper case": '{"A":1}',
    "a key with a hyphen": '{"a-b":1}',
    "an empty key": '{"":1}',
    "a key of another script": '{"é":1}',
    "a slash escaped": r'{"a":"\/"}',
    "a letter escaped": r'{"a":"\u0061"}',
    "an escape in upper case": r'{"a":"\u001F"}',
    "a tab as four hex digits": r'{"a":"\u0009"}',
    "a raw tab": '{"a":"\t"}',
    "a pair of surrogates escaped": r'{"a":"\ud83d\ude00"}',
    "a lone surrogate escaped": r'{"a":"\ud800"}',
    "a list": "[1]",
    "a text": '"a"',
    "nothing": "",
    "two objects": "{}{}",
    "a comma too many": '{"a":1,}',
    "a byte order mark": "\ufeff{}",
    "nested too deep": '{"a":' * 33 + "{}" + "}" * 33,
}
BYTES = {
    "a lone surrogate as bytes": b'{"a":"\xed\xa0\x80"}',
    "an overlong form": b'{"a":"\xc0\xaf"}',
    "Latin-1": '{"a":"é"}'.encode("latin-1"),
    "UTF-16": '{"a":1}'.encode("utf-16-le"),
}
UNITS = {
    "a lone high surrogate": ([0x61, 0xD800, 0x62], "a\ufffdb"),
    "a lone low surrogate": ([0xDC00], "\ufffd"),
    "low before high is two lone ones": ([0xDC00, 0xD800], "\ufffd\ufffd"),
    "a pair stays": ([0xD83D, 0xDE00], "😀"),
    "a high one before a pair": ([0xD83D, 0xD83D, 0xDE00], "\ufffd😀"),
}


def vectors() -> list[Vector]:
    """Give the vectors of `canonical.json`."""
    out: list[Vector] = []
    for name, value in VALUES.items():
        text = canon(value)
        out.append({"name": name, "given": {"value": value}, "expected": {"text": text.decode(), "digest": sha(text)}})
    out += [{"name": name, "given": {"text": text}, "refused": "not-canonical"} for name, text in TEXTS.items()]
    out += [{"name": name, "given": {"hex": raw.hex()}, "refused": "not-canonical"} for name, raw in BYTES.items()]
    out += [{"name": n, "given": {"utf16": units}, "expected": {"text": text}} for n, (units, text) in UNITS.items()]
    return out
