"""What a lane remembers of pings and posts, with a storage that goes on and one that refuses."""

import logging
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from otel_discord.component import RetryableError, WorkQueue
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.outcome_types import Delivered
from otel_discord.exporters.discord.compose import Composed
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.lane_state import LaneState
from otel_discord.exporters.discord.mentions import Call, Ping

CALL = Call(roles=("1",), address="<@&1>", pings=(Ping("", 100.0, frozenset({7})),))
COMPOSED = Composed(Message(content="x", thread_name="cart"), (), (), call=CALL, post="cart")


@dataclass
class StateOnly:
    """A queue of which only the state is asked."""

    stored: dict[str, bytes] = field(default_factory=dict)
    refuses: bool = False

    async def get_state(self, key: str) -> bytes | None:
        return self.stored.get(key)

    async def set_state(self, key: str, value: bytes | None) -> None:
        if self.refuses:
            raise RetryableError("the disk is full")
        self.stored[key] = value or b""


def lane_state(queue: StateOnly, webhook_id: str = "5") -> LaneState:
    lane = Lane(name="ops", queue=cast("WorkQueue", cast("Any", queue)), logger=logging.getLogger("tests.lane_state"))
    return LaneState(lane=lane, memory=LaneMemory(), webhook_id=webhook_id)


async def test_another_run_goes_on_where_this_one_ended() -> None:
    queue = StateOnly()
    state = lane_state(queue)
    await state.recall()
    await state.goes_out(COMPOSED, 100.0)
    after_a_crash = lane_state(queue)
    await after_a_crash.recall()
    assert after_a_crash.memory.pings.holds("", frozenset({7}))
    await state.arrived(COMPOSED, Delivered("9", "77"), 110.0)
    later = lane_state(queue)
    await later.recall()
    assert later.memory.pings.pings == (Ping("", 110.0),)
    assert later.memory.posts.find("cart") == "77"
    await later.post_gone("77")
    other = lane_state(queue)
    await other.recall()
    assert other.memory.posts.find("cart") == ""


async def test_another_webhook_under_the_same_name_has_no_posts() -> None:
    queue = StateOnly()
    state = lane_state(queue)
    await state.recall()
    await state.notice_arrived("Notices", "88")
    other = lane_state(queue, webhook_id="6")
    await other.recall()
    assert (other.memory.posts.find("Notices"), other.memory.posts.webhook_id) == ("", "6")


async def test_a_storage_that_refuses_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    state = lane_state(StateOnly(refuses=True))
    await state.recall()
    await state.goes_out(COMPOSED, 100.0)
    await state.arrived(COMPOSED, Delivered("9", "77"), 110.0)
    assert state.memory.pings.used("", 120.0) == 1
    assert state.memory.posts.find("cart") == "77"
    assert "the disk is full" in caplog.text


async def test_a_message_that_pings_nobody_and_opens_nothing_stores_nothing() -> None:
    queue = StateOnly()
    state = lane_state(queue)
    await state.recall()
    plain = Composed(Message(content="x"), (), ())
    await state.goes_out(plain, 100.0)
    await state.arrived(plain, Delivered("9", "77"), 110.0)
    assert queue.stored == {}
