"""Runs in a fleet, to the end: what belongs to one that is over, gone or not known yet is shown where one process would
show it, whichever shard has that destination, and what is critical reaches all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.sourced.names import shard_of_run
from otel_discord.signals import LogsBatch, find_attribute
from otel_discord.store.memory import MemoryQueue
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeWebhook
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import BEGINNING_S, GREEN, firing, resolved
from tests.exporters.discord.fleet.fleet_rig import ReplicaRig, Town, town
from tests.exporters.discord.rig import MARKER, running, shown
from tests.exporters.discord.sourced.fake_source import FakeSource, alert_of_run, host_of, of_run

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
SHARDS = 8
ERROR, CRITICAL = 17, 21
OWN = ("ops", "shop", "all")


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead letters are files here."""
    monkeypatch.chdir(tmp_path)


class Remembering(FakeSource):
    """One that knows which runs there have been; what is ``unheard`` it has not heard of yet."""

    def __init__(self) -> None:
        super().__init__()
        self.former: set[str] = set()
        self.unheard: set[str] = set()

    def former_destination_of(self, resource: Resource) -> str | None:
        name = f"run/{find_attribute(resource.attributes, 'run.id')!s}"
        return name if name in self.former or name in self.live else None


def clock() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


def numbers(fake: FakeDiscord, hook: FakeWebhook) -> Counter[int]:
    """Return which records a channel shows, and how often."""
    return Counter(int(found) for message in fake.messages_of(hook) for found in MARKER.findall(shown(message)))


def words(fake: FakeDiscord, hook: FakeWebhook) -> str:
    return "\n".join(str(message.embeds) + message.content for message in fake.messages_of(hook))


def first(there: Town) -> ReplicaRig:
    return next(iter(there.replicas.values()))


class Place:
    """Three destinations of the configuration, and runs in shards that have none of them."""

    def __init__(self, source: FakeSource | None = None, **keys: dict[str, Any]) -> None:
        self.fake = FakeDiscord(channel_limit=None)
        self.source = source if source is not None else FakeSource()
        self.own = {name: self.fake.add_webhook() for name in OWN}
        self.config: dict[str, Any] = {
            "destinations": {name: {"webhook_url": hook.url, **keys.get(name, {})} for name, hook in self.own.items()},
            "destinations_from": "run_channels",
            "rate_limit": {"channel_messages_per_minute": 0},
            "webhook_check": {"interval": "0s"},
            "fold": {"enabled": False},
            "dead_letters": {},
        }
        self.in_use: set[int] = set()

    @asynccontextmanager
    async def town(self, *names: str, **config: Any) -> AsyncIterator[Town]:
        async with town(
            self.fake,
            *(names or ("x", "y", "z")),
            shards=SHARDS,
            extensions={"run_channels": self.source},
            wall_clock=clock,
            **{**self.config, **config},
        ) as there:
            self.in_use = set(first(there).exporter.shard_of.values())
            yield there

    def run(self, number: int = 0, *, beside: bool = False) -> tuple[str, FakeWebhook]:
        """Make a run whose shard has no destination of the configuration; ``beside``: one that has."""
        fitting = [name for name in map(str, range(1000)) if (self.shard(name) in self.in_use) is beside]
        hook = self.fake.add_webhook()
        self.source.add(fitting[number], hook)
        return fitting[number], hook

    def shard(self, run: str) -> int:
        return shard_of_run(f"run/{run}", SHARDS)

    def arrived(self) -> dict[str, Counter[int]]:
        """Return what the destinations of the configuration show."""
        return {name: numbers(self.fake, hook) for name, hook in self.own.items()}


async def letters(there: Town) -> list[str]:
    """Return the reasons of all dead letters, with how many records each is."""
    return [
        f"{letter.reason} {letter.count} {letter.words}"
        for rig in there.replicas.values()
        for engine in rig.exporter.engines.values()
        async for letter in engine.dead_letters().letters()
    ]


