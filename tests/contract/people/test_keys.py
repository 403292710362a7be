"""The server's own keys: made once, rotated with notice, kept for as long as there is something to verify (A6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from sqlalchemy import Table

from schemas import canonical, signing
from schemas.errors import FieldError
from schemas.messages import parse_time
from schemas.packet import ServerKeysSchema
from server.services.keys import prepare_site, public_keys, rotate_key, signing_key
from server.services.site import Site
from server.storage import tables
from server.storage.tables import SHARED_SCOPE
from tests.contract.people.office import DAY_MS, Office, opened_office


def published(office: Office) -> list[dict[str, object]]:
    """Give the bodies of the server_keys items, in feed order."""
    rows = sorted(office.rows(tables.feed), key=lambda row: row.seq)
    return [orjson.loads(row.item)["body"] for row in rows if (row.scope_id, row.type) == (SHARED_SCOPE, "server_keys")]


def test_a_site_is_prepared_once(database_url: str) -> None:
    """Preparing again, or in eight threads at once, makes no second epoch, secret or key."""
    with opened_office(database_url) as office:
        before = {row.name: row.value for row in office.rows(tables.server_state)}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: prepare_site(office.site), range(8)))

        assert {"epoch", "nonce_secret", "person_secret"} <= set(before)
        assert 8 == len(before["epoch"])
        assert before == {row.name: row.value for row in office.rows(tables.server_state)}
        assert 1 == len(public_keys(office.site))


@pytest.mark.parametrize("missing", [(tables.server_key, tables.server_state), (tables.server_key,)])
def test_a_fresh_database_prepared_by_eight_at_once_has_one_key(database_url: str, missing: tuple[Table, ...]) -> None:
    """Workers that start together agree on one key and one epoch, whatever was there already."""
    with opened_office(database_url) as office:
        for table in missing:
            office.site.store.write(lambda one, table=table: one.execute(table.delete()))
        sites = [Site(office.site.store, office.site.settings, office.clock, office.site.new_id) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(prepare_site, sites))

        assert 1 == len(public_keys(office.site))
        assert 1 == len({site.nonce_secret for site in sites})


def test_a_new_key_signs_after_fourteen_days(office: Office) -> None:
    """A6: a rotated key is published 14 days before its first use, and signs from then on."""
    old = signing_key(office.site)[1]
    new = rotate_key(office.site)
    office.clock.move(14 * DAY_MS - 1)

    assert old == signing_key(office.site)[1]
    office.clock.move(1)
    assert new == signing_key(office.site)[1]


def test_a_rotation_is_signed_by_the_key_before(office: Office) -> None:
    """A6: the published item keeps its schema and carries a proof that a device which trusts the old key can check."""
    old_key, old_kid = signing_key(office.site)
    new = rotate_key(office.site)
    [body] = published(office)
    payload = signing.verify(str(body["proof"]), old_key.public_key(), "server_keys")

    assert {} == ServerKeysSchema().validate(body)
    assert old_kid == signing.kid_of(str(body["proof"]))
    assert canonical.encode(payload["keys"]) == canonical.encode(body["keys"])
    begins = {entry["kid"]: parse_time(entry["active_from"]) for entry in payload["keys"]}
    assert begins == {old_kid: office.clock.ms, new: office.clock.ms + 14 * DAY_MS}


def test_two_rotations_can_be_followed_one_by_one(office: Office) -> None:
    """A6: a device away during two rotations finds both items, each signed by the key before it."""
    trusted = {signing_key(office.site)[1]}
    for _ in range(2):
        rotate_key(office.site)
        office.clock.move(14 * DAY_MS)
    bodies = published(office)

    assert 2 == len(bodies)
    for body in bodies:
        assert signing.kid_of(str(body["proof"])) in trusted
        trusted |= {entry["kid"] for entry in body["keys"]}  # type: ignore[attr-defined]
    assert signing_key(office.site)[1] in trusted


def test_a_rotation_waits_for_the_one_before(office: Office) -> None:
    """A second rotation within the 14 days is refused with a sentence."""
    rotate_key(office.site)

    with pytest.raises(FieldError, match="begins to sign"):
        rotate_key(office.site)


def test_a_retired_key_keeps_its_public_part_only(office: Office) -> None:
    """A6: once its successor signs, the private part is forgotten and the public one stays."""
    old = signing_key(office.site)[1]
    rotate_key(office.site)
    office.clock.move(14 * DAY_MS)
    prepare_site(office.site)
    kept = {row.kid: row for row in office.rows(tables.server_key)}

    assert (None, office.clock.ms) == (kept[old].private_pem, kept[old].retired_ms)
    assert {old} < {entry["kid"] for entry in public_keys(office.site)}
    assert old != signing_key(office.site)[1]


def test_a_clock_set_back_before_the_first_key_still_signs(office: Office) -> None:
    """A server whose clock was ahead when its key was made goes on signing with it."""
    kid = signing_key(office.site)[1]
    office.clock.move(-DAY_MS)

    assert kid == signing_key(office.site)[1]
