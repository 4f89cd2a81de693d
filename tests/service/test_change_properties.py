"""Whatever the two configurations: a change ends in the house that a start of the second one would have built.

And one that fails ends in the house of the first. What a house is, is asked of it with data: each receiver sends a
batch of each signal, and every component notes what passes.
"""

import asyncio
import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.component import Receipt, StartError
from otel_discord.config.problem import ConfigurationError
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.lifecycle import Bounds
from otel_discord.service.registry import Registry
from otel_discord.service.reload_source import loaded
from otel_discord.signals import Batch
from tests.service.conftest import Diary, fake_factories, logs_batch, opened

PIPELINES = ("logs/1", "logs/2", "logs/3")
EXTENSIONS = ("ext/a", "ext/b")


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a configuration that has every id with drawn settings, and pipelines that use some of them."""
    extensions = draw(st.permutations(EXTENSIONS).flatmap(lambda ids: st.sampled_from([ids, ids[:1], []])))
    numbers = st.integers(1, 2)
    needs = st.sampled_from(["", *extensions])

    def bodies(*ids: str) -> dict[str, Any]:
        return {each: {"number": draw(numbers), "needs": draw(needs)} for each in ids}

    pipelines: dict[str, Any] = {}
    for place, name in enumerate(draw(st.lists(st.sampled_from(PIPELINES), min_size=1, unique=True))):
        ids = st.lists(st.sampled_from(["in/a", "in/b"]), min_size=1, unique=True)
        outs = st.lists(st.sampled_from(["out/a", "out/b"]), min_size=1, unique=True)
        pipelines[name] = {
            "receivers": draw(ids) + (["join"] if place else []),
            "processors": draw(st.lists(st.sampled_from(["mid/a", "mid/b"]), unique=True)),
            "exporters": draw(outs),
        }
    first = next(iter(pipelines.values()))
    if len(pipelines) > 1:
        first["exporters"].append("join")
    return {
        "receivers": bodies("in/a", "in/b"),
        "processors": bodies("mid/a", "mid/b"),
        "connectors": bodies("join"),
        "exporters": bodies("out/a", "out/b"),
        "extensions": {each: {"number": draw(numbers)} for each in EXTENSIONS},
        "service": {"extensions": list(extensions), "pipelines": pipelines},
    }


def load(document: dict[str, Any], registry: Registry) -> Configuration:
    try:
        return load_configuration([f"yaml:{json.dumps(document)}"], [], registry, {})
    except ConfigurationError as error:
        raise AssertionError(str(error)) from None


async def what_passes(house: Any, diary: Diary) -> dict[str, Counter[str]]:
    """Return by receiver what components note when it sends."""
    passed = {}
    for name, component in house.components().items():
        if not name.startswith("receiver"):
            continue
        before = len(diary.events)
        batch: Batch = logs_batch()
        assert isinstance(await component.outlets.by_signal[batch.signal].consume(batch), Receipt)
        for consumer in component.outlets.by_pipeline.values():
            await consumer.consume(batch)
        passed[name] = Counter(diary.events[before:])
    return passed


async def house_of(document: dict[str, Any]) -> tuple[Any, ...]:
    diary = Diary()
    async with opened(load(document, Registry(fake_factories(diary)))) as service:
        return await described(service, diary)


async def described(service: Any, diary: Diary) -> tuple[Any, ...]:
    numbers = {name: component.config for name, component in service.house.components().items()}
    return (
        await what_passes(service.house, diary),
        numbers,
        list(service.house.components()),
        service.host.pipelines,
        {status.status for status in service.host.statuses.values()},
        set(service.host.statuses) == set(numbers),
        set(diary.taken),
        set(service.house.gates),
    )


@settings(max_examples=60, deadline=None)
@given(old=documents(), new=documents())
def test_a_change_ends_where_a_start_would_have(old: dict[str, Any], new: dict[str, Any]) -> None:
    async def check() -> None:
        diary = Diary()
        registry = Registry(fake_factories(diary))
        async with opened(load(old, registry)) as service:
            try:
                await service.change_to(load(new, registry))
            except StartError:  # one that stays uses an extension that goes
                assert await described(service, diary) == await house_of(old)
                return
            await service.house.all_farewells()
            assert await described(service, diary) == await house_of(new)
        assert not service.host.failures
        assert not diary.taken

    asyncio.run(check())


@settings(max_examples=60, deadline=None)
@given(old=documents(), new=documents(), data=st.data())
def test_a_failed_change_ends_where_it_began(old: dict[str, Any], new: dict[str, Any], data: st.DataObject) -> None:
    section = data.draw(st.sampled_from(["receivers", "processors", "connectors", "exporters", "extensions"]))
    failing = data.draw(st.sampled_from(sorted(new[section])))
    new[section][failing]["fail_to_start"] = "no"

    async def check() -> None:
        diary = Diary()
        registry = Registry(fake_factories(diary))
        configuration = load(old, registry)
        async with opened(configuration) as service:
            try:
                await service.change_to(load(new, registry))
            except StartError:
                await service.lifecycle.return_to(loaded(configuration).blueprint, Bounds())
                await service.house.all_farewells()
                assert await described(service, diary) == await house_of(old)
        assert not service.host.failures
        assert not diary.taken

    asyncio.run(check())
