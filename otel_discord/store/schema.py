"""The tables, and how a database of any earlier version becomes one of today. Data only; ``migrate`` runs it. Pure.

A batch's row stays, its payload freed, while a card that it opened is in a lane: its place in the queue is taken until
then. That a batch has ended is not counted anywhere: it is routed and no card names it; posted cards name none. Whether
somebody has a batch in hand is not stored either: after a crash it simply waits again, in its old place.

Every row carries checksums (``rows``). Payloads stand last, so that a row can be read without them.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its name and its columns in order."""

    name: str
    columns: tuple[str, ...]

    @property
    def insert(self) -> str:
        """The statement that stores a whole row."""
        marks = ", ".join("?" * len(self.columns))
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({marks})"  # noqa: S608 - names of ours


META: Final = Table("meta", ("key", "value", "mirror"))
"""Numbers by name. ``mirror`` is minus ``value``: a checksum that SQL itself keeps right when it counts up."""

BATCHES: Final = Table(
    "batches",
    (
        *("id", "owner", "signal", "priority", "accepted_ns", "items", "size_bytes", "routed", "dead"),
        *("payload_crc", "checksum", "payload"),
    ),
)
"""What was accepted. ``size_bytes`` is the request's own size; ``dead``: a card of it ended as a dead letter."""

CARDS: Final = Table(
    "cards",
    (
        *("id", "owner", "lane", "priority", "batch_id", "attempts", "in_doubt"),
        *("payload_crc", "checksum", "payload"),
    ),
)
"""What waits in lanes. ``batch_id`` is 0 where no batch opened the card."""

LETTERS: Final = Table(
    "letters",
    ("id", "owner", "time_ns", "destination", "reason", "size_bytes", "payload_crc", "checksum", "payload"),
)
"""What could not be delivered. ``size_bytes`` is the payload's own size."""

STATE: Final = Table("state", ("owner", "key", "payload_crc", "checksum", "payload"))
"""What exporters remember."""

MESSAGES: Final = Table(
    "messages", ("id", "owner", "lane", "message_id", "posted_ns", "payload_crc", "checksum", "payload")
)
"""What Discord has and can still be edited. The payload is the exporter's note."""

POSTED: Final = Table(
    "posted",
    ("id", "owner", "lane", "message", "place", "priority", "shown", "payload_crc", "checksum", "payload"),
)
"""Cards that Discord has. Each keeps the id that it had in ``cards``, and is never in both; ``message`` is the row of
``messages`` that it is in, ``place`` where it comes among its cards."""

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE IF NOT EXISTS batches (
            id {integer} PRIMARY KEY, owner {text} NOT NULL, signal {text} NOT NULL, priority {integer} NOT NULL,
            accepted_ns {integer} NOT NULL, items {integer} NOT NULL, size_bytes {integer} NOT NULL,
            routed {integer} NOT NULL, dead {integer} NOT NULL,
            payload_crc {integer} NOT NULL, checksum {integer} NOT NULL, payload {binary} NOT NULL)""",
        # The next batch.
        "CREATE INDEX IF NOT EXISTS batches_waiting ON batches (owner, priority DESC, id) WHERE routed = 0",
        # Batches that have ended without anybody having noticed.
        "CREATE INDEX IF NOT EXISTS batches_routed ON batches (owner, id) WHERE routed = 1",
        # The room taken, without reading a table.
        "CREATE INDEX IF NOT EXISTS batches_weight ON batches (owner, items, size_bytes)",
        """CREATE TABLE IF NOT EXISTS cards (
            id {integer} PRIMARY KEY, owner {text} NOT NULL, lane {text} NOT NULL, priority {integer} NOT NULL,
            batch_id {integer} NOT NULL, attempts {integer} NOT NULL, in_doubt {integer} NOT NULL,
            payload_crc {integer} NOT NULL, checksum {integer} NOT NULL, payload {binary} NOT NULL)""",
        # The head of a lane.
        "CREATE INDEX IF NOT EXISTS cards_order ON cards (owner, lane, priority DESC, id)",
        # Whether a batch has ended.
        "CREATE INDEX IF NOT EXISTS cards_batch ON cards (batch_id)",
        """CREATE TABLE IF NOT EXISTS letters (
            id {integer} PRIMARY KEY, owner {text} NOT NULL, time_ns {integer} NOT NULL, destination {text} NOT NULL,
            reason {text} NOT NULL, size_bytes {integer} NOT NULL,
            payload_crc {integer} NOT NULL, checksum {integer} NOT NULL, payload {binary} NOT NULL)""",
        # Filters and totals, without reading a table.
        "CREATE INDEX IF NOT EXISTS letters_order ON letters (owner, id, time_ns, destination, reason, size_bytes)",
        """CREATE TABLE IF NOT EXISTS state (
            owner {text} NOT NULL, key {text} NOT NULL,
            payload_crc {integer} NOT NULL, checksum {integer} NOT NULL, payload {binary} NOT NULL,
            PRIMARY KEY (owner, key))""",
    ),
    (
        """CREATE TABLE IF NOT EXISTS messages (
            id {integer} PRIMARY KEY, owner {text} NOT NULL, lane {text} NOT NULL, message_id {text} NOT NULL,
            posted_ns {integer} NOT NULL,
            payload_crc {integer} NOT NULL, checksum {integer} NOT NULL, payload {binary} NOT NULL)""",
        # A message by its name.
        "CREATE INDEX IF NOT EXISTS messages_order ON messages (owner, lane, message_id)",
        """CREATE TABLE IF NOT EXISTS posted (
            id {integer} PRIMARY KEY, owner {text} NOT NULL, lane {text} NOT NULL, message {integer} NOT NULL,
            place {integer} NOT NULL, priority {integer} NOT NULL, shown {integer} NOT NULL,
            payload_crc {integer} NOT NULL, checksum {integer} NOT NULL, payload {binary} NOT NULL)""",
        # The cards of a lane.
        "CREATE INDEX IF NOT EXISTS posted_lane ON posted (owner, lane)",
        # The cards of a message, and the last of them.
        "CREATE INDEX IF NOT EXISTS posted_message ON posted (message, place)",
    ),
)
"""The statements that lead from each version to the next; version 0 is an empty database. Only ever added to."""

META_TABLE: Final = """CREATE TABLE IF NOT EXISTS meta (
    key {text} PRIMARY KEY, value {integer} NOT NULL, mirror {integer} NOT NULL)"""
"""The only table that is there before the version is known."""

SCHEMA_VERSION: Final = len(MIGRATIONS)
VERSION_KEY: Final = "schema_version"
