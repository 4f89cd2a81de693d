"""The dead letters of all shards are one list for every replica, on a real database."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from otel_discord.component import LetterFilter, NewCard, NewLetter, PermanentError, RetryableError, StartError
from otel_discord.component.dead_letters import DeadLetters, ReplayRequest, ReplayState
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.charts import NoCharts
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.desk import DeadLetterDesk
from otel_discord.exporters.discord.dead_letters.letter import letter_payload
from otel_discord.exporters.discord.fleet.exporter import FleetExporter
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.exporters.discord.dead_letters.test_letter import SHOP, text_record
from tests.exporters.discord.records import card_of
from tests.exporters.discord.rig import shown
from tests.extensions.db_storage.conftest import drop, made_server
from tests.extensions.db_storage.fleet_place import Place, storage_at
from tests.extensions.db_storage.server import Server

CAUSE = Cause(reason="invalid_form", detail="Invalid Form Body", status=400, code=50035, attempts=1)
NAMES = ("d0", "d1", "d2", "d3")


@pytest.fixture(scope="module")
def letters_server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        found = made_server(Path(directory))
        yield found
        found.kill()


@dataclass
class Replicas:
    """Two replicas of an exporter with four destinations."""

    fake: FakeDiscord
    exporters: list[FleetExporter] = field(default_factory=list)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def stop(self) -> None:
        """End all of them."""
        await self.stack.aclose()

    def letters(self, number: int) -> DeadLetters:
        return self.exporters[number].dead_letters()

    async def bury(self, name: str, *texts: str, destination: str = "") -> None:
        """Let letters of a destination lie in its shard."""
        shard = self.exporters[0].shard_of[name]
        engine = next(each.engines[shard] for each in self.exporters if shard in each.engines)
        queue = cast("DeadLetterDesk", engine.dead_letters()).queue
        for text in texts:
            payload = card_of(text_record(text), SHOP).to_bytes()
            (card_id,) = await queue.adopt([NewCard("parked", 0, payload)])
            named = destination or name
            letter = letter_payload(payload, CAUSE, destination=named, time_ns=1_000)
            await queue.bury([NewLetter(card_id, 1_000, named, CAUSE.reason, letter)])

    async def texts(self, number: int, **how: Any) -> list[str]:
        return [letter.text async for letter in self.letters(number).letters(**how)]


@pytest.fixture
async def there(letters_server: Server, tmp_path: Path) -> AsyncIterator[Replicas]:
    place = Place(letters_server.port, "letters", tmp_path, lease_s=2)
    fake = FakeDiscord(channel_limit=None)
    destinations = {name: {"webhook_url": fake.add_webhook().url} for name in NAMES}
    config = {
        "destinations": destinations,
        "dead_letters": {"directory": ""},
        "sending_queue": {"storage": "db_storage"},
        "rate_limit": {"channel_messages_per_minute": 0},
        "fold": {"enabled": False},
        "shutdown_timeout": "2s",
    }
    found = Replicas(fake)
    async with found.stack as stack:
        for number in range(2):
            replica = _replica(place, letters_server, number, config, fake)
            found.exporters.append(await stack.enter_async_context(replica))
        async with asyncio.timeout(20):
            while not all(each.engines for each in found.exporters) or _held(found) != [0, 1, 2, 3]:
                await asyncio.sleep(0.1)
        yield found
    drop(letters_server, "letters")


def _held(found: Replicas) -> list[int]:
    return sorted(shard for each in found.exporters for shard in each.engines)


@asynccontextmanager
async def _replica(
    place: Place, server: Server, number: int, config: dict[str, Any], fake: FakeDiscord
) -> AsyncIterator[FleetExporter]:
    own = Place(place.port, place.schema, place.directory / str(number), place.lease_s)
    own.directory.mkdir()
    async with storage_at(own, server.url) as storage:
        exporter = FleetExporter(
            settings("discord", InMemoryTelemetry()),
            DiscordConfig.model_validate(config),
            transport=fake.transport(),
            charts=NoCharts(),
        )
        async with exporter.lifespan(NopHost({"db_storage": storage})):
            yield exporter


async def _replayed(letters: DeadLetters, request: ReplayRequest) -> ReplayState:
    async with asyncio.timeout(30):
        states = [state async for state in letters.replay(request)]
    assert [state.done for state in states] == [False] * (len(states) - 1) + [True]
    return states[-1]


async def test_every_replica_lists_shows_and_purges_the_letters_of_all_shards(there: Replicas) -> None:
    for number in range(3):
        for name in NAMES:
            await there.bury(name, f"{name} {number}")
    expected = [f"{name} {number}" for number in range(3) for name in NAMES]
    for number in (0, 1):
        assert await there.texts(number) == expected
        assert await there.texts(number, limit=5) == expected[-5:]
        assert await there.texts(number, limit=5, newest=False) == expected[:5]
        assert await there.texts(number, limit=600) == expected
        chosen = LetterFilter(destinations=frozenset({"d1", "d2"}))
        assert await there.texts(number, chosen=chosen) == [each for each in expected if each[:2] in {"d1", "d2"}]
    found = {letter.text: letter.id async for letter in there.letters(0).letters()}
    for text, letter_id in found.items():
        whole = await there.letters(1).letter(letter_id)
        assert whole is not None
        assert (whole["text"], whole["record"]["body"]) == (text, text)
    assert await there.letters(1).letter(10**9) is None
    one_each = LetterFilter(ids=frozenset({found["d0 0"], found["d3 2"]}))
    assert await there.letters(0).purge(one_each) == 2
    assert await there.letters(1).purge(LetterFilter()) == 10
    assert await there.texts(0) == []


@pytest.mark.parametrize("number", [0, 1])
async def test_letters_are_sent_again_by_whoever_has_them(there: Replicas, number: int) -> None:
    for name in NAMES:
        await there.bury(name, f"{name} x", f"{name} y")
    counted = await _replayed(there.letters(number), ReplayRequest(dry_run=True))
    assert (counted.chosen, counted.revived, dict(counted.by_destination)) == (8, 0, dict.fromkeys(NAMES, 2))
    state = await _replayed(there.letters(number), ReplayRequest())
    assert (state.chosen, state.revived, state.delivered, state.left, state.remarks) == (8, 8, 8, 0, ())
    assert await there.texts(1 - number) == []
    for index, hook in enumerate(there.fake.webhooks):
        texts = " ".join(shown(message) for message in there.fake.messages_of(hook))
        assert f"d{index} x" in texts
        assert f"d{index} y" in texts


async def test_letters_of_every_shard_are_sent_to_one_destination_instead(there: Replicas) -> None:
    for name in NAMES:
        await there.bury(name, f"{name} x", destination="gone")
    closed = await _replayed(there.letters(0), ReplayRequest())
    assert (closed.chosen, closed.left, closed.revived) == (4, 4, 0)
    assert any("no destination 'gone'" in remark for remark in closed.remarks)
    unknown = await _replayed(there.letters(1), ReplayRequest(to="nowhere"))
    assert (unknown.chosen, unknown.left) == (4, 4)
    assert unknown.remarks == ("There is no destination 'nowhere'; --to names another (there are: d0, d1, d2, d3).",)
    state = await _replayed(there.letters(1), ReplayRequest(to="d2"))
    assert (state.chosen, state.revived, state.delivered, dict(state.by_destination)) == (4, 4, 4, {"d2": 4})
    assert await there.texts(0) == []
    messages = there.fake.messages_of(there.fake.webhooks[2])
    texts = " ".join(shown(message) for message in messages)
    assert all(f"{name} x" in texts for name in NAMES)
    assert len(there.fake.messages) == len(messages)


async def test_what_waits_for_a_destination_that_is_no_more_is_buried_where_it_is(there: Replicas) -> None:
    exporter = next(each for each in there.exporters if each.engines)
    engine = next(iter(exporter.engines.values()))
    queue = cast("DeadLetterDesk", engine.dead_letters()).queue
    await queue.adopt([NewCard("old", 0, card_of(text_record("left"), SHOP).to_bytes())])
    for number in (0, 1):
        assert await there.letters(number).orphaned_lanes() == ["old"]
    with pytest.raises(PermanentError, match="is configured"):
        await there.letters(0).bury_lane("d1")
    assert await there.letters(1).bury_lane("old") == 1
    assert await there.texts(0) == ["left"]


async def test_with_all_replicas_stopped_the_letters_of_all_shards_are_there(
    there: Replicas, letters_server: Server, tmp_path: Path
) -> None:
    for name in NAMES:
        await there.bury(name, f"{name} x")
    own = Place(letters_server.port, "letters", tmp_path / "rest", lease_s=2)
    own.directory.mkdir()
    config = there.exporters[0]._config
    async with storage_at(own, letters_server.url) as storage:
        exporter = FleetExporter(settings("discord", InMemoryTelemetry()), config, transport=there.fake.transport())
        host = NopHost({"db_storage": storage})
        with pytest.raises(StartError, match="in use"):
            async with exporter.dead_letters_at_rest(host):
                pass
        await there.stop()
        looked = await exporter.check_online(host)
        assert [result.ok for result in looked] == [True] * 4
        async with exporter.dead_letters_at_rest(host) as letters:
            assert [letter.text async for letter in letters.letters()] == [f"{name} x" for name in NAMES]
            counted = await _replayed(letters, ReplayRequest(dry_run=True))
            assert (counted.chosen, counted.revived) == (4, 0)
            with pytest.raises(RetryableError, match="nothing here sends"):
                await _replayed(letters, ReplayRequest())
            assert await letters.purge(LetterFilter(destinations=frozenset({"d1", "d3"}))) == 2
        async with exporter.dead_letters_at_rest(host) as letters:
            assert [letter.text async for letter in letters.letters()] == ["d0 x", "d2 x"]
