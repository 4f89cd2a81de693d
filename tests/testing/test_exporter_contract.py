"""The exporter's contract passes a small honest exporter and finds each way to cheat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import PermanentError, RetryableError
from otel_discord.component.host import Host
from otel_discord.discord_api.http import HttpRequest
from otel_discord.signals.any_value import to_plain
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.testing.discord_far_end import DiscordFarEnd
from otel_discord.testing.exporter_contract import SCENARIOS, check_exporter, dice
from otel_discord.testing.fake_discord import FakeDiscord

pytestmark = pytest.mark.looptime
AGENT = {"User-Agent": "DiscordBot (https://example.invalid, 1.0)"}


class Honest:
    """Posts a batch as one message and waits for the answer."""

    def __init__(self, fake: FakeDiscord) -> None:
        self.fake, self.hook, self.transport = fake, fake.webhooks[0], fake.transport()

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield

    async def consume(self, batch: Batch) -> Receipt:
        match await self.post(batch):
            case 200:
                return ACCEPTED
            case 503:
                raise RetryableError("busy")
            case _:
                raise PermanentError("refused")

    async def post(self, batch: Batch) -> int:
        assert isinstance(batch, LogsBatch)
        text = "\n".join(str(to_plain(record.body)) for _, _, record in batch.records())
        json = {"content": text, "allowed_mentions": {"parse": []}}
        request = HttpRequest(method="POST", url=f"{self.hook.url}?wait=true", headers=AGENT, json=json)
        return (await self.transport.send(request)).status


class LosesOnError(Honest):
    async def consume(self, batch: Batch) -> Receipt:
        await self.post(batch)
        return ACCEPTED


class SendsTwice(Honest):
    async def consume(self, batch: Batch) -> Receipt:
        await self.post(batch)
        return await super().consume(batch)


class GivesBackWhatItSent(Honest):
    async def consume(self, batch: Batch) -> Receipt:
        await super().consume(batch)
        return Receipt(rejected=batch.item_count, message="no")


class LeavesTask(Honest):
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        self.task = asyncio.create_task(asyncio.Event().wait())
        yield


@pytest.mark.parametrize("seed", range(3))
async def test_an_honest_exporter_passes(seed: int) -> None:
    far_ends: list[DiscordFarEnd] = []

    def make() -> DiscordFarEnd:
        far_ends.append(DiscordFarEnd(Honest))
        return far_ends[-1]

    await check_exporter(make, seed=seed)
    assert len(far_ends) == len(SCENARIOS)
    assert [bool(end.refused()) for end in far_ends] == [False, False, True, True]
    for end in far_ends:
        end.fake.assert_clean()


@pytest.mark.parametrize(
    ("cheat", "complaint"),
    [
        (LosesOnError, "records lost"),
        (SendsTwice, "more than once"),
        (GivesBackWhatItSent, "given back"),
        (LeavesTask, "tasks left behind"),
    ],
)
async def test_a_cheat_is_found_out(cheat: type[Honest], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        await check_exporter(lambda: DiscordFarEnd(cheat), patience_s=5.0)


def test_failures_in_a_row_are_bounded() -> None:
    decide = dice({"retryable": 1.0}, seed=0, max_failures_in_a_row=3)
    assert [decide() for _ in range(8)] == ["retryable", "retryable", "retryable", "ok"] * 2
