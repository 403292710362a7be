"""Files for tests: a phone whose events name them, and tus requests by hand."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server.storage.tables import wanted_file
from tests.office import Office, Phone

OCTETS = "application/offset+octet-stream"
FILES = "/sync/v1/files"


def sha256_of(content: bytes) -> str:
    """Give a content's hash as hex."""
    return hashlib.sha256(content).hexdigest()


@dataclass
class Filer:
    """A phone with a case, and what the server wants of it."""

    office: Office
    phone: Phone
    case_id: str

    @classmethod
    def enrolled(cls, office: Office, code: str = "a1") -> Filer:
        """Enrol a new phone for an agent with one case."""
        phone = Phone.enrolled(office, code)
        case_id = office.add_case(f"R-{code}")
        office.assign(case_id, phone.agent_id)
        return cls(office, phone, case_id)

    def name(self, sha256: str, size: int, media_type: str = "image/jpeg", role: str = "door") -> str:
        """Let an event name a file; give the token its upload needs."""
        file = {"sha256": sha256, "size": size, "media_type": media_type, "role": role}
        entry = self.phone.record(
            "files_attached", {}, case_id=self.case_id, visit_id=self.office.site.new_id(), packet_rev=1, files=[file]
        )
        sent = self.phone.log if len(self.phone.log) <= 2 else [entry]
        wanted = self.phone.exchange(sent)["push"].get("files_wanted", [])
        return str(next(each["token"] for each in wanted if each["sha256"] == sha256))

    def want(self, content: bytes, media_type: str = "image/jpeg", role: str = "door") -> Upload:
        """Let an event name this content."""
        sha256 = sha256_of(content)
        return Upload(self, content, sha256, self.name(sha256, len(content), media_type, role))

    def row(self, sha256: str) -> Any:
        """Give what the server knows of a file."""
        mine = (wanted_file.c.device_id == self.phone.device_id, wanted_file.c.sha256 == sha256)
        return self.office.rows(select(wanted_file).where(*mine))[0]


@dataclass
class Upload:
    """One file on its way, request by request."""

    filer: Filer
    content: bytes
    sha256: str
    token: str

    @property
    def path(self) -> str:
        """The upload's address."""
        return f"{FILES}/{self.filer.phone.device_id}-{self.sha256}"

    def ask(self, method: str, path: str, body: Any = b"", token: str = "", **headers: str) -> Any:
        """Send one tus request."""
        sent = {"Tus-Resumable": "1.0.0", "Content-Type": OCTETS, "Authorization": f"Upload {token or self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.filer.office.client.open(path, method=method, data=body, headers=sent)

    def create(self, body: bytes = b"", **headers: str) -> Any:
        """Create it, with its first bytes."""
        return self.ask("POST", FILES, body, **{"Upload_Length": str(len(self.content))} | headers)

    def head(self) -> Any:
        """Ask how far it has come."""
        return self.ask("HEAD", self.path)

    def patch(self, offset: int, body: bytes, **headers: str) -> Any:
        """Send bytes."""
        return self.ask("PATCH", self.path, body, Upload_Offset=str(offset), **headers)

    @property
    def state(self) -> str:
        """What the server says of the file."""
        return str(self.filer.row(self.sha256).state)

    def kept(self) -> bytes | None:
        """Give what the server keeps under its hash."""
        blobs = self.filer.office.site.blobs
        return None if blobs.find(self.sha256) is None else b"".join(blobs.read(self.sha256))


def checksum(algorithm: str, content: bytes) -> str:
    """Give the value of `Upload-Checksum`."""
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"
