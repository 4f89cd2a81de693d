"""Many FakeDiscords in one process, each with Discord's usual limits, an address and troubles of its own.

``python -m benchmarks.peers.stand_in`` prints ``control URL``. ``POST /new`` gives a number and a webhook's URL;
``POST /trouble/N?kind=429&from_s=16&seconds=20`` announces a trouble; ``GET /told/N`` says what is in the channel.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from otel_discord.testing.fake_discord.fault_shapes import SERVER_ERRORS
from otel_discord.testing.fake_discord.faults import Answer, Fault, posts
from otel_discord.testing.fake_discord.server import FakeDiscordServer

_REFRESH_S: Final = 0.5
"""How often the rest of a 429 is told anew."""


@dataclass(frozen=True, slots=True)
class Told:
    """One of the Discords."""

    fake: FakeDiscord
    server: FakeDiscordServer

    def state(self) -> dict[str, Any]:
        """Return what ``counting`` counts."""
        shown = sorted(self.fake.messages, key=lambda message: message.arrived_at_s)
        journal = [entry for entry in self.fake.journal if entry.kind in {"created", "edited"}]
        return {
            "messages": [{"texts": list(each.texts()), "embeds": list(each.embeds)} for each in shown],
            "changed_s": [entry.at_s for entry in journal],
            "edits": sum(entry.kind == "edited" for entry in journal),
            "rate_limited": sum(each.status == 429 for each in self.fake.exchanges),
        }


async def _away(told: Told, seconds: float) -> None:
    await told.server.stop_listening()
    await asyncio.sleep(seconds)
    await told.server.listen_again()


async def _errors(told: Told, seconds: float) -> None:
    told.fake.faults.add(Fault(SERVER_ERRORS["500_json"], times=float("inf")))
    await asyncio.sleep(seconds)
    told.fake.faults.clear()


async def _limited(told: Told, seconds: float) -> None:
    """Answer 429 to each message, with the true rest of the wait."""
    left_s = seconds
    while left_s > 0:
        told.fake.faults.clear()
        headers = {"Via": "1.1 google", "X-RateLimit-Scope": "user", "Retry-After": str(max(1, round(left_s)))}
        body = {"message": "You are being rate limited.", "retry_after": round(left_s, 3), "global": False}
        told.fake.faults.add(Fault(Answer(429, body, headers), match=posts, times=float("inf")))
        await asyncio.sleep(min(_REFRESH_S, left_s))
        left_s -= _REFRESH_S
    told.fake.faults.clear()


_TROUBLES: Final[dict[str, Callable[[Told, float], Coroutine[Any, Any, None]]]] = {
    "away": _away,
    "500": _errors,
    "429": _limited,
}


async def _serve() -> None:
    discords: list[Told] = []
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as troubles:

        async def new(_: web.Request) -> web.Response:
            fake = FakeDiscord("default", started=datetime.now(UTC))
            webhook = fake.add_webhook()
            server = await stack.enter_async_context(serve_fake_discord(fake))
            discords.append(Told(fake, server))
            return web.json_response({"number": len(discords) - 1, "webhook_url": server.webhook_url(webhook)})

        async def trouble(request: web.Request) -> web.Response:
            told, query = discords[int(request.match_info["number"])], request.query

            async def later() -> None:
                await asyncio.sleep(float(query["from_s"]))
                await _TROUBLES[query["kind"]](told, float(query["seconds"]))

            troubles.create_task(later())
            return web.Response(status=204)

        async def state(request: web.Request) -> web.Response:
            return web.json_response(discords[int(request.match_info["number"])].state())

        control = web.Application()
        control.add_routes(
            [web.post("/new", new), web.post("/trouble/{number}", trouble), web.get("/told/{number}", state)]
        )
        runner = web.AppRunner(control, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"control http://127.0.0.1:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()  # until it is terminated


if __name__ == "__main__":
    asyncio.run(_serve())
