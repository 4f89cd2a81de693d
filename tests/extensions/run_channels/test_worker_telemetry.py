"""A run's telemetry and its life: where it goes, what is counted, what is still on its way at the end."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component.destination_source import DestinationSource, RunCard, Tally
from otel_discord.component.errors import RetryableError
from otel_discord.discord_api.bot.answers import Done, Failed
from otel_discord.extensions.run_channels.problems import RunProblem
from otel_discord.extensions.run_channels.runs import State
from tests.extensions.run_channels.site_of_runs import Site

pytestmark = pytest.mark.looptime


class Exporter:
    """A user of the source that takes its time to drain."""

    def __init__(self, drains_in_s: float = 0.0) -> None:
        self.drains_in_s = drains_in_s
        self.told: list[list[str]] = []
        self.source: DestinationSource | None = None
        self.drained_of: list[str] = []

    def destinations_changed(self) -> None:
        assert self.source is not None
        self.told.append(list(self.source.destinations()))

    async def drained(self, name: str) -> None:
        await asyncio.sleep(self.drains_in_s)
        self.drained_of.append(name)

    def run_card(self, card: RunCard) -> Mapping[str, Any]:
        return {"content": f"{card.state}: {card.tally.records} records, last step {card.tally.last_step}"}


def _resource(**attributes: str) -> Resource:
    return Resource(
        attributes=[
            KeyValue(key=key.replace("__", "."), value=AnyValue(string_value=value))
            for key, value in attributes.items()
        ]
    )


async def test_telemetry_goes_to_a_run_from_its_webhook_to_its_end() -> None:
    site = Site()
    exporter = Exporter(drains_in_s=2.0)
    async with site.running() as worker:
        exporter.source = worker.source
        with worker.source.used_by(exporter):
            created = await worker.create(site.wanted(), by="ci")
            lane = f"run/{created.run.run_id}"
            by_id = _resource(run__id=created.run.run_id)
            by_three = _resource(run__task_id="build-42", run__attempt="1", run__short_id="ab12")
            assert worker.source.destination_of(by_id) == worker.source.destination_of(by_three) == lane
            assert worker.source.destination_of(_resource(run__id="other")) is None
            assert worker.source.destinations()[lane].label == "run-build-42-1-ab12"
            ending = asyncio.create_task(worker.finalize(created.run.channel_id, outcome="success", by="ci"))
            await asyncio.sleep(1.0)
            assert worker.source.destination_of(by_id) is None
            assert site.guild.webhooks  # what is on its way still arrives
            await ending
            assert exporter.drained_of == [lane]
            assert not site.guild.webhooks
            assert exporter.told == [[lane], []]
            assert isinstance(worker.source, DestinationSource)


async def test_what_does_not_drain_is_not_waited_for_longer_than_configured() -> None:
    site = Site(drain_timeout="3s")
    async with site.running() as worker:
        with worker.source.used_by(exporter := Exporter(drains_in_s=1000.0)):
            exporter.source = worker.source
            created = await worker.create(site.wanted(), by="ci")
            began_s = asyncio.get_running_loop().time()
            await worker.finalize(created.run.channel_id, outcome="success", by="ci")
            assert 3 <= asyncio.get_running_loop().time() - began_s < 6


async def test_the_header_follows_the_counts_at_its_pace() -> None:
    site = Site(card_interval="15s")
    async with site.running() as worker:
        with worker.source.used_by(exporter := Exporter()):
            exporter.source = worker.source
            created = await worker.create(site.wanted(), by="ci")
            lane = f"run/{created.run.run_id}"
            (header,) = site.fake.messages
            for number in range(600):
                worker.source.counted(lane, Tally(records=10, steps=1, last_step=f"step {number}"))
                await asyncio.sleep(0.1)
            assert 3 <= header.edits <= 5
            await asyncio.sleep(20)
            assert header.content == "running: 6000 records, last step step 599"
            edits = header.edits
            await asyncio.sleep(600)
            assert header.edits == edits
            worker.source.counted("run/unknown", Tally(records=1))
            await worker.finalize(created.run.channel_id, outcome="failed", by="ci")
            assert header.content == "failed: 6000 records, last step step 599"
    async with site.running() as worker:
        assert worker.find(created.run.channel_id).tally.records == 6000


class Posts:
    """Posts by webhooks, as the extension has them where the bot does not post."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.posted: list[str] = []

    async def post(self, run, message):
        assert self.site.guild.webhooks
        self.posted.append(str(message))
        return Done("17")

    async def edit(self, run, message_id, message):
        if not self.site.guild.webhooks:
            return Failed(ambiguous=False)
        assert message_id == "17"
        self.posted.append(str(message))
        return Done("17")


async def test_without_the_bots_header_the_webhook_posts_it_and_tells_the_outcome_before_it_goes() -> None:
    site = Site(header_embed=False)
    site.by_webhook = Posts(site)
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        await worker.finalize(created.run.channel_id, outcome="success", by="ci")
    assert len(site.by_webhook.posted) == 2
    assert "succeeded" in site.by_webhook.posted[1]
    assert not site.fake.messages


