"""What two databases write differently: the names of types. Everything else is SQL that both read. Pure."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database spells what the schema says."""

    integer: str
    """Signed, 64 bits; as a primary key it is the row's own number where the database has such a thing."""
    binary: str
    text: str
    """Compared byte by byte."""

    def spell(self, statement: str) -> str:
        """Return a statement of the schema with this database's types in place of their names in braces."""
        return statement.format(integer=self.integer, binary=self.binary, text=self.text)


SQLITE: Final = Dialect(integer="INTEGER", binary="BLOB", text="TEXT")
POSTGRESQL: Final = Dialect(integer="BIGINT", binary="BYTEA", text='TEXT COLLATE "C"')
