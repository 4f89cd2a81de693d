"""The bot of the examples through a bad day, as a process: members, errors, a gateway that comes and goes, the end.

Prints how late the loop was at worst, which is what a heartbeat of the gateway would have waited, and how long the
end took.
"""

import asyncio
import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import discord

from tests.examples.gateway_payloads import GUILD, ROLE, guild, member, message, slash_command, user

BOT = Path(__file__).parents[2] / "examples" / "discord_bot" / "bot.py"
TICK_S = 0.005


class Gateway:
    """The gateway's side of a bot that is not connected: real objects and events, made by discord.py's own parsers."""

    def __init__(self, bot: discord.Client) -> None:
        self._state = bot._connection
        self._state.user = discord.ClientUser(state=self._state, data=user(1, "bot"))  # type: ignore[arg-type]
        self._state._add_guild_from_data(guild())  # type: ignore[arg-type]

    def sends(self, event: str, **data: Any) -> None:
        """Have the bot receive an event."""
        self._state.parsers[event](data)


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bot", BOT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bot"] = module
    spec.loader.exec_module(module)
    return module


async def watch_the_loop(late_s: list[float]) -> None:
    while True:
        before_s = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late_s.append(time.perf_counter() - before_s - TICK_S)


async def a_bad_day(gateway: Gateway, bot: "object") -> None:
    ann = member(3030, "ann")
    gateway.sends("GUILD_MEMBER_ADD", **ann)
    gateway.sends("GUILD_MEMBER_UPDATE", **{**ann, "roles": [ROLE]})
    gateway.sends("GUILD_BAN_ADD", guild_id=GUILD, user=user(3030, "ann"))
    gateway.sends("GUILD_MEMBER_REMOVE", guild_id=GUILD, user=user(3030, "ann"))
    gateway.sends("GUILD_BAN_REMOVE", guild_id=GUILD, user=user(3030, "ann"))
    for _ in range(50):
        gateway.sends("MESSAGE_CREATE", **message("!divide 1 0", ann))
    gateway.sends("INTERACTION_CREATE", **slash_command("roll", [{"name": "sides", "type": 4, "value": 0}], ann))
    for event in ("disconnect", "disconnect", "disconnect", "resumed", "disconnect", "disconnect", "ready", "ready"):
        bot.dispatch(event)  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)
    bot.dispatch("scheduled_event_create", object())  # type: ignore[attr-defined]
    await asyncio.sleep(0.2)  # nothing of it can be in Discord yet


async def main() -> None:
    module = load()
    late_s: list[float] = []
    watching = asyncio.create_task(watch_the_loop(late_s))
    bot = module.Bot()

    @bot.event
    async def on_scheduled_event_create(event: object) -> None:
        print(event.name)  # type: ignore[attr-defined]  # the bug

    async with bot:
        await bot.setup_hook()
        await a_bad_day(Gateway(bot), bot)
        began_s = time.perf_counter()
    print(f"closed after {time.perf_counter() - began_s:.3f} s")
    watching.cancel()
    print(f"late by {max(late_s):.3f} s")


if __name__ == "__main__":
    asyncio.run(main())