async def test_with_discords_creation_limits_the_repeats_return_the_runs() -> None:
    site = Site("default", request_timeout="25s")
    async with site.running() as worker:

        async def attempt(number: int) -> float | None:
            """Return None where the run is there, else after how long to ask again."""
            try:
                created = await worker.create(site.wanted(f"s{number}"), by="ci")
            except RunProblem as problem:
                return problem.retry_after_s or 0.0
            assert created.run.state is State.RUNNING
            return None

        async def insist(number: int) -> int:
            refusals = 0
            while (again_s := await attempt(number)) is not None:
                assert again_s > 0
                refusals += 1
                await asyncio.sleep(again_s)
            return refusals

        refusals = await asyncio.gather(*(insist(number) for number in range(50)))
        assert sum(refusals) > 0
        assert max(refusals) < 40
        assert len(site.run_channels()) == len(site.guild.webhooks) == 50
        assert len(site.guild.categories()) == 1
    assert site.fake.count(429) < 20


async def test_one_run_that_waits_holds_up_no_other() -> None:
    site = Site()
    async with site.running() as worker:
        slow = await worker.create(site.wanted("slow"), by="ci")
        with worker.source.used_by(exporter := Exporter(drains_in_s=4.0)):
            exporter.source = worker.source
            ending = asyncio.create_task(worker.finalize(slow.run.channel_id, outcome="", by="ci"))
            began_s = asyncio.get_running_loop().time()
            await worker.create(site.wanted("quick"), by="ci")
            assert asyncio.get_running_loop().time() - began_s < 3
            await ending


@pytest.mark.parametrize("ends", [True, False])
async def test_counts_outlive_the_service(ends: bool) -> None:
    """Of one that is killed those of the last ``card_interval`` may be missing."""
    site = Site(card_interval="15s")
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        lane, channel_id = f"run/{created.run.run_id}", created.run.channel_id
        worker.source.counted(lane, Tally(records=7, errors=2, steps=1, last_step="compile"))
        await asyncio.sleep(16)
        kept = dict(await site.table.items())
        worker.source.counted(lane, Tally(records=1, last_error="the disk is full"))
    if not ends:
        await site.table.put(kept)
    async with site.running() as worker:
        tally = worker.find(channel_id).tally
        assert (tally.errors, tally.steps, tally.last_step) == (2, 1, "compile")
        assert (tally.records, tally.last_error) == ((8, "the disk is full") if ends else (7, ""))
        worker.source.counted(lane, Tally(records=2))
        await worker.finalize(channel_id, outcome="success", by="ci")
        assert worker.find(channel_id).tally.records == tally.records + 2


async def test_counts_of_a_run_without_a_header_are_stored_at_the_same_pace() -> None:
    site = Site(card_interval="15s", header_embed=False)
    puts: list[str] = []
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        put = site.table.put

        async def counted_put(changes: Mapping[str, bytes | None]) -> None:
            puts.extend(changes)
            await put(changes)

        site.table.put = counted_put  # type: ignore[method-assign]
        for _ in range(600):
            worker.source.counted(f"run/{created.run.run_id}", Tally(records=10))
            await asyncio.sleep(0.1)
        assert 3 <= len(puts) <= 6
        site.table.put = put  # type: ignore[method-assign]
    async with site.running() as worker:
        assert worker.find(created.run.channel_id).tally.records == 6000


async def test_a_storage_that_stores_no_counts_now_costs_the_run_nothing() -> None:
    site = Site(card_interval="1s")
    async with site.running() as worker:
        created = await worker.create(site.wanted(), by="ci")
        put = site.table.put

        async def failing(changes: Mapping[str, bytes | None]) -> None:
            raise RetryableError("the disk is full")

        site.table.put = failing  # type: ignore[method-assign]
        worker.source.counted(f"run/{created.run.run_id}", Tally(records=10, errors=1))
        await asyncio.sleep(3)
        assert "1 error" in str([each.texts() for each in site.fake.messages])
        site.table.put = put  # type: ignore[method-assign]
        await worker.finalize(created.run.channel_id, outcome="success", by="ci")
        assert worker.find(created.run.channel_id).tally.records == 10


@pytest.mark.parametrize("after_retention", ["delete", "archive"])
async def test_a_run_that_is_asked_for_again_at_once_has_a_header_of_its_own(after_retention: str) -> None:
    """Discord returns an earlier message of the bot, of whatever channel, where one has the same nonce."""
    site = Site(after_retention=after_retention)
    async with site.running() as worker:
        for outcome in ("failure", "success"):
            created = await worker.create(site.wanted(retention_hours=0), by="ci")
            await worker.finalize(created.run.channel_id, outcome=outcome, by="ci")
            headers = [each for each in site.fake.messages if each.channel_id == created.run.channel_id]
            assert len(headers) == 1
            assert (created.run.header_message_id, created.is_new) == (headers[0].id, True)
            if after_retention == "archive":
                assert headers[0].edits == 1
