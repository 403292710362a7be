"""What tests of files may ask for: a phone whose events name files, before either store of whole files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.filing import Filer
from tests.office import opened_office


@pytest.fixture
def filer(files_s3: str, sqlite_template: Path, tmp_path: Path) -> Iterator[Filer]:
    """A phone of an agent with a case, on an office that keeps whole files in a folder, and again in an S3 store."""
    shutil.copyfile(sqlite_template, tmp_path / "fairvisit.db")
    with opened_office(f"sqlite:///{tmp_path / 'fairvisit.db'}", tmp_path, files_s3=files_s3) as office:
        yield Filer.enrolled(office)
