"""Alerts that rest cost nothing, and miss nothing."""

from typing import Any

from tests.connectors.threshold.world import FakeStorage, rule, world


def watching(**keys: Any) -> dict[str, Any]:
    return rule(no_data={"after": "2m", "then": "alert"}, **keys)


async def test_a_group_rests_while_all_is_well() -> None:
    async with world(watching()) as w:
        await w.at(0, 5)
        await w.at(10, 6)
        assert list(w.connector._book.restless()) == []
        await w.at(20, 500)
        assert len(list(w.connector._book.restless())) == 1
        await w.at(30, 5)
        await w.at(40, 5)
        assert w.states == ["firing warning", "resolved warning"]


async def test_silence_counts_from_when_the_value_ceased_to_hold() -> None:
    async with world(watching()) as w:
        await w.at(0, 5)
        for second in range(1, 150, 10):  # the window of 30 s, and two minutes after it
            await w.at(second)
            assert w.states == []
        await w.at(151)
        assert w.states == ["firing warning"]
        await w.at(160, 5)
        assert w.states[1:] == ["resolved warning"]


async def test_pending_alerts_do_not_rest() -> None:
    async with world(watching(**{"for": "20s"})) as w:
        await w.at(0, 5)
        await w.at(10, 500)
        await w.at(31)
        assert w.states == ["firing warning"]


async def test_resting_groups_are_stored_as_well() -> None:
    storage = FakeStorage()
    async with world(watching(), storage=storage) as w:
        await w.at(0, 5)
        await w.at(10, 5)
    async with world(watching(), storage=storage, second=20) as w:
        for second in range(21, 140, 10):
            await w.at(second)
        assert w.states == []
        await w.at(141)
        assert w.states == ["firing warning"]
