"""
Keyed hashes of a lender's row: who it is about, whether it changed, which of its fields changed.

They stand in the database where the values themselves should not: an identity number is never stored. Pure but for
the secret handed in.
"""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass

from server.importing.reading import Record

SHORT = 16  # hex digits that tell one value of a field from another


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Makes the hashes of one installation; the same secret gives the same hashes for ever."""

    secret: bytes

    def row_digest(self, record: Record) -> str:
        """Give the hash of the whole row: an unchanged row has an unchanged digest."""
        return self._hash("row", *(f"{field}={value}" for field, value in sorted(record.values.items())))

    def person_key(self, record: Record, lender: str) -> str:
        """
        Give the key a person is known by: the lender's reference of the person, else the identity number's hash.

        A row with neither is about a person of its own: a name alone joins nobody.
        """
        if reference := record.text("person_reference"):
            return f"ref:{lender}:{reference}"
        if record.text("identity_number"):
            return f"hmac:{self.identity(record)}"
        return f"case:{lender}:{record.text('reference')}"

    def identity(self, record: Record) -> str:
        """Give the hash of the identity number, empty where the row has none."""
        number = record.text("identity_number")
        return self._hash("identity", number) if number else ""

    def traits(self, record: Record) -> set[tuple[str, str]]:
        """Give (kind, hash) of what would make another person probably the same one."""
        name = fold_name(record.text("name"))
        found = {("name_address", self._hash("name_address", name, fold_name(record.text("address"))))}
        for phone in filter(None, record.text("phone").split("; ")):
            found.add(("name_phone", self._hash("name_phone", name, phone)))
        if identity := self.identity(record):
            found.add(("identity", identity))
        return found

    def told(self, record: Record) -> dict[str, str]:
        """Give a short hash of each field the row has."""
        return {field: self._hash(field, str(value))[:SHORT] for field, value in record.values.items()}

    def address(self, *parts: str) -> str:
        """Give the hash an address is looked up by, whatever its case, width and blanks."""
        return self._hash("address", *map(fold_name, parts))

    def _hash(self, *parts: str) -> str:
        return hmac.digest(self.secret, "\x1f".join(parts).encode("utf-8", "replace"), "sha256").hex()


def fold_name(name: str) -> str:
    """
    Give a name or address without case, width, blanks and punctuation.

    >>> fold_name("O’Hara,  Ａna"), fold_name("样本路 12 号")
    ('oharaana', '样本路12号')
    """
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))
