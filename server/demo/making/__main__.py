"""
Make the bundled portfolios anew: `python -m server.demo.making FOLDER_OF_PUBLIC_FILES [INTO]`.

The same public files give the same bundled files, byte for byte. Nothing here runs when the demo runs.
"""

from __future__ import annotations

from pathlib import Path

import click

from server.demo.making.kaohsiung import make_kaohsiung
from server.demo.making.loans import read_loans
from server.demo.making.san_francisco import make_san_francisco

MOST_BYTES = 2_000_000


@click.command()
@click.argument("public", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("into", type=click.Path(file_okay=False, path_type=Path), default=Path(__file__).parent.parent / "data")
def make(public: Path, into: Path) -> None:
    """Write the portfolios made from the files in PUBLIC to INTO."""
    into.mkdir(parents=True, exist_ok=True)
    loans = read_loans(public / "taiwan_credit_1_24000.csv")
    files = make_san_francisco(public, loans) | make_kaohsiung(public, loans)
    for name, content in files.items():
        (into / name).write_bytes(content)
        click.echo(f"{len(content):>9,} bytes  {name}")
    total = sum(path.stat().st_size for path in into.iterdir())
    click.echo(f"{total:>9,} bytes in all")
    if total >= MOST_BYTES:
        raise click.ClickException(f"the bundled files may be {MOST_BYTES:,} bytes at most")


if __name__ == "__main__":
    make()
