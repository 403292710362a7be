"""
Whole files in an S3-compatible store, through boto3 (the extra `[s3]`).

Keys and region come from where Amazon's own tools take them: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, a
profile, or the machine's role. Large files travel in parts; each request is signed over the hash of what it carries.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas.errors import FieldError
from server.storage.blobs import NAME_LENGTH, Blob, read_pieces

PART_BYTES = 16 * 1024 * 1024


class S3Blobs:
    """Files as objects of one bucket, each under its hash, after a prefix if the address has one."""

    def __init__(self, address: str) -> None:
        """Open https://host/bucket or https://host/bucket/prefix; the bucket must be there."""
        from boto3.s3.transfer import TransferConfig
        from boto3.session import Session
        from botocore.config import Config

        place = urlsplit(address)
        self.bucket, _, prefix = place.path.strip("/").partition("/")
        if place.scheme not in {"http", "https"} or not place.netloc or not self.bucket:
            raise FieldError("invalid", {"FAIRVISIT_FILES_S3": ["should look like https://host/bucket"]})
        self.prefix = f"{prefix}/" if prefix else ""
        config = Config(
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            request_checksum_calculation="when_required",  # newer than what many compatible stores know
            response_checksum_validation="when_required",
            retries={"mode": "standard", "max_attempts": 4},
        )
        self.client: Any = Session().client("s3", endpoint_url=f"{place.scheme}://{place.netloc}", config=config)
        self.transfer = TransferConfig(
            multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=2
        )

    def put(self, sha256: str, path: Path) -> None:
        """Send it, in parts where it is large; an object appears only once it is whole."""
        if self.find(sha256) is None:
            self.client.upload_file(str(path), self.bucket, self.prefix + sha256, Config=self.transfer)

    def read(self, sha256: str, start: int = 0, size: int | None = None) -> Iterator[bytes]:
        """Ask for it, or for a range of it."""
        kept = self.find(sha256)
        if kept is None:
            raise FieldError("not-found", detail="This file is not kept.")
        end = kept.size if size is None else min(kept.size, start + size)
        if start >= end:  # no range says "nothing"
            return iter(())
        asked = f"bytes={start}-{end - 1}"
        answer = self.client.get_object(Bucket=self.bucket, Key=self.prefix + sha256, Range=asked)
        return read_pieces(answer["Body"], end - start)

    def find(self, sha256: str) -> Blob | None:
        """Ask for its head."""
        from botocore.exceptions import ClientError

        try:
            head = self.client.head_object(Bucket=self.bucket, Key=self.prefix + sha256)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return Blob(sha256, head["ContentLength"], int(head["LastModified"].timestamp() * 1000))

    def delete(self, sha256: str) -> None:
        """Delete the object."""
        self.client.delete_object(Bucket=self.bucket, Key=self.prefix + sha256)

    def walk(self) -> Iterator[Blob]:
        """List the bucket, page by page."""
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
            for each in page.get("Contents", ()):
                sha256 = each["Key"].removeprefix(self.prefix)
                if len(sha256) == NAME_LENGTH:
                    yield Blob(sha256, each["Size"], int(each["LastModified"].timestamp() * 1000))
