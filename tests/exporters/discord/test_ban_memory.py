"""A ban of this address over a restart, whatever the clock does meanwhile."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from otel_discord.discord_api import permits
from otel_discord.exporters.discord.ban_memory import ban_left_s, stored_ban
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import running

HERE = "https://discord.com/api/v10"
NOW_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("told_s", "later_s", "left_s"),
    [
        (100, 0, 100),
        (100, 40, 60),
        (100, 1e9, 0),
        (100, -1e9, 100),
        (100, -3600, 100),
        (66_271, 0, 3600),
        (66_271, 1800, 1800),
        (66_271, -1e6, 3600),
    ],
)
def test_what_is_left(told_s: float, later_s: float, left_s: float) -> None:
    assert ban_left_s(stored_ban(HERE, told_s, NOW_S), HERE, NOW_S + later_s) == pytest.approx(left_s)


@pytest.mark.parametrize("stored", [None, b"", b"{}", b"[1]", b"\xff", stored_ban("http://127.0.0.1:1", 100, NOW_S)])
def test_no_ban_of_ours(stored: bytes | None) -> None:
    assert ban_left_s(stored, HERE, NOW_S) is None


@pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
@pytest.mark.parametrize("clock_jump_s", [0.0, 86_400.0, -86_400.0])
async def test_a_ban_survives_a_restart_and_a_clock_that_jumps(
    clock_jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    loop = asyncio.get_running_loop()
    fake.faults.add(Fault(Answer(429, "error code: 1015", {"retry-after": "600"}), match=posts))
    config: dict[str, Any] = {"sending_queue": STORED, "rate_limit": {"channel_messages_per_minute": 0}}
    jumped_s = 0.0

    def wall_clock() -> float:
        return NOW_S + loop.time() + jumped_s

    async with running(fake, host=host_with(disk), wall_clock=wall_clock, shutdown_timeout="0s", **config) as rig:
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(10)
    asked = len(fake.exchanges)
    jumped_s = clock_jump_s
    _forget_limits(monkeypatch)
    began_s = loop.time()
    async with running(fake, host=host_with(disk), wall_clock=wall_clock, shutdown_timeout="1h", **config) as rig:
        await rig.exporter.consume(logs_batch(3, first=3))
        await asyncio.sleep(300)
        if clock_jump_s <= 0:
            assert len(fake.exchanges) == asked
            assert rig.arrived() == []
        while len(rig.arrived()) < 6:
            await asyncio.sleep(1)
        assert loop.time() - began_s <= 700
    _forget_limits(monkeypatch)
    async with running(fake, host=host_with(disk), wall_clock=wall_clock, shutdown_timeout="1h", **config) as rig:
        await rig.exporter.consume(logs_batch(1, first=6))
        await asyncio.sleep(2)
        assert len(rig.arrived()) == 7, "what is over is forgotten"


def _forget_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process has a new limiter."""
    monkeypatch.setattr(permits, "_shared", WeakKeyDictionary())
