"""What a person asks of any replica concerns the whole fleet, whoever works on which shard."""

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from otel_discord.component import PermanentError
from otel_discord.component.maintenance import MaintenanceRequest
from otel_discord.component.silences import SilenceRequest
from otel_discord.component.watched_exporter import Health
from otel_discord.exporters.discord.fleet.asked_fleet_watching import STORAGE_IS_AWAY
from otel_discord.testing.fake_discord import FakeDiscord
from tests.exporters.discord.alerting import batch, firing
from tests.exporters.discord.fleet.fleet_rig import Town, town
from tests.exporters.discord.log_lines import log_lines
from tests.exporters.discord.rig import shown

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"rate_limit": {"channel_messages_per_minute": 0}, "fold": {"enabled": False}}


def four(fake: FakeDiscord) -> dict[str, Any]:
    hooks = [fake.add_webhook() for _ in range(4)]
    return {f"d{number}": {"webhook_url": hook.url} for number, hook in enumerate(hooks)}


def request_of(name: str, matcher: str = "severity>=ERROR", for_s: float = 3600.0) -> SilenceRequest:
    return SilenceRequest(id=name, matchers=(matcher,), ends_ns=int((time.time() + for_s) * 1e9))


async def tell(there: Town, name: str, *lines: str) -> None:
    await there.replicas[name].exporter.consume(log_lines(*lines, severity=17))


@pytest.mark.parametrize("asked", ["a", "b", "c"])
async def test_a_silence_holds_in_every_shard_and_is_listed_once_by_every_replica(asked: str) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", "c", destinations=four(fake), **FAST) as there:
        added = await there.replicas[asked].exporter.add_silence(request_of("s1"))
        assert (added.id, added.active, added.remark) == ("s1", True, "")
        await tell(there, "b", "no", "no")
        await asyncio.sleep(10)
        assert not fake.messages
        for rig in there.replicas.values():
            (listed,) = await rig.exporter.silences()
            assert (listed.id, listed.silenced_records, listed.remark) == ("s1", 8, "")
        ended = await there.replicas["a"].exporter.expire_silence("s1")
        assert ended.silenced_records == 8
        assert all([not await rig.exporter.silences() for rig in there.replicas.values()])
        await tell(there, "c", "yes")
        await asyncio.sleep(10)
        assert sum("yes" in shown(message) for message in fake.messages) == 4
        with pytest.raises(PermanentError, match="no silence"):
            await there.replicas["b"].exporter.expire_silence("s1")


