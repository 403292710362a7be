"""Frozen by hash: the vectors and the database dump of each release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.freeze import ROOT, broken_promises, freeze, promised_files, read_releases, unfrozen


@pytest.fixture
def small_root(tmp_path: Path) -> Path:
    """A project with two files of vectors, a dump, and one dated version."""
    vectors, dumps = tmp_path / "schemas" / "vectors", tmp_path / "tests" / "released"
    vectors.mkdir(parents=True)
    dumps.mkdir(parents=True)
    (vectors / "RELEASED.json").write_text('{"about": "a", "releases": {}}')
    (vectors / "chains.json").write_text('{"vectors": [1]}')
    (vectors / "events.json").write_text('{"vectors": [2]}')
    (dumps / "0.1.0.sql").write_text("CREATE TABLE a (b);")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2026-12-01\n")
    return tmp_path


class TestThisProject:
    """What this project has released."""

    def test_no_frozen_file_was_changed_or_removed(self) -> None:
        """Every file that a release promised has the bytes it had then."""
        assert broken_promises(ROOT, read_releases(ROOT)) == []

    def test_every_dated_version_is_frozen(self) -> None:
        """A version with a date in CHANGELOG.md cannot be forgotten: `python -m tests.contract.freeze VERSION`."""
        assert unfrozen(ROOT, read_releases(ROOT)) == []

    def test_every_vector_file_would_be_frozen(self) -> None:
        """No file of vectors lies where the freezing does not look."""
        names = {path.name for path in promised_files(ROOT, "0.0.0")}

        assert {"canonical.json", "chains.json", "clocks.json", "events.json", "geo.json"} <= names
        assert "RELEASED.json" not in names


class TestFreezing:
    """The mechanism, on a small project, seen to fail."""

    def test_a_release_writes_every_hash_once(self, small_root: Path) -> None:
        """Vectors and dump are listed by path; a second time is refused."""
        assert unfrozen(small_root, read_releases(small_root)) == ["0.1.0"]
        freeze(small_root, "0.1.0")

        releases = read_releases(small_root)
        assert list(releases["0.1.0"]) == [
            "schemas/vectors/chains.json",
            "schemas/vectors/events.json",
            "tests/released/0.1.0.sql",
        ]
        assert unfrozen(small_root, releases) == []
        with pytest.raises(SystemExit, match="frozen already"):
            freeze(small_root, "0.1.0")

    @pytest.mark.parametrize("path", ["schemas/vectors/chains.json", "tests/released/0.1.0.sql"])
    def test_one_changed_byte_breaks_the_promise(self, small_root: Path, path: str) -> None:
        """Even a space at the end is found, and the file is named."""
        freeze(small_root, "0.1.0")
        assert broken_promises(small_root, read_releases(small_root)) == []

        (small_root / path).write_text((small_root / path).read_text() + " ")
        assert broken_promises(small_root, read_releases(small_root)) == [f"0.1.0: {path}"]

    def test_a_removed_file_breaks_the_promise(self, small_root: Path) -> None:
        """A file that is gone is named."""
        freeze(small_root, "0.1.0")
        (small_root / "schemas" / "vectors" / "events.json").unlink()

        assert broken_promises(small_root, read_releases(small_root)) == ["0.1.0: schemas/vectors/events.json"]

    def test_a_new_file_breaks_nothing_and_comes_with_the_next_version(self, small_root: Path) -> None:
        """Later versions promise more, never less."""
        freeze(small_root, "0.1.0")
        (small_root / "schemas" / "vectors" / "chains-2.json").write_text("{}")
        (small_root / "tests" / "released" / "0.2.0.sql").write_text("CREATE TABLE a (b, c);")
        freeze(small_root, "0.2.0")

        releases = read_releases(small_root)
        assert broken_promises(small_root, releases) == []
        assert set(releases["0.2.0"]) - set(releases["0.1.0"]) == {
            "schemas/vectors/chains-2.json",
            "tests/released/0.2.0.sql",
        }

    def test_a_release_without_a_dump_is_refused(self, small_root: Path) -> None:
        """A later version could not prove that it migrates what this one wrote."""
        (small_root / "tests" / "released" / "0.1.0.sql").unlink()

        with pytest.raises(SystemExit, match="dump"):
            freeze(small_root, "0.1.0")
        assert json.loads((small_root / "schemas" / "vectors" / "RELEASED.json").read_text())["releases"] == {}