async def taken_in_and_killed(there: Town, *batches: LogsBatch) -> None:
    """Accept all of this with a replica that dies before it looks at it, as all others have; others follow."""
    request = ExportLogsServiceRequest()
    request.resource_logs.extend(each for batch in batches for each in batch.request.resource_logs)
    (name,) = there.replicas
    await there.replicas[name].exporter.consume(LogsBatch(request))
    await there.kill(name)


@pytest.mark.parametrize("beside", [False, True])
async def test_what_was_taken_in_for_a_run_that_is_over_goes_where_one_process_shows_it(beside: bool) -> None:
    place = Place(shop={"min_severity": "FATAL"})
    async with place.town("x") as there:
        run, hook = place.run(beside=beside)
        await taken_in_and_killed(
            there, of_run(run, 2, first=1, severity=ERROR), logs_batch(1, first=7, severity=ERROR)
        )
        place.source.remove(f"run/{run}")
        await there.join("y")
        await asyncio.sleep(30)
        assert place.arrived() == {"ops": {1: 1, 2: 1, 7: 1}, "shop": {}, "all": {1: 1, 2: 1, 7: 1}}
        assert not numbers(place.fake, hook)
        assert "otel_discord.run" not in words(place.fake, place.own["all"])
        assert not await letters(there)


async def test_what_was_taken_in_for_a_run_that_is_over_and_nobody_shows_is_a_dead_letter() -> None:
    place = Place(ops={"min_severity": "ERROR"}, shop={"min_severity": "ERROR"}, all={"min_severity": "ERROR"})
    async with place.town("x") as there:
        run, _ = place.run()
        await taken_in_and_killed(there, of_run(run, 1, first=1, severity=13))
        place.source.remove(f"run/{run}")
        await there.join("y")
        await asyncio.sleep(30)
        (letter,) = await letters(there)
        assert letter.startswith("no_destination 1 ")
        assert place.arrived() == {"ops": {}, "shop": {}, "all": {}}


@pytest.mark.parametrize("beside", [False, True])
async def test_what_is_critical_and_was_taken_in_for_a_run_that_is_over_is_shown_once_everywhere(beside: bool) -> None:
    place = Place()
    async with place.town("x", critical={"to_all": True, "min_severity": "FATAL"}) as there:
        run, hook = place.run(beside=beside)
        await taken_in_and_killed(there, of_run(run, 1, first=1, severity=CRITICAL))
        place.source.remove(f"run/{run}")
        await there.join("y")
        await asyncio.sleep(30)
        assert place.arrived() == {name: {1: 1} for name in OWN}
        assert "×" not in words(place.fake, place.own["ops"])
        assert not numbers(place.fake, hook)
        assert not await letters(there)


async def test_what_waits_in_the_lane_of_a_run_that_is_over_goes_to_one_destination_with_its_count() -> None:
    place = Place(ops={"min_severity": "FATAL"})
    async with place.town(fold={"enabled": True}) as there:
        run, hook = place.run()
        place.fake.delete_webhook(hook)
        rigs = list(there.replicas.values())
        for number in range(6):
            await rigs[number % 3].exporter.consume(of_run(run, 1, body="the same words", severity=ERROR))
        await asyncio.sleep(60)
        place.source.remove(f"run/{run}")
        await asyncio.sleep(60)
        found = words(place.fake, place.own["shop"])
        assert f"for “run-{run}”, whose webhook is gone" in found
        assert "the same words" not in words(place.fake, place.own["ops"]) + words(place.fake, place.own["all"])
        assert counted(place.fake, place.own["shop"]) == 6
        assert not await letters(there)


def counted(fake: FakeDiscord, hook: FakeWebhook) -> int:
    """Return how many records a channel's cards stand for."""
    texts = [embed.get("title", "") for message in fake.messages_of(hook) for embed in message.embeds]
    return sum(int(text.split("×")[1].split()[0].replace(",", "")) if "×" in text else 1 for text in texts)