async def test_what_becomes_of_a_mute_is_said_once_by_each_process(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", destinations=four(fake), **FAST) as there:
        exporter = there.replicas["a"].exporter
        for _ in ("once", "and again"):
            caplog.clear()
            await exporter.add_silence(request_of("s1"))
            await exporter.start_maintenance(MaintenanceRequest(name="deploy", for_s=60))
            await asyncio.sleep(1)
            await exporter.expire_silence("s1")
            await exporter.end_maintenance("deploy")
            await asyncio.sleep(1)
            said = Counter(record.message for record in caplog.records)
            for words in ("a silence is added", "a silence ends", "maintenance begins", "maintenance ends"):
                assert said[words] == len(there.replicas), words


async def test_a_shard_without_anybody_gets_the_silence_as_soon_as_somebody_takes_it() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", destinations=four(fake), **FAST) as there:
        await there.kill("b")
        added = await there.replicas["a"].exporter.add_silence(request_of("s1"))
        assert not added.remark, "the lease is shorter than the patience"
        await tell(there, "a", "no")
        await asyncio.sleep(10)
        (listed,) = await there.replicas["a"].exporter.silences()
        assert (listed.silenced_records, fake.messages) == (4, [])


async def test_a_shard_that_has_nobody_for_long_is_named_and_asked_on() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", lease_s=60, destinations=four(fake), **FAST) as there:
        shards = there.replicas["a"].exporter.shard_of
        gone = {name for name, shard in shards.items() if shard in there.held()["b"]}
        await there.kill("b")
        added = await there.replicas["a"].exporter.add_silence(request_of("s1"))
        assert all(name in added.remark for name in gone)
        assert not any(name in added.remark for name in set(shards) - gone)
        (listed,) = await there.replicas["a"].exporter.silences()
        assert all(name in listed.remark for name in gone)
        await asyncio.sleep(90)
        await tell(there, "a", "no")
        await asyncio.sleep(10)
        (listed,) = await there.replicas["a"].exporter.silences()
        assert (listed.silenced_records, listed.remark, fake.messages) == (4, "", [])


async def test_what_is_still_owed_of_a_silence_that_is_over_is_owed_no_more() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", lease_s=60, destinations=four(fake), **FAST) as there:
        await there.kill("b")
        await there.replicas["a"].exporter.add_silence(request_of("s1"))
        ended = await there.replicas["a"].exporter.expire_silence("s1")
        assert "still holds for" in ended.remark
        await asyncio.sleep(120)
        assert not await there.replicas["a"].exporter.silences()


async def test_what_cannot_be_silenced_is_refused_once() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", destinations=four(fake), **FAST) as there:
        with pytest.raises(PermanentError) as refused:
            await there.replicas["a"].exporter.add_silence(request_of("s1", "name=~((("))
        assert str(refused.value).count("regular expression") == 1
        with pytest.raises(PermanentError):
            await there.replicas["a"].exporter.add_silence(request_of("s2", for_s=-5.0))


async def test_silences_outlive_a_take_over() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", destinations=four(fake), **FAST) as there:
        await there.replicas["b"].exporter.add_silence(request_of("s1"))
        await there.kill("b")
        await asyncio.sleep(10)
        (listed,) = await there.replicas["a"].exporter.silences()
        assert (listed.id, listed.remark) == ("s1", "")
        await there.join("c")
        await asyncio.sleep(10)
        (listed,) = await there.replicas["c"].exporter.silences()
        assert (listed.id, listed.remark) == ("s1", "")


async def test_maintenance_of_some_destinations_wherever_they_are() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", "c", destinations=four(fake), **FAST) as there:
        window = await there.replicas["b"].exporter.start_maintenance(
            MaintenanceRequest(name="move", for_s=600, destinations=("d0", "d3"))
        )
        assert (window.name, window.destinations, window.active) == ("move", ("d0", "d3"), True)
        await tell(there, "a", "wait", "wait too")
        await asyncio.sleep(10)
        (listed,) = await there.replicas["c"].exporter.maintenance_windows()
        assert (listed.destinations, listed.held_records, listed.configured) == (("d0", "d3"), 4, False)
        assert sum("wait too" in shown(message) for message in fake.messages) == 2
        ended = await there.replicas["c"].exporter.end_maintenance("move")
        assert ended.held_records == 4
        await asyncio.sleep(10)
        assert sum("wait too" in shown(message) for message in fake.messages) == 4
        with pytest.raises(PermanentError, match="no maintenance 'move'"):
            await there.replicas["a"].exporter.end_maintenance("move")
        with pytest.raises(PermanentError, match="no destination 'd9'; there are: d0, d1, d2, d3"):
            await there.replicas["a"].exporter.start_maintenance(
                MaintenanceRequest(name="x", for_s=600, destinations=("d1", "d9"))
            )


async def test_a_configured_window_of_some_destinations_can_be_begun_and_is_listed_once() -> None:
    fake = FakeDiscord(channel_limit=None)
    window = {"name": "night", "destinations": ["d1"]}
    async with town(fake, "a", "b", destinations=four(fake), maintenance=[window], **FAST) as there:
        (listed,) = await there.replicas["a"].exporter.maintenance_windows()
        assert (listed.name, listed.configured, listed.destinations) == ("night", True, ("d1",))
        begun = await there.replicas["b"].exporter.start_maintenance(MaintenanceRequest(name="night", for_s=60))
        assert (begun.active, begun.destinations) == (True, ("d1",))
        (listed,) = await there.replicas["a"].exporter.maintenance_windows()
        assert (listed.active, listed.configured) == (True, False)


async def test_every_replica_shows_every_destination_and_who_has_it() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", "c", destinations=four(fake), **FAST) as there:
        await tell(there, "a", "one")
        await asyncio.sleep(10)
        held, shards = there.held(), there.replicas["a"].exporter.shard_of
        for rig in there.replicas.values():
            await rig.exporter.look_afar()
            states = rig.exporter.destination_states()
            assert [state.name for state in states] == ["d0", "d1", "d2", "d3"]
            assert [state.delivered for state in states] == [1, 1, 1, 1]
            for state in states:
                assert shards[state.name] in held[state.replica]
            rig.exporter.recent_messages()
        await asyncio.sleep(3)
        for rig in there.replicas.values():
            assert sorted(message.destination for message in rig.exporter.recent_messages()) == ["d0", "d1", "d2", "d3"]


async def test_no_destination_is_well_while_the_storage_is_away() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", lease_s=60, destinations=four(fake), **FAST) as there:
        exporter = there.replicas["a"].exporter
        assert {(state.health, state.remark) for state in exporter.destination_states()} == {(Health.OK, "")}
        there.fleet.is_away = True
        states = exporter.destination_states()
        there.fleet.is_away = False
        assert {(state.health, state.remark) for state in states} == {(Health.WAITING, STORAGE_IS_AWAY)}
        assert {state.health for state in exporter.destination_states()} == {Health.OK}


async def test_destinations_of_a_shard_that_nobody_has_are_not_known() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", lease_s=60, destinations=four(fake), **FAST) as there:
        await there.replicas["a"].exporter.look_afar()
        gone = {name for name, s in there.replicas["a"].exporter.shard_of.items() if s in there.held()["b"]}
        await there.kill("b")
        await asyncio.sleep(20)
        states = there.replicas["a"].exporter.destination_states()
        assert {state.name for state in states if state.health is Health.UNKNOWN} == gone
        await asyncio.sleep(70)
        await there.replicas["a"].exporter.look_afar()
        states = there.replicas["a"].exporter.destination_states()
        assert {state.health for state in states} == {Health.OK}
        assert {state.replica for state in states} == {""}, "one process is nobody's other"


async def test_nobody_is_asked_while_nobody_looks() -> None:
    fake = FakeDiscord(channel_limit=None)
    asked = 0
    async with town(fake, "a", "b", destinations=four(fake), **FAST) as there:
        fleet: Any = there.replicas["a"].exporter.fleet
        real = fleet.ask

        async def counting(shard: int, body: bytes, timeout_s: float) -> bytes:
            nonlocal asked
            asked += 1
            answer: bytes = await real(shard, body, timeout_s)
            return answer

        fleet.ask = counting
        await asyncio.sleep(60)
        assert asked == 0
        there.replicas["a"].exporter.destination_states()
        await asyncio.sleep(60)
        assert 2 * 5 <= asked <= 2 * 10
        before = asked
        await asyncio.sleep(60)
        assert asked == before


async def test_a_test_message_goes_out_from_where_its_destination_is() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", "c", destinations=four(fake), **FAST) as there:
        for rig in there.replicas.values():
            results = await rig.exporter.send_test(None)
            assert [(each.destination, each.ok) for each in results] == [(f"d{n}", True) for n in range(4)]
        (one,) = await there.replicas["a"].exporter.send_test("d2")
        assert (one.destination, one.ok) == ("d2", True)
        (none,) = await there.replicas["a"].exporter.send_test("d7")
        assert not none.ok
        assert "d0, d1, d2, d3" in none.text
        online = await there.replicas["b"].exporter.check_online()
        assert [(each.name, each.ok, bool(each.fingerprint)) for each in online] == [
            (f"d{n}", True, True) for n in range(4)
        ]
    assert len(fake.messages) == 13


async def test_an_alert_that_fires_anywhere_is_known_to_every_replica_once() -> None:
    fake = FakeDiscord(channel_limit=None)
    hooks = four(fake)
    async with town(fake, "a", "b", "c", destinations=hooks, rate_limit=FAST["rate_limit"]) as there:
        started_ns = int(time.time() * 1e9)
        event = firing(started_ns=started_ns, at_ns=started_ns)
        await there.replicas["b"].exporter.consume(batch(event))
        await asyncio.sleep(20)
        for rig in there.replicas.values():
            await rig.exporter.look_afar()
            ((shown_event, places),) = rig.exporter.firing_alerts()
            assert (shown_event.identity, shown_event.value) == (event.identity, event.value)
            assert sorted(places) == sorted(hooks)


async def test_a_replica_that_comes_or_goes_meanwhile_changes_no_answer() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with town(fake, "a", "b", destinations=four(fake), **FAST) as there:
        asked = there.replicas["a"].exporter
        for number, change in enumerate((there.join("c"), there.join("d"), there.leave("c"), there.leave("b"))):
            changing = asyncio.create_task(change)
            added = await asked.add_silence(request_of(f"s{number}"))
            assert (added.id, added.remark) == (f"s{number}", "")
            await changing
            await asyncio.sleep(8)
            assert [each.id for each in await asked.silences()] == [f"s{n}" for n in range(number + 1)]
        await tell(there, "d", "no")
        await asyncio.sleep(8)
        assert not fake.messages
        assert sum(each.silenced_records for each in await asked.silences()) == 4
