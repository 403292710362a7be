"""
The keyring: what is encrypted where it lies, under which keys, and how these are changed.

Every file and the sealed columns have data keys of their own; a master key, which is never in the database, wraps
them. Rotating puts each data key under a new master key and touches nothing that they seal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import structlog
from sqlalchemy import Connection

from schemas.errors import FieldError
from server.services.site import Site
from server.storage import key_rows, sealed_rows
from server.storage.blobs import read_pieces
from server.storage.blobs_sealed import about, add_key
from server.storage.keeping import scrub
from server.storage.kept_files import EXPORTS, UPLOADS, is_sealed, keep, list_kept
from server.storage.key_rows import FIELDS
from server.storage.master_keys import KeyFile, MasterKeys, Wrapped
from server.storage.sealed_fields import use_key
from server.storage.types import AnyRow

log = structlog.get_logger()
AT_ONCE = 200  # data keys or rows that one transaction changes
PLAIN = (
    "Nothing is encrypted here: files and the sealed columns lie in plain. Set FAIRVISIT_KEY_FILE (see `fairvisit keys"
    " make`) or FAIRVISIT_KEY_COMMAND, or keep the database and the folder on an encrypted disk."
)


def unlock_columns(site: Site) -> None:
    """
    Let this site's store read and write sealed columns; make their key if it has none yet. Runs when a site is opened.

    Raises `unavailable` where columns are sealed and the master key cannot be had: nothing may be written in plain.
    """
    masters, row = site.masters, _find_fields(site)
    if masters is None:
        if row is not None:
            detail = (
                f"This database is sealed under master key {row.master}, and the settings name none. Set"
                " FAIRVISIT_KEY_FILE or FAIRVISIT_KEY_COMMAND as it was. Nothing was changed."
            )
            raise FieldError("unavailable", detail=detail)
        return
    if row is None:
        add_key(site.store, masters, site.random_bytes(32), {"name": FIELDS}, site.now, site.new_id)
        row = _find_fields(site)  # perhaps another process's
    assert row is not None
    use_key(site.store.engine.dialect, _open(masters, row))


def _find_fields(site: Site) -> AnyRow | None:
    with site.store.read() as connection:
        return key_rows.find_data_key(connection, FIELDS)


def _open(masters: MasterKeys, row: AnyRow) -> bytes:
    return masters.unwrap(Wrapped(row.master, row.wrapped), about(row.name, row.id))


def _masters(site: Site) -> MasterKeys:
    if site.masters is None:
        raise FieldError("conflict", detail=PLAIN)
    return site.masters


class Master(NamedTuple):
    """A master key: its name, since when it is used, when it was retired, how many data keys lie under it."""

    name: str
    made_ms: int
    retired_ms: int | None
    under: int


@dataclass(frozen=True, slots=True)
class Keys:
    """What is encrypted here: the master keys, whether any is set, and what lies in plain, by column and of files."""

    is_set: bool
    masters: Sequence[Master]
    plain_rows: dict[str, int]
    plain_files: int


def read_keys(site: Site) -> Keys:
    """Give what is encrypted here and what is not."""
    with site.store.read() as connection:
        masters = [
            Master(row.name, row.made_ms, row.retired_ms, int(row.under)) for row in key_rows.list_masters(connection)
        ]
        plain = sealed_rows.count_plain(connection)
    files = sum(1 for _ in site.blobs.list_plain()) + len(_kept_plain(site))
    return Keys(site.masters is not None, masters, plain, files)


def _kept_plain(site: Site) -> list[Path]:
    """Give each lender's file, file of rejected rows and export that lies in plain."""
    folders = (site.settings.folder_path / name for name in (UPLOADS, EXPORTS))
    return [path for folder in folders for path in list_kept(folder) if not is_sealed(path)]