async def test_an_alert_of_a_run_whose_webhook_is_gone_is_told_in_another_shard_and_ends_there() -> None:
    place = Place()
    async with place.town(alerts={"group_wait": "0s"}) as there:
        run, hook = place.run()
        place.fake.delete_webhook(hook)
        await first(there).exporter.consume(alert_of_run(run, firing(0, name="LossIsNan", summary="loss is nan")))
        await asyncio.sleep(60)
        place.source.remove(f"run/{run}")
        await asyncio.sleep(30)
        (message,) = place.fake.messages_of(place.own["ops"])
        assert "LossIsNan" in shown(message)
        await first(there).exporter.consume(
            alert_of_run(run, resolved(0, 100, name="LossIsNan", summary="loss is nan"))
        )
        await asyncio.sleep(120)
        assert message.embeds[0]["color"] == GREEN


@pytest.mark.parametrize("state", ["firing", "over"])
async def test_an_alert_that_was_taken_in_for_a_run_that_is_over_is_told_by_the_configured_destinations(
    state: str,
) -> None:
    place = Place()
    async with place.town("x", alerts={"group_wait": "0s"}) as there:
        run, _ = place.run()
        events = [firing(0, name="LossIsNan"), *([resolved(0, 1, name="LossIsNan")] if state == "over" else [])]
        await taken_in_and_killed(there, *[alert_of_run(run, each) for each in events])
        place.source.remove(f"run/{run}")
        await there.join("y")
        await asyncio.sleep(60)
        for hook in place.own.values():
            (message,) = place.fake.messages_of(hook)[:1]
            assert "LossIsNan" in shown(message)
            assert (message.embeds[0]["color"] == GREEN) is (state == "over")


async def story_of_critical_alerts(consume: Any, run: str, other: str) -> None:
    """Two runs and the rest have alerts of one name; those of one run and of the rest end."""
    labels = {"": {"job": "none"}, run: {"job": "a"}, other: {"job": "b"}}
    for each in (run, other, ""):
        await consume(alert_of_run(each, firing(0, name="LossIsNan", severity="fatal", labels=labels[each])))
        await consume(of_run(each, 2, body="the very same words", severity=CRITICAL))
        await asyncio.sleep(5)
    await asyncio.sleep(60)
    for each in (run, ""):
        await consume(alert_of_run(each, resolved(0, 100, name="LossIsNan", severity="fatal", labels=labels[each])))
    await asyncio.sleep(120)


def lines_of(fake: FakeDiscord, hook: FakeWebhook) -> Counter[str]:
    return Counter(
        f"{embed.get('color')} {embed.get('title')}"
        for message in fake.messages_of(hook)
        for embed in message.embeds
        if "critical.to_all" not in str(embed)
    )


async def test_alerts_and_problems_of_runs_that_go_to_all_are_shown_and_end_as_in_one_process() -> None:
    config = {
        "critical": {"to_all": True, "min_severity": "FATAL"},
        "alerts": {"group_wait": "0s"},
        "fold": {"enabled": True},
    }
    place = Place()
    async with place.town(**config) as there:
        (run, hook), (other, other_hook) = place.run(), place.run(1)
        await story_of_critical_alerts(first(there).exporter.consume, run, other)
        many = [lines_of(place.fake, each) for each in (hook, other_hook, *place.own.values())]
    alone, source = FakeDiscord(channel_limit=None), FakeSource()
    hooks = [alone.add_webhook() for _ in range(5)]
    source.add(run, hooks[0])
    source.add(other, hooks[1])
    given = {name: {"webhook_url": each.url} for name, each in zip(OWN, hooks[2:], strict=True)}
    async with running(
        alone, host=host_of(source), wall_clock=clock, **{**place.config, **config, "destinations": given}
    ) as rig:
        await story_of_critical_alerts(rig.exporter.consume, run, other)
        one = [lines_of(alone, each) for each in hooks]
    assert many == one
    greens = [sum(line.startswith(f"{GREEN} ") for line in found.elements()) for found in one]
    assert greens == [1, 0, 2, 2, 2]


