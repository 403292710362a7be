"""Nonces: one a day for each device, good for a day at least (A2)."""

from __future__ import annotations

import pytest

from server.domain.nonces import BUCKET_MS, is_nonce_good, make_nonce

SECRET = b"s" * 32
DEVICE = "01900000-0000-7000-8000-000000000001"
NOON = 20_000 * BUCKET_MS + BUCKET_MS // 2


def test_a_nonce_is_at_most_24_characters() -> None:
    """A2: a nonce has 24 characters, now and in a century."""
    assert [24, 24] == [len(make_nonce(SECRET, DEVICE, ms)) for ms in (NOON, NOON + 36_500 * BUCKET_MS)]


def test_a_nonce_is_reusable_for_a_day_and_not_for_two() -> None:
    """A2: made at any moment, a nonce is good 24 hours later, and never 48 hours later."""
    for made in (NOON, NOON // BUCKET_MS * BUCKET_MS, (NOON // BUCKET_MS + 1) * BUCKET_MS - 1):
        nonce = make_nonce(SECRET, DEVICE, made)

        assert is_nonce_good([SECRET], DEVICE, nonce, made)
        assert is_nonce_good([SECRET], DEVICE, nonce, made + BUCKET_MS)
        assert not is_nonce_good([SECRET], DEVICE, nonce, made + 2 * BUCKET_MS)


def test_a_nonce_counts_for_its_own_device_and_secret_only() -> None:
    """A2: another device's nonce, or one by a secret that is not ours, does not count."""
    nonce = make_nonce(SECRET, DEVICE, NOON)

    assert not is_nonce_good([SECRET], DEVICE.replace("1", "2"), nonce, NOON)
    assert not is_nonce_good([b"t" * 32], DEVICE, nonce, NOON)
    assert is_nonce_good([b"t" * 32, SECRET], DEVICE, nonce, NOON)


def test_a_nonce_of_tomorrow_does_not_count() -> None:
    """A2: a nonce made for a later day does not count yet."""
    assert not is_nonce_good([SECRET], DEVICE, make_nonce(SECRET, DEVICE, NOON + BUCKET_MS), NOON)


@pytest.mark.parametrize("text", ["", "A" * 23, "A" * 24, "A" * 25, "é" * 24, "\ud800" * 24])
def test_anything_else_is_no_nonce(text: str) -> None:
    """A2: texts of any shape are refused without an error."""
    assert not is_nonce_good([SECRET], DEVICE, text, NOON)
