"""Offices whose files and columns are sealed, a key service that is none, and what really lies on the disk."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import LargeBinary, Text, select, type_coerce

from server.storage.master_keys import KeyFile
from server.storage.sealed_fields import SealedBytes
from server.storage.sealed_rows import PLACES
from tests.office import Office

SERVICE = """
import base64, hashlib, pathlib, sys
folder = pathlib.Path(sys.argv[1])
newest = (folder / "newest").read_text()
def pad(name, about):
    return hashlib.sha256((name + about).encode()).digest()
said = base64.b64decode(sys.stdin.buffer.read())
if sys.argv[2] == "wrap":
    name, about = newest, sys.argv[3]
    done = bytes(a ^ b for a, b in zip(said, pad(name, about), strict=True))
    print(name, base64.b64encode(done).decode())
else:
    name, about = sys.argv[3:]
    print(base64.b64encode(bytes(a ^ b for a, b in zip(said, pad(name, about), strict=True))).decode())
"""


def with_key_file(folder: Path) -> dict[str, Any]:
    """Make a key file, and give the setting that names it."""
    path = folder / "master.keys"
    KeyFile(path).make()
    return {"key_file": str(path)}


def with_service(folder: Path) -> dict[str, Any]:
    """Make a key service that has the key `k1`, and give the setting that calls it."""
    service = folder / "service"
    service.mkdir()
    (service / "newest").write_text("k1")
    (service / "service.py").write_text(SERVICE)
    return {"key_command": f"{sys.executable} {service / 'service.py'} {service}"}


def keep(office: Office, content: bytes) -> str:
    """Keep a file, and give its hash."""
    sha256 = hashlib.sha256(content).hexdigest()
    path = office.site.settings.folder_path / "part"
    path.write_bytes(content)
    office.site.blobs.put(sha256, path)
    path.unlink()
    return sha256


def read(office: Office, sha256: str, *span: int) -> bytes:
    """Read a file, or a span of it."""
    return b"".join(office.site.blobs.read(sha256, *span))


def lying(office: Office) -> bytes:
    """Give every byte of every file that is kept."""
    folder = office.site.settings.files_path
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir())) if folder.exists() else b""


def raw(office: Office, place: str) -> list[Any]:
    """Give the values of a sealed column as they lie in the rows."""
    column = PLACES[place]
    kept = type_coerce(column, LargeBinary if isinstance(column.type, SealedBytes) else Text)
    return [row[0] for row in office.rows(select(kept).where(column.is_not(None)))]