async def test_an_alert_of_a_run_that_is_not_critical_stays_in_its_channel_also_when_it_ends() -> None:
    place = Place()
    async with place.town(critical={"to_all": True}, alerts={"group_wait": "0s"}) as there:
        run, hook = place.run()
        await first(there).exporter.consume(alert_of_run(run, firing(0, name="LossIsNan")))
        await asyncio.sleep(30)
        await first(there).exporter.consume(alert_of_run(run, resolved(0, 60, name="LossIsNan")))
        await asyncio.sleep(60)
        unknown = [rig.telemetry.value("otel_discord_unknown_alert_ends_total") for rig in there.replicas.values()]
        (message,) = place.fake.messages_of(hook)[:1]
        assert message.embeds[0]["color"] == GREEN
        assert [len(place.fake.messages_of(each)) for each in place.own.values()] == [0, 0, 0]
        assert not any(unknown)


async def test_a_run_that_the_replica_with_its_shard_has_not_heard_of_yet_has_its_records_all_the_same() -> None:
    late = Remembering()
    place = Place()
    async with place.town("x") as there:
        run, hook = place.run()
        known = place.source.live[f"run/{run}"]
        await taken_in_and_killed(there, of_run(run, 3, first=1, severity=ERROR))
        there.extensions["run_channels"] = late
        await there.join("y")
        await asyncio.sleep(1)
        late.live[known.name] = known
        await asyncio.sleep(30)
        assert numbers(place.fake, hook) == {1: 1, 2: 1, 3: 1}
        assert place.arrived() == {"ops": {}, "shop": {}, "all": {}}


async def test_a_run_that_nobody_ever_hears_of_does_not_keep_its_records() -> None:
    place = Place()
    async with place.town("x") as there:
        run, _ = place.run()
        await taken_in_and_killed(there, of_run(run, 1, first=1, severity=ERROR))
        there.extensions["run_channels"] = Remembering()
        await there.join("y")
        await asyncio.sleep(30)
        assert place.arrived() == {name: {1: 1} for name in OWN}


async def test_what_was_meant_for_a_destination_that_is_configured_no_more_waits_for_who_has_it() -> None:
    place = Place()
    routes = [{"condition": "true", "destinations": ["shop"]}]
    async with place.town("x", routes=routes) as there:
        await taken_in_and_killed(there, logs_batch(2, first=1, severity=ERROR))
        shop = there.config["destinations"].pop("shop")
        del there.config["routes"]
        await there.join("y")
        await asyncio.sleep(30)
        assert place.arrived() == {name: {} for name in OWN}
        there.config["destinations"]["shop"] = shop
        await there.leave("y")
        await there.join("z")
        await asyncio.sleep(30)
        assert not await letters(there)
        assert place.arrived() == {"ops": {}, "shop": {1: 1, 2: 1}, "all": {}}


async def test_what_a_sender_writes_under_our_names_means_nothing() -> None:
    place = Place()
    async with place.town() as there:
        batch = logs_batch(1, first=1, severity=ERROR)
        for key, text in (
            ("otel_discord.run.taken_for", "run/1"),
            ("otel_discord.run.moved", '{"to": "shop", "notes": ["made up"]}'),
        ):
            batch.request.resource_logs[0].resource.attributes.add(key=key).value.string_value = text
        await first(there).exporter.consume(batch)
        await asyncio.sleep(30)
        assert place.arrived() == {name: {1: 1} for name in OWN}
        assert "made up" not in words(place.fake, place.own["shop"])


async def test_a_crash_while_it_goes_elsewhere_repeats_and_never_loses(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place()
    settle = MemoryQueue.settle

    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    async with place.town("x") as there:
        run, _ = place.run()
        await taken_in_and_killed(there, of_run(run, 1, first=1, severity=ERROR))
        place.source.remove(f"run/{run}")
        monkeypatch.setattr(MemoryQueue, "settle", hangs)  # it has gone elsewhere, and is not taken out here yet
        await there.join("y")
        await asyncio.sleep(10)
        await there.kill("y")
        monkeypatch.setattr(MemoryQueue, "settle", settle)
        await there.join("z")
        await asyncio.sleep(30)
        for found in place.arrived().values():
            assert found.keys() == {1}
            assert 1 <= found[1] <= 3
        assert not await letters(there)
