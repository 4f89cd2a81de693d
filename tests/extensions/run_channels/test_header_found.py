"""A header that a webhook posts is told from its telemetry, after a crash just before it and with an empty storage."""

import asyncio
from collections import deque

import pytest

from otel_discord.store.memory_table import MemoryTable
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.faults import Fault, Stall
from tests.extensions.run_channels.test_crash_places import Stage, Story, end, live, make

pytestmark = pytest.mark.looptime

TELEMETRY = "a record of the run"


async def _crash_before_the_header(stage: Stage) -> None:
    def is_header(request: FakeRequest) -> bool:
        is_met = request.method == "POST" and len(stage.town.hooks()) == 1
        if is_met:
            stage.crash.set()
        return is_met

    stage.fake.faults.add(Fault(Stall(), match=is_header))
    living = asyncio.create_task(live(stage, deque([make])))
    await stage.crash.wait()
    living.cancel()
    await asyncio.wait([living])
    (hook,) = stage.town.hooks()
    body = {"embeds": [{"title": TELEMETRY}], "allowed_mentions": {"parse": []}}
    told = stage.fake.handle(FakeRequest.of("POST", f"{hook.url}?wait=true", json_body=body))
    assert told.status == 200
    stage.table = MemoryTable()


def _titles(stage: Stage) -> list[str]:
    return [message.embeds[0]["title"] for message in stage.fake.messages]


async def test_telemetry_is_not_taken_for_the_header() -> None:
    stage = Stage(Story("channel", header_embed=False, restarts=False, forgets=True))
    stage.headers = None
    stage.town.most_embeds = 2
    await _crash_before_the_header(stage)
    await live(stage, deque([make, end]))
    telemetry, header = _titles(stage)
    assert telemetry == TELEMETRY
    assert header != TELEMETRY


async def test_where_discord_hides_what_a_webhook_says_no_second_header_is_posted() -> None:
    stage = Stage(Story("channel", header_embed=False, restarts=False, forgets=True))
    stage.headers = None
    stage.town.bot.message_content = False
    await _crash_before_the_header(stage)
    await live(stage, deque([make, end]))
    assert _titles(stage) == [TELEMETRY]
