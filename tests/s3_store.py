"""An S3-compatible store for tests: a process of its own (nanio) on loopback, which checks every signature."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.processes import await_port, free_port

KEYS = {"AWS_ACCESS_KEY_ID": "fairvisit", "AWS_SECRET_ACCESS_KEY": "of-this-test-only", "AWS_REGION": "us-east-1"}
KEYS |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


@dataclass(frozen=True)
class S3Server:
    """Where it listens, and the folder whose folders are its buckets."""

    url: str
    folder: Path

    def make_bucket(self, name: str) -> str:
        """Make a bucket; give the address that settings take."""
        (self.folder / name).mkdir()
        return f"{self.url}/{name}"


@contextmanager
def s3_serving(folder: Path) -> Iterator[S3Server]:
    """Run the store until the block ends."""
    port = free_port()
    buckets = folder / "buckets"
    buckets.mkdir()
    own = {"NANIO_ACCESS_KEY": KEYS["AWS_ACCESS_KEY_ID"], "NANIO_SECRET_KEY": KEYS["AWS_SECRET_ACCESS_KEY"]}
    place = ["--data-dir", str(buckets), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "s3.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "nanio", "serve", *place, "--no-access-log"],
            env=os.environ | own,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            await_port(port, running)
            yield S3Server(f"http://127.0.0.1:{port}", buckets)
        finally:
            running.terminate()
            running.wait(20)
