"""A running house is taken from one configuration to another, while data passes and whatever fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import ACCEPTED, ShutdownError, StartError, Status
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.lifecycle import Bounds, InterruptedChangeError
from otel_discord.service.registry import Registry
from otel_discord.service.reload_source import loaded

BASE = """
receivers: {in: {}, in/2: {}}
processors: {mid: {}}
connectors: {join: {}}
exporters: {out: {}, out/2: {needs: ext/a}}
extensions: {ext/a: {}, ext/b: {}}
service:
  extensions: [ext/b, ext/a]
  pipelines:
    logs/1: {receivers: [in], processors: [mid], exporters: [join, out]}
    logs/2: {receivers: [join, in/2], exporters: [out/2]}
"""
Load = Callable[..., Configuration]


@pytest.fixture
def load(registry: Registry) -> Load:
    return lambda *sets: load_configuration([f"yaml:{BASE}"], sets, registry, {})


def bounds(open_s: float = 60) -> Bounds:
    return Bounds(asyncio.get_running_loop().time() + open_s, 10)


async def send(diary: Any, batch: Any, receiver: str = "receiver in") -> Any:
    return await diary.made[receiver].outlets.by_signal[batch.signal].consume(batch)


def since(diary: Any, before: int) -> list[str]:
    return [event for event in diary.events[before:] if not event.startswith("batch")]


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("sets", "events"),
    [
        ([], []),
        (["exporters.out.number=2"], ["close exporter out", "open exporter out"]),
        (["processors.mid.number=2"], ["open processor mid logs", "close processor mid logs"]),
        (
            ["extensions.ext/a.number=2"],
            ["close exporter out/2", "close extension ext/a", "open extension ext/a", "open exporter out/2"],
        ),
        (["service.pipelines.logs/1.exporters=[join]"], ["close exporter out"]),
        (["service.pipelines.logs/1.processors=[]"], ["close processor mid logs"]),
    ],
)
async def test_only_what_differs_is_touched(
    running: Any, diary: Any, load: Load, make_batch: Any, sets: list[str], events: list[str]
) -> None:
    async with running(load()) as service:
        before, untouched = len(diary.events), diary.made["receiver in"]
        await service.change_to(load(*sets))
        await asyncio.sleep(1)
        assert since(diary, before) == events
        assert diary.made["receiver in"] is untouched
        await send(diary, make_batch(1))
        assert {status.status for status in service.host.statuses.values()} == {Status.OK}
        assert set(service.host.statuses) == set(service.house.components())
    assert service.host.failures == []
    assert diary.taken == set()


@pytest.mark.looptime
async def test_a_kept_receiver_feeds_a_new_processor(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    async with running(load("service.pipelines.logs/1.processors=[]")) as service:
        await send(diary, make_batch(1))
        await service.change_to(load("processors.mid.number=7"))
        before = len(diary.events)
        await send(diary, make_batch(1))
    assert diary.events[before] == "batch processor mid logs 7"
    assert sum(event == "batch exporter out 1" for event in diary.events) == 2


@pytest.mark.looptime
async def test_a_kept_receiver_gains_and_loses_pipelines(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    second = "service.pipelines.logs/2.receivers=[join,in/2,in]"
    async with running(load()) as service:
        outlets = diary.made["receiver in"].outlets
        await service.change_to(load(second))
        assert diary.made["receiver in"].outlets is outlets
        assert set(outlets.by_pipeline) == {"logs/1", "logs/2"}
        before = len(diary.events)
        await send(diary, make_batch(1))
        assert sum("exporter out/2" in event for event in diary.events[before:]) == 2
        assert service.host.pipelines["logs/2"] == ("connector:join", "receiver:in/2", "receiver:in", "exporter:out/2")
        await service.change_to(load())
        assert set(outlets.by_pipeline) == {"logs/1"}
        before = len(diary.events)
        await send(diary, make_batch(1))
        assert sum("exporter out/2" in event for event in diary.events[before:]) == 1


@pytest.mark.looptime
async def test_calls_under_way_end_in_the_old_processor(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    async with running(load("processors.mid.consume_takes_s=3")) as service:
        old = diary.made["processor mid logs"]
        under_way = asyncio.create_task(send(diary, make_batch(1)))
        await asyncio.sleep(1)
        await service.change_to(load())
        assert old.is_open
        await send(diary, make_batch(1))  # takes the new way at once
        assert (len(old.received), len(diary.made["processor mid logs"].received)) == (0, 1)
        assert await under_way == ACCEPTED
        await asyncio.sleep(1)
        assert not old.is_open
    assert sum(event == "batch exporter out 1" for event in diary.events) == 2


@pytest.mark.looptime
async def test_while_an_exporter_is_exchanged_data_waits(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    async with running(load("exporters.out.close_takes_s=1", "exporters.out.number=2")) as service:
        change = asyncio.create_task(service.change_to(load("exporters.out.start_takes_s=2")))
        sent = []
        for _ in range(10):
            await asyncio.sleep(0.25)
            sent.append(asyncio.create_task(send(diary, make_batch(1))))
        await change
        assert await asyncio.gather(*sent) == [ACCEPTED] * 10
    assert sum(event == "batch exporter out 1" for event in diary.events) == 10
    assert sum(event == "batch exporter out/2 1" for event in diary.events) == 10


@pytest.mark.looptime
async def test_what_is_handed_over(running: Any, diary: Any, load: Load) -> None:
    async with running(load()) as service:
        old = diary.made["exporter out"].host
        gone = diary.made["exporter out/2"].host
        kept = old.kept("queue", list)
        dropped = gone.kept("queue", list)
        assert not old.hands_over
        assert old.drain_deadline_s is None
        await service.change_to(load("exporters.out.number=2", "service.pipelines.logs/2.exporters=[out]"))
        await asyncio.sleep(1)
        assert old.hands_over
        assert diary.made["exporter out"].host.kept("queue", list) is kept
        assert not diary.made["exporter out"].host.hands_over
        assert not gone.hands_over
        assert gone.drain_deadline_s is not None
        assert service.host.kept("exporter:out/2", "queue", list) is not dropped


@pytest.mark.looptime
async def test_a_successor_that_looks_elsewhere_gets_nothing(running: Any, diary: Any, load: Load) -> None:
    old = load()
    async with running(old) as service:
        before = diary.made["exporter out"].host
        queue = before.kept("queue", list)
        await service.change_to(load("exporters.out.place=disk"))
        assert not before.hands_over
        assert before.drain_deadline_s is not None
        after = diary.made["exporter out"].host
        assert after.kept("queue", list) is not queue
        # and on a way back neither
        with pytest.raises(StartError):
            await service.change_to(load("exporters.out.place=disk", "receivers.in.fail_to_start=no"), bounds())
        await service.lifecycle.return_to(loaded(old).blueprint, bounds())
        assert not after.hands_over
        assert set(service.host.statuses) == set(service.house.components())


@pytest.mark.looptime
async def test_where_an_extension_looks_elsewhere_its_users_finish(running: Any, diary: Any, load: Load) -> None:
    old = load("exporters.out.needs=ext/b", "exporters.out/2.needs=ext/a")
    async with running(old) as service:
        user, other = diary.made["exporter out"].host, diary.made["exporter out/2"].host
        kept, other_kept = user.kept("queue", list), other.kept("queue", list)
        new = ("exporters.out.needs=ext/b", "exporters.out/2.needs=ext/a", "extensions.ext/b.place=disk")
        await service.change_to(load(*new, "extensions.ext/a.number=2"))
        assert not user.hands_over
        assert user.drain_deadline_s is not None
        after = diary.made["exporter out"].host
        assert after.kept("queue", list) is not kept
        # an extension that is exchanged and stays where it is changes nothing for them
        assert other.hands_over
        assert diary.made["exporter out/2"].host.kept("queue", list) is other_kept
        # and on a way back neither
        with pytest.raises(StartError):
            await service.change_to(load("exporters.out.needs=ext/b", "receivers.in.fail_to_start=no"), bounds())
        between = diary.made["exporter out"].host
        assert between is not after
        await service.lifecycle.return_to(loaded(load(*new)).blueprint, bounds())
        assert not between.hands_over
        assert between.drain_deadline_s is not None


@pytest.mark.looptime
async def test_what_is_removed_finishes_in_the_background(running: Any, diary: Any, load: Load) -> None:
    async with running(load("exporters.out/2.close_takes_s=4")) as service:
        sets = ["service.pipelines.logs/2.exporters=[out]", "service.extensions=[ext/b]"]
        await service.change_to(load(*sets))
        assert asyncio.get_running_loop().time() == 0
        assert "exporter:out/2" not in service.host.statuses
        assert diary.taken >= {"exporter out/2", "extension ext/a"}
        await asyncio.sleep(5)
        assert diary.events[-2:] == ["close exporter out/2", "close extension ext/a"]
        await service.change_to(load())
        assert "extension:ext/a" in service.host.statuses


@pytest.mark.looptime
async def test_who_comes_back_waits_for_its_own_farewell(running: Any, diary: Any, load: Load) -> None:
    async with running(load("exporters.out/2.close_takes_s=4")) as service:
        await service.change_to(load("service.pipelines.logs/2.exporters=[out]"))
        before = len(diary.events)
        await service.change_to(load())
        assert asyncio.get_running_loop().time() == 4
        assert since(diary, before) == ["close exporter out/2", "open exporter out/2"]


@pytest.mark.looptime
async def test_the_end_waits_for_farewells(running: Any, diary: Any, load: Load) -> None:
    async with running(load("exporters.out/2.close_takes_s=4")) as service:
        await service.change_to(load("service.pipelines.logs/2.exporters=[out]"))
    assert diary.events[-3:] == ["close exporter out/2", "close extension ext/a", "close extension ext/b"]
    assert diary.taken == set()


EVERYTHING = [f"{each}.number=2" for each in
              ("extensions.ext/a", "extensions.ext/b", "exporters.out", "exporters.out/2", "connectors.join",
               "processors.mid", "receivers.in", "receivers.in/2")]  # fmt: skip


@pytest.mark.looptime
@pytest.mark.parametrize("failing", [each.removesuffix(".number=2") for each in EVERYTHING])
@pytest.mark.parametrize("fault", ["fail_to_start", "fail_to_create", "start_takes_s"])
async def test_a_failure_anywhere_brings_the_old_configuration_back(
    running: Any, diary: Any, load: Load, make_batch: Any, failing: str, fault: str
) -> None:
    old = load()
    async with running(old) as service:
        before = set(diary.taken)
        new = load(*EVERYTHING, f"{failing}.{fault}={3600 if fault == 'start_takes_s' else 'no'}")
        with pytest.raises(StartError):
            await service.change_to(new, bounds(20))
        if fault == "fail_to_create":
            assert not any(event.startswith("close") for event in diary.events)
        await service.lifecycle.return_to(loaded(old).blueprint, bounds(20))
        await asyncio.sleep(60)
        assert diary.taken == before
        assert {instance.identity.config.number for instance in service.house.running.values()} == {1}
        seen = len(diary.events)
        await send(diary, make_batch(1))
        await send(diary, make_batch(1), "receiver in/2")
        assert sorted(diary.events[seen:]) == sorted(
            ["batch processor mid logs 1", "batch connector join 1", "batch exporter out 1",
             "batch exporter out/2 1", "batch exporter out/2 1"]
        )  # fmt: skip
        assert {status.status for status in service.host.statuses.values()} == {Status.OK}
        assert not service.host.fatal.is_set()
        # and the next good one works
        await service.change_to(load(*EVERYTHING), bounds())
    assert service.host.failures == []
    assert diary.taken == set()


@pytest.mark.looptime
async def test_a_processor_that_stayed_keeps_what_it_has(running: Any, diary: Any, load: Load) -> None:
    old = load()
    async with running(old) as service:
        processor, connector = diary.made["processor mid logs"], diary.made["connector join"]
        sets = ["processors.mid.number=2", "connectors.join.number=2", "receivers.in.fail_to_start=taken"]
        with pytest.raises(StartError, match="receiver:in: taken"):
            await service.change_to(load(*sets), bounds())
        await service.lifecycle.return_to(loaded(old).blueprint, bounds())
        components = service.house.components()
        assert components["processor:mid@logs/1"] is processor
        assert components["connector:join"] is connector
        assert processor.is_open
        assert connector.is_open


@pytest.mark.looptime
async def test_data_passes_through_a_failed_change(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    old = load()
    async with running(old) as service:

        async def change() -> None:
            with pytest.raises(StartError):
                await service.change_to(load(*EVERYTHING, "receivers.in/2.fail_to_start=no"), bounds())
            await service.lifecycle.return_to(loaded(old).blueprint, bounds())

        changing = asyncio.create_task(change())
        outlets = diary.made["receiver in"].outlets  # the old receiver's, which stays open to the last
        sent = [asyncio.create_task(outlets.by_signal[batch.signal].consume(batch)) for batch in
                [make_batch(1) for _ in range(20)]]  # fmt: skip
        assert await asyncio.gather(*sent) == [ACCEPTED] * 20
        await changing
    assert sum(event.startswith("batch exporter out ") for event in diary.events) == 20
    assert sum(event.startswith("batch exporter out/2 ") for event in diary.events) == 20


@pytest.mark.looptime
async def test_the_way_back_is_tried_several_times(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    old = load()
    async with running(old) as service:
        diary.may_start["receiver in"] = [False, False, False, True]
        with pytest.raises(StartError):
            await service.change_to(load("receivers.in.number=2"), bounds())
        await service.lifecycle.return_to(loaded(old).blueprint, bounds())
        assert "receiver in" in diary.taken
        assert not service.host.fatal.is_set()


@pytest.mark.looptime
async def test_what_does_not_come_back_is_fatal(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    old = load()
    async with running(old) as service:
        diary.may_start["exporter out"] = [False] * 100
        with pytest.raises(StartError):
            await service.change_to(load("exporters.out.number=2"), bounds())
        await service.lifecycle.return_to(loaded(old).blueprint, bounds())
        assert service.host.fatal_error == "exporter:out: exporter:out: not yet"
        with pytest.raises(ShutdownError):
            await send(diary, make_batch(1))
    assert diary.taken == set()


@pytest.mark.looptime
async def test_an_extension_that_is_missed_touches_nothing(running: Any, diary: Any, load: Load) -> None:
    async with running(load()) as service:
        before = len(diary.events)
        with pytest.raises(
            StartError, match=r"exporter:out/2 uses extension:ext/a, which service::extensions does not"
        ):
            await service.change_to(load("service.extensions=[ext/b]", "exporters.out.number=2"), bounds())
        assert diary.events[before:] == []


@pytest.mark.looptime
@pytest.mark.parametrize("further", [False, True])
async def test_a_start_that_comes_further_has_its_time_again(
    running: Any, diary: Any, load: Load, further: bool
) -> None:
    async with running(load()) as service:
        service.host.start_watchers.append(service.lifecycle.start_goes_on)
        slow = f"exporters.out.start_comes_further={str(further).lower()}"
        new = load("exporters.out.start_takes_s=110", slow, "receivers.in.number=2", "receivers.in.start_takes_s=1")
        if further:
            await service.change_to(new, bounds(90))
            assert {"exporter out", "receiver in"} <= diary.taken
        else:
            with pytest.raises(StartError, match=r"^exporter:out: not ready in time$"):
                await service.change_to(new, bounds(90))


@asynccontextmanager
async def interrupted_after(service: Any, seconds: float) -> AsyncIterator[None]:
    async def interrupt() -> None:
        await asyncio.sleep(seconds)
        service.host.begin_drain(asyncio.get_running_loop().time() + 10)
        service.lifecycle.interrupt()

    task = asyncio.create_task(interrupt())
    yield
    await task


@pytest.mark.looptime
@pytest.mark.parametrize("after_s", [0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
async def test_the_end_of_the_service_ends_a_change(running: Any, diary: Any, load: Load, after_s: float) -> None:
    sets = ["exporters.out.close_takes_s=2", "exporters.out/2.close_takes_s=2"]
    old = load(*sets)
    async with running(old) as service:
        queue = diary.made["exporter out"].host.kept("queue", list)
        new = load(*EVERYTHING, "exporters.out.start_takes_s=2", "receivers.in.start_takes_s=3600")
        async with interrupted_after(service, after_s):
            with pytest.raises((InterruptedChangeError, StartError)) as caught:
                await service.change_to(new, bounds())
            if caught.type is InterruptedChangeError:
                await service.lifecycle.rescue(loaded(old).blueprint, bounds(10))
            else:
                with pytest.raises(InterruptedChangeError):
                    await service.lifecycle.return_to(loaded(old).blueprint, bounds())
                await service.lifecycle.rescue(loaded(old).blueprint, bounds(10))
        # somebody who drains has what the old one left
        assert {"exporter out", "exporter out/2", "extension ext/a"} <= diary.taken
        assert service.house.components()["exporter:out"].host.kept("queue", list) is queue
        assert asyncio.get_running_loop().time() <= after_s + 6
    assert diary.taken == set()
    assert service.host.failures == []


@pytest.mark.looptime
async def test_a_hundred_changes_leave_nothing_behind(running: Any, diary: Any, load: Load, make_batch: Any) -> None:
    old = load()
    async with running(old) as service:
        tasks = {task.get_name() for task in asyncio.all_tasks()}
        for number in range(2, 102):
            sets = [f"{each.removesuffix('.number=2')}.number={number}" for each in EVERYTHING]
            if number % 3 == 0:
                sets.append("service.pipelines.logs/2.exporters=[out]")
            if number % 10 == 0:
                with pytest.raises(StartError):
                    await service.change_to(load(*sets, "receivers.in.fail_to_start=no"), bounds())
                await service.lifecycle.return_to(service.house.blueprint, bounds())
            else:
                await service.change_to(load(*sets), bounds())
            await send(diary, make_batch(1))
        await service.change_to(old, bounds())
        await asyncio.sleep(1)
        assert {task.get_name() for task in asyncio.all_tasks()} == tasks
        assert set(service.house.gates) == {node for node in service.house.running if str(node.kind) in
                                            ("exporter", "connector", "processor")}  # fmt: skip
        assert len(diary.taken) == 6
    assert diary.taken == set()
    assert service.host.failures == []
    assert sum(event.startswith("batch exporter out") for event in diary.events) >= 200
