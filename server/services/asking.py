"""
Asking: derive, once for each case, the key that a person's two facts open the sealed part with, and what is asked.

Called by the reconciler and by `fairvisit reconcile`, behind the import: deriving is slow on purpose. Until then the
packet opens by code or document; afterwards it is packed anew, and the answers are kept no longer.
"""

from __future__ import annotations

import hmac
from dataclasses import replace

from sqlalchemy import Connection

from schemas import sealing
from schemas.vocabulary import WrapKind
from server.domain.asking import choose_pair, write_choices
from server.services.packing import bump_and_repack
from server.services.site import Site
from server.storage import case_rows, door_rows, proof_rows
from server.storage.feed import publish
from server.storage.types import AnyRow


def prepare_pairs(site: Site, most: int) -> int:
    """Derive the keys of at most *most* cases; give how many waited."""
    with site.store.read() as connection:
        waiting = door_rows.read_told(connection, most)
    secret = site.person_secret if waiting else b""
    for row in waiting:
        _prepare(site, row, secret)
    return len(waiting)


def _prepare(site: Site, row: AnyRow, secret: bytes) -> None:
    key = _derive(site, row, secret)

    def job(connection: Connection) -> None:
        case_rows.lock_cases(connection, [row.case_id])
        proof_rows.secure_deletes(connection, on=True)  # the answers are not to be found in what the file has free
        answers = door_rows.take_told(connection, row.case_id)
        proof_rows.secure_deletes(connection, on=False)
        if answers is None:
            return
        if answers != row.answers:  # told otherwise meanwhile: the next round derives it
            door_rows.put_told(connection, [{"case_id": row.case_id, "answers": answers}])
            return
        if key is None:
            door_rows.forget_pairs(connection, [row.case_id])
        else:
            door_rows.put_pair(connection, row.case_id, key, site.now())
        publish(connection, bump_and_repack(connection, site, [row.case_id], mattered=False))

    site.store.write(job)


def _derive(site: Site, row: AnyRow, secret: bytes) -> sealing.WrapKey | None:
    pair = choose_pair(row.answers)
    if pair is None:
        return None
    asks = [
        {"fact": kind.value, "choices": write_choices(kind, row.answers[kind], _seed(secret, row.person_id, kind))}
        for kind in pair
    ]
    said = sealing.facts_secret([row.answers[kind] for kind in pair])
    return replace(sealing.derive_wrap_key(WrapKind.TWO_FACTS, said, site.random_bytes), asks=asks)


def _seed(secret: bytes, person_id: str, kind: str) -> bytes:
    """Give what picks a person's choices: the same in each of their cases."""
    return hmac.digest(secret, f"asks.{person_id}.{kind}".encode(), "sha256")
