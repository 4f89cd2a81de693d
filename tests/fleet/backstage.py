"""FakeDiscord and the replicas' ways to the database, on an event loop that a thread of its own runs."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from otel_discord.testing.fake_discord import FakeDiscord, FakeDiscordServer, serve_fake_discord
from tests.fleet.way import Way

T = TypeVar("T")
_DEADLINE_S = 20.0


@dataclass(slots=True)
class Backstage:
    """What is asked and changed from other threads."""

    fake: FakeDiscord
    server: FakeDiscordServer
    ways: list[Way]
    _loop: asyncio.AbstractEventLoop

    def ask(self, act: Callable[[], T]) -> T:
        """Do something on the loop, where nothing changes meanwhile, and return its result."""

        async def acted() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(acted(), self._loop).result(_DEADLINE_S)


@contextmanager
def backstage(fake: FakeDiscord, database_port: int, ways: int) -> Iterator[Backstage]:
    """Serve a fake, and open so many ways to the database."""
    ready = threading.Event()
    found: list[Backstage] = []
    over: list[Callable[[], object]] = []

    async def serve() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(serve_fake_discord(fake))
            opened = [Way(database_port) for _ in range(ways)]
            for each in opened:
                await stack.enter_async_context(each.opened())
            found.append(Backstage(fake, server, opened, loop))
            over.append(lambda: loop.call_soon_threadsafe(ended.set))
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="backstage")
    thread.start()
    try:
        assert ready.wait(_DEADLINE_S), "nothing is served"
        yield found[0]
    finally:
        for end in over:
            end()
        thread.join(_DEADLINE_S)
