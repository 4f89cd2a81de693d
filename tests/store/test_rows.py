"""No bit of a stored row changes unnoticed."""

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.outcome_types import Reason
from otel_discord.signals import Severity
from otel_discord.store.rows import SALVAGEABLE, checksum, is_sound, payload_of, seal
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, MESSAGES, META, POSTED, STATE, Table

VALUES: dict[str, tuple[Any, ...]] = {
    "batches": (7, "discord/logs", "logs", 9, 1_700_000_000_000_000_000, 3, 120, 0, 0),
    "cards": (7, "discord/logs", "ops", 9, 3, 1, 0),
    "letters": (7, "discord/logs", 5, "ops", "gone", 4),
    "state": ("discord/logs", "gone/ops"),
    "messages": (7, "discord/logs", "ops", "1234567890123456789", 1_700_000_000_000_000_000),
    "posted": (7, "discord/logs", "ops", 3, 1, 9, 4),
}
WITH_PAYLOADS = [BATCHES, CARDS, LETTERS, STATE, MESSAGES, POSTED]
VERIFY = {each.name: each.verify for each in SALVAGEABLE}


def row_of(table: Table, payload: bytes | None = b"\1payload") -> tuple[Any, ...]:
    return seal(table, VALUES[table.name], payload)


def test_every_table_can_be_salvaged() -> None:
    assert [each.name for each in SALVAGEABLE] == ["meta", *VALUES]
    for each in SALVAGEABLE:
        assert each.columns == each.table.columns
        assert each.table.insert.count("?") == len(each.columns)


def test_a_member_of_an_enumeration_is_sealed_as_the_value_that_is_read_again() -> None:
    row = seal(LETTERS, (7, "discord/logs", Reason.AMBIGUOUS, Severity.ERROR, "gone", True), b"payload")

    assert [type(value) for value in row[:6]] == [int, str, str, int, str, int]
    assert row == seal(LETTERS, (7, "discord/logs", "ambiguous", 17, "gone", 1), b"payload")


@pytest.mark.parametrize("table", WITH_PAYLOADS, ids=lambda table: table.name)
def test_a_change_of_any_column_is_noticed(table: Table) -> None:
    row = row_of(table)
    assert VERIFY[table.name](row)
    assert payload_of(table, row) == b"\1payload"
    for place, value in enumerate(row):
        others: list[Any] = [None, b"", "", 1.5, *([value + 1, -value - 1] if isinstance(value, int) else [value * 2])]
        for other in others:
            changed = (*row[:place], other, *row[place + 1 :])
            assert not VERIFY[table.name](changed), (table.columns[place], other)
            assert payload_of(table, changed) is None
    assert not VERIFY[table.name](row[:-1])


@given(st.data(), st.sampled_from(WITH_PAYLOADS), st.binary(max_size=50))
def test_a_flipped_bit_is_noticed(data: st.DataObject, table: Table, payload: bytes) -> None:
    row = list(row_of(table, payload))
    place = data.draw(st.integers(0, len(row) - 1))
    bit = data.draw(st.integers(0, 30))
    value = row[place]
    if isinstance(value, int):
        row[place] = value ^ (1 << bit)
    else:
        raw = bytearray(value.encode() if isinstance(value, str) else value)
        raw[bit % len(raw)] ^= 1 << bit % 7
        row[place] = raw.decode(errors="replace") if isinstance(value, str) else bytes(raw)
    assert not is_sound(table, tuple(row))


def test_a_row_is_no_row_of_another_table() -> None:
    assert checksum(BATCHES, (1, 2)) != checksum(CARDS, (1, 2))


def test_a_checksum_is_the_same_for_ever() -> None:
    written = rb"('cards', 1, 'o', 'b\xf6s\n\U0001faea', None)"
    assert checksum(CARDS, (1, "o", "bös\n\U0001faea", None)) == zlib.crc32(written) == 3121006923


def test_a_payload_set_free_is_sound_and_none() -> None:
    row = row_of(BATCHES, None)
    assert is_sound(BATCHES, row)
    assert payload_of(BATCHES, row) is None


@pytest.mark.parametrize(
    ("row", "sound"),
    [
        (("schema_version", 1, -1), True),
        (("schema_version", 3, -1), False),
        (("schema_version", 1.0, -1), False),
        (("schema_version", 1, None), False),
        (("schema_version", 1), False),
    ],
)
def test_numbers_of_meta_mirror_themselves(row: tuple[Any, ...], sound: bool) -> None:
    assert VERIFY[META.name](row) is sound
