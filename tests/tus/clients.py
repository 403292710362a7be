"""Real tus clients, unmodified: tuspy in this process, tus-js-client in Node. Each sends one errand."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from requests import RequestException
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

HERE = Path(__file__).parent
CHUNK = 64 * 1024
INSTALL_S = 300
SEND_S = 120


@dataclass
class Errand:
    """A file to send: where from, with which token, and where its upload was found to stand."""

    endpoint: str
    path: Path
    token: str
    url: str | None = None
    with_more: bool = False  # what the client can do beside the core: a checksum, or bytes with the creation


class Client(Protocol):
    """Something that sends files by tus."""

    def send(self, errand: Errand) -> str | None:
        """Send, or go on with sending; give what went wrong, None once the client calls it done."""


class TusPy:
    """tuspy."""

    def send(self, errand: Errand) -> str | None:
        """Send in this process."""
        with errand.path.open("rb") as file:
            return self._send(errand, file)

    def _send(self, errand: Errand, file: BinaryIO) -> str | None:
        uploader = None
        client = TusClient(errand.endpoint, headers={"Authorization": f"Upload {errand.token}"})
        try:
            uploader = client.uploader(
                file_stream=file, chunk_size=CHUNK, url=errand.url, upload_checksum=errand.with_more
            )
            uploader.upload()
        except (TusCommunicationError, TusUploadFailed, RequestException, TypeError) as error:
            if getattr(error, "status_code", None) == 404:
                errand.url = None
            elif uploader is not None:
                errand.url = uploader.url
            return repr(error)
        errand.url = uploader.url
        return None


class TusJs:
    """tus-js-client, in Node, installed into *folder*."""

    def __init__(self, folder: Path) -> None:
        npm, node = shutil.which("npm"), shutil.which("node")
        assert npm is not None, "tus-js-client comes by npm: Node is needed for this test."
        assert node is not None
        self.node, self.folder = node, folder
        if not (folder / "ready").exists():
            shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"), dirs_exist_ok=True)
            subprocess.run([npm, "ci"], cwd=folder, check=True, capture_output=True, timeout=INSTALL_S)
            (folder / "ready").touch()

    def send(self, errand: Errand) -> str | None:
        """Send in a process of its own."""
        asked = {
            "endpoint": errand.endpoint, "path": str(errand.path), "token": errand.token, "url": errand.url,
            "size": errand.path.stat().st_size, "chunk": CHUNK, "withFirst": errand.with_more,
            "retryDelays": [20, 100, 500],
        }  # fmt: skip
        command = [self.node, "send.mjs", json.dumps(asked)]
        run = subprocess.run(command, cwd=self.folder, capture_output=True, timeout=SEND_S, check=False)
        if not run.stdout:
            return run.stderr.decode() or "no answer"
        answer = json.loads(run.stdout)
        errand.url = answer["url"]
        if answer["error"] is not None and "response code: 404" in answer["error"]:
            errand.url = None
        return None if answer["error"] is None else str(answer["error"])
