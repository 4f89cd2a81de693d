"""Both tables against the plainest model of one: a dictionary, whatever is asked of them in whatever order."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.component.errors import RetryableError
from otel_discord.component.state_table import KeepsTables
from otel_discord.store.memory_table import MemoryTables
from tests.store.sqlite_database import SqliteStorage

KEYS = st.sampled_from(["a", "b", "A", "", "a/b", "é", "\U0001f642", "a\0b", "%"])
VALUES = st.none() | st.sampled_from([b"", b"1", b"2", b"\0" * 300])
PUT = st.tuples(st.just("put"), st.dictionaries(KEYS, VALUES, max_size=5))
SWAP = st.tuples(st.just("swap"), KEYS, VALUES, VALUES)
REOPEN = st.just(("reopen",))
STEPS = st.lists(st.tuples(PUT | SWAP | REOPEN, st.booleans()), max_size=12)


def apply(model: dict[str, bytes], changes: dict[str, bytes | None]) -> None:
    for key, value in changes.items():
        model.pop(key, None)
        if value is not None:
            model[key] = value


@pytest.mark.parametrize("kind", [MemoryTables, SqliteStorage])
@given(steps=STEPS)
@settings(max_examples=60, deadline=None)
def test_it_is_a_dictionary(kind: type, steps: list) -> None:
    storage: KeepsTables = kind()

    async def play() -> None:
        model: dict[str, bytes] = {}
        left = list(steps)
        while left:
            async with storage.open_table("one") as table, storage.open_table("two") as other:
                while left:
                    (name, *arguments), fails = left.pop(0)
                    if name == "reopen":
                        break
                    if isinstance(storage, SqliteStorage):
                        storage.database.refuse = lambda _, fails=fails: fails
                    fails = fails and isinstance(storage, SqliteStorage)
                    with suppress(RetryableError):
                        if name == "put":
                            await table.put(*arguments)
                            assert not fails or not arguments[0]
                            apply(model, *arguments)
                        else:
                            key, expected, value = arguments
                            done = await table.swap(key, expected, value)
                            assert not fails
                            assert done is (model.get(key) == expected)
                            apply(model, {key: value} if done else {})
                    if isinstance(storage, SqliteStorage):
                        storage.database.refuse = lambda _: False
                    assert dict(await table.items()) == model
                    assert {key: await table.get(key) for key in model} == model
                    assert dict(await other.items()) == {}

    asyncio.run(play())