# -- rotating


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: the master key in use, how many data keys came under it, which masters hold none now."""

    master: str
    moved: int
    retired: Sequence[str]


def rotate(site: Site) -> Rotation:
    """
    Put every data key under a new master key, a few hundred a transaction; retire each old one under which none is.

    Cut short, it is gone on with: as long as a data key lies under another master than the newest, no new one is made.
    A key service makes its new key itself, before this.
    """
    masters = _masters(site)
    newest = _newest(masters)
    if isinstance(masters, KeyFile) and not _left(site, newest, 1):
        newest = masters.add()
    moved = 0
    while rows := _left(site, newest, AT_ONCE):
        moved += _move(site, masters, rows)
    retired = site.store.write(lambda connection: _retire(connection, newest, site.now()))
    log.info("keys_rotated", master=newest, moved=moved, retired=retired)
    return Rotation(newest, moved, retired)


def _newest(masters: MasterKeys) -> str:
    """Give the name of the master key in use: whoever wraps says it."""
    return masters.wrap(bytes(32), "probe").master


def _left(site: Site, newest: str, most: int) -> Sequence[AnyRow]:
    with site.store.read() as connection:
        return key_rows.read_under_others(connection, newest, most)


def _move(site: Site, masters: MasterKeys, rows: Sequence[AnyRow]) -> int:
    """Put data keys under the master key in use, in one transaction; whoever serves goes on meanwhile."""
    moved = [(row, masters.wrap(_open(masters, row), about(row.name, row.id))) for row in rows]

    def job(connection: Connection) -> None:
        for row, wrapped in moved:
            key_rows.put_under(connection, row, wrapped, site.now())

    site.store.write(job)
    return len(moved)


def _retire(connection: Connection, newest: str, now_ms: int) -> list[str]:
    """Retire every master key but the newest under which nothing lies; nothing comes under it from then on."""
    waiting = [row.name for row in key_rows.list_masters(connection) if row.name != newest and row.retired_ms is None]
    return [name for name in waiting if not key_rows.retire_master(connection, name, now_ms)]


def forget_master(site: Site, name: str) -> None:
    """
    Take a retired master key out of the key file: backups that lie under it can be opened by nobody any more.

    Raises `conflict` unless it is retired, or where a key service holds it.
    """
    masters = _masters(site)
    if not isinstance(masters, KeyFile):
        raise FieldError("conflict", detail="The key service holds the master keys; have it destroy this one.")
    with site.store.read() as connection:
        row = next((row for row in key_rows.list_masters(connection) if row.name == name), None)
    if row is None:
        raise FieldError("not-found", detail=f"There is no master key {name}; see `fairvisit keys show`.")
    if row.retired_ms is None or row.under:
        raise FieldError("conflict", detail=f"Master key {name} is in use: rotate first, so that nothing is under it.")
    masters.forget(name)
    log.info("master_forgotten", master=name)


# -- what lies in plain


def encrypt_plain(site: Site) -> tuple[int, int]:
    """
    Seal what was written before there was a key; give how many rows and files. Cut short, it is gone on with.

    Backups made before still hold it in plain.
    """
    _masters(site)
    rows = sum(_seal_column(site, place) for place in sealed_rows.PLACES)
    site.store.write(sealed_rows.seal_secrets)
    files = 0
    for sha256 in site.blobs.list_plain():
        site.blobs.seal_kept(sha256, site.settings.folder_path)
        files += 1
    for path in _kept_plain(site):
        keep(site.store, read_pieces(path.open("rb"), None), path)
        files += 1
    if not scrub(site.store):
        log.warning("encrypted_not_scrubbed")
    log.info("plain_encrypted", rows=rows, files=files)
    return rows, files


def _seal_column(site: Site, place: str) -> int:
    sealed, after = 0, None
    while True:
        done = site.store.write(partial(sealed_rows.seal_some, place=place, after=after, most=AT_ONCE))
        sealed += done.sealed
        if done.last is None:
            return sealed
        after = done.last
