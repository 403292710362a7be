"""Sending a file that is kept in the folder, in plain, whether it is sealed there or not."""

from __future__ import annotations

from pathlib import Path

from flask import Response, send_file

from server.services.site import Site
from server.storage.kept_files import open_kept


def send_kept(site: Site, path: Path, sha256: str) -> Response:
    """Give a file as a download under its name; one that broke off goes on by Range, if it has the same *sha256*."""
    with open_kept(site.store, path) as plain:
        return send_file(
            f"/proc/self/fd/{plain.fileno()}", as_attachment=True, conditional=True, download_name=path.name,
            etag=sha256, last_modified=path.stat().st_mtime,
        )  # fmt: skip
