"""What runs on the sender's loop: an engine for each outlet."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from opentelemetry.context import attach, set_value

from otel_discord.sdk.engine import Engine
from otel_discord.sdk.sender_loop import SenderLoop

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet
    from otel_discord.sdk.sender import Sender

_log: Final = logging.getLogger("otel_discord.sdk")

_SUPPRESSION_KEYS: Final = ("suppress_instrumentation", "suppress_http_instrumentation")
"""Under which instrumentations look whether they should keep quiet (opentelemetry.instrumentation.utils)."""


async def serve(sender: "Sender", loop: SenderLoop) -> None:
    """Run an engine for each outlet until the last one has ended."""
    for key in _SUPPRESSION_KEYS:
        attach(set_value(key, value=True))
    loop.set_exception_handler(_say)
    engines: dict[Outlet, Engine] = {}

    async def run(engine: Engine) -> None:
        try:
            await engine.run()
        finally:
            del engines[engine.outlet]
            sender.forget(engine.outlet)
            engine.outlet.ended()
            loop.look()

    async with asyncio.TaskGroup() as tasks:
        while True:
            loop.bell.clear()
            for outlet in sender.known():
                if outlet not in engines:
                    engines[outlet] = Engine(outlet)
                    tasks.create_task(run(engines[outlet]), name=f"{outlet.name} in an application")
            if not engines:
                return
            for engine in engines.values():
                engine.bell.set()
            await loop.bell.wait()


def _say(_: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Put what asyncio would log under its own name, which may be a circle, under ours."""
    error = context.get("exception")
    _log.warning("%s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)
