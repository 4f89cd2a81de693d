"""How a webhook's bucket counts: a short burst, and what the headers said. For FakeDiscord and, opt-in, for Discord."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport

PROBE_MESSAGES: Final = 6
_AGENT: Final = {"User-Agent": "DiscordBot (https://example.invalid, 1.0)"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer of the burst. ``reset_after_s`` depends on the network and is for the reader, not for comparison."""

    status: int
    limit: str
    remaining: str
    reset_after_s: str
    scope: str

    def counts(self) -> tuple[int, str, str, str]:
        """Return what is the same on every network."""
        return self.status, self.limit, self.remaining, self.scope


async def probe(transport: Transport, webhook_url: str, *, messages: int = PROBE_MESSAGES) -> Sequence[Seen]:
    """Post ``messages`` one after the other without a pause, then delete them; return what was seen.

    Stops at the first 429, so that a probe never adds to an address's bad record.

    Raises:
        TransportError: no answer came.
    """
    seen: list[Seen] = []
    created: list[str] = []
    for number in range(messages):
        body = {"content": f"rate-limit probe {number}", "allowed_mentions": {"parse": []}}
        url = f"{webhook_url}?wait=true"
        answer = await transport.send(HttpRequest(method="POST", url=url, headers=_AGENT, json=body))
        seen.append(_seen(answer))
        if answer.status != 200:
            break
        created.append(json.loads(answer.body)["id"])
    await asyncio.sleep(2.5)
    for message_id in created:
        url = f"{webhook_url}/messages/{message_id}"
        await transport.send(HttpRequest(method="DELETE", url=url, headers=_AGENT))
        await asyncio.sleep(1.0)
    return seen


def _seen(answer: HttpResponse) -> Seen:
    def header(name: str) -> str:
        return answer.headers.get(f"x-ratelimit-{name}", "")

    return Seen(answer.status, header("limit"), header("remaining"), header("reset-after"), header("scope"))
