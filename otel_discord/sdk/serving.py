"""What runs on the sender's loop: an engine for each place that outlets send to."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from opentelemetry.context import attach, set_value

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
    engines: dict[Outlet, Engine] = {}

    def done(outlet: "Outlet") -> None:
        engines.pop(outlet, None)
        sender.forget(outlet)
        outlet.ended()
        loop.look()

    async with asyncio.TaskGroup() as tasks:

        def begin(outlet: "Outlet") -> None:
            try:
                config = discord_config(outlet.settings)
            except SettingsError as error:
                outlet.give_up(str(error))
                done(outlet)
                return
            for known in set(engines.values()):
                if known.takes_others and known.config == config:
                    engines[outlet] = known
                    known.add(outlet)
                    return
            engine = engines[outlet] = Engine(config, done)
            engine.add(outlet)
            tasks.create_task(engine.run(), name=f"{outlet.name} in an application")

        while True:
            loop.bell.clear()
            for outlet in sender.known():
                if outlet not in engines:
                    begin(outlet)
            if not engines:
                return
            for engine in set(engines.values()):
                engine.look()
            await loop.bell.wait()


def _say(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Put what asyncio would log under its own name, which may be a circle, under ours."""
    error = context.get("exception")
    _log.warning("%s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)
