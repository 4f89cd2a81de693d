"""FakeDiscord in this process, served by a thread of its own: what it holds, and what it shows, is at hand."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from otel_discord.testing.fake_discord.state import FakeMessage
from tests.end_to_end.processes import StandIn


@dataclass(slots=True)
class Served(StandIn):
    """A stand-in whose fake can be looked into."""

    fake: FakeDiscord

    def titled(self, name: str) -> list[FakeMessage]:
        """Return the messages about an alert, in the order in which they came."""
        return [
            message
            for message in list(self.fake.messages)
            if any(f" {name}: " in embed.get("title", "") for embed in message.embeds)
        ]

    def came(self, method: str) -> int:
        """Return how many requests of a method have come here, answered or not."""
        return sum(1 for each in list(self.fake.exchanges) if each.method == method)


@contextmanager
def served() -> Iterator[Served]:
    """Serve a fake with one webhook and no rate limits."""
    fake = FakeDiscord("unlimited")
    webhook = fake.add_webhook()
    ready, over = threading.Event(), threading.Event()
    found: list[Any] = []

    async def serve() -> None:
        async with serve_fake_discord(fake) as server:
            found.append(server)
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="FakeDiscord")
    thread.start()
    try:
        assert ready.wait(10)
        (server,) = found
        yield Served([server.webhook_url(webhook)], server.base_url, fake)
    finally:
        over.set()
        thread.join(20)
