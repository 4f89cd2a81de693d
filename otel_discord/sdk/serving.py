"""What runs on the sender's loop: an engine for each place that outlets send to."""

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from opentelemetry.context import attach, set_value

from otel_discord.sdk import processes
from otel_discord.sdk.configuration import discord_config
from otel_discord.sdk.engine import Engine
from otel_discord.sdk.sender_loop import SenderLoop
from otel_discord.sdk.settings import SettingsError

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet
    from otel_discord.sdk.sender import Sender

_log: Final = logging.getLogger("otel_discord.sdk")

_SUPPRESSION_KEYS: Final = ("suppress_instrumentation", "suppress_http_instrumentation")
"""Under which instrumentations look whether they should keep quiet (opentelemetry.instrumentation.utils)."""


async def serve(sender: "Sender", loop: SenderLoop) -> None:
    """Run engines until the last outlet has ended."""
    for key in _SUPPRESSION_KEYS:
        attach(set_value(key, value=True))
    loop.set_exception_handler(_say)
    async with asyncio.TaskGroup() as tasks:
        engines = _Engines(sender, loop, tasks)
        while True:
            loop.bell.clear()
            if not engines.look():
                return
            await loop.bell.wait()


class _Engines:
    """Those that run, by the outlets that they are for."""

    def __init__(self, sender: "Sender", loop: SenderLoop, tasks: asyncio.TaskGroup) -> None:
        self._sender = sender
        self._loop = loop
        self._tasks = tasks
        self._by_outlet: dict[Outlet, Engine] = {}

    def look(self) -> bool:
        """Have each outlet looked at, new ones too; return whether there is any."""
        for outlet in self._sender.known():
            if outlet not in self._by_outlet:
                self._begin(outlet)
        for engine in set(self._by_outlet.values()):
            engine.look()
        return bool(self._by_outlet)

    def _begin(self, outlet: "Outlet") -> None:
        try:
            config = discord_config(outlet.settings)
        except SettingsError as error:
            outlet.give_up(str(error))
            self._done(outlet)
            return
        for known in set(self._by_outlet.values()):
            if known.takes_others and known.config == config:
                self._by_outlet[outlet] = known
                known.add(outlet)
                return
        engine = self._by_outlet[outlet] = Engine(config, self._done)
        engine.add(outlet)
        self._tasks.create_task(engine.run(), name=f"{outlet.name} in an application")
        for other in _others_like(outlet):  # so that the engine does not end with the first of them that closes
            self._sender.know(other)
            self._loop.look()

    def _done(self, outlet: "Outlet") -> None:
        self._by_outlet.pop(outlet, None)
        self._sender.forget(outlet)
        outlet.ended()
        self._loop.look()


def _others_like(outlet: "Outlet") -> "list[Outlet]":
    """Return outlets that send to the same place and have not ended; they may have nothing to send yet."""
    with suppress(RuntimeError):  # one is being made at this moment; it finds its engine with its first record
        return [
            each
            for each in processes.outlets()
            if each is not outlet
            and each.settings.section == outlet.settings.section
            and not (each.is_closed or each.is_inert)
        ]
    return []


def _say(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Put what asyncio would log under its own name, which may be a circle, under ours."""
    error = context.get("exception")
    _log.warning("%s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)
