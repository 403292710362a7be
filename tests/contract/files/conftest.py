"""What tests of files may ask for: a phone whose events name files, before either store of whole files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.filing import Filer
from tests.office import opened_office


@pytest.fixture
def filer(files_s3: str, database_url: str, tmp_path: Path) -> Iterator[Filer]:
    """A phone of an agent with a case; its office on each database, whole files in a folder and in an S3 store."""
    with opened_office(database_url, tmp_path, files_s3=files_s3) as office:
        yield Filer.enrolled(office)
