"""Where FakeDiscord differs from Discord: the corpus sent to both, status and codes compared. Opt-in, a real webhook.

What Discord accepts is deleted again. About a hundred requests at 5 in 10 s, so it takes some minutes.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport
from otel_discord.testing.fake_discord.corpus import EDGES, Edge
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.fake import FakeDiscord

_PAUSE_S: Final = 2.1
_AGENT: Final = {"User-Agent": "DiscordBot (https://example.invalid, 1.0)"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One body that both answered differently: ``(status, code, paths of errors)`` each."""

    edge: str
    side: str
    fake: tuple[int, int, tuple[str, ...]]
    live: tuple[int, int, tuple[str, ...]]


async def compare_with_live(
    transport: Transport, webhook_url: str, *, edges: Sequence[Edge] = EDGES, pause_s: float = _PAUSE_S
) -> list[Difference]:
    """Return what differs. ``webhook_url`` is versioned (``…/api/v10/webhooks/…``); it is used as it is.

    Raises:
        TransportError: no answer came.
    """
    fake = FakeDiscord("unlimited")
    hook = fake.add_webhook()
    found: list[Difference] = []
    for edge in edges:
        for side, body in (("inside", edge.inside), ("outside", edge.outside)):
            whole: dict[str, Any] = {"allowed_mentions": {"parse": []}} | body
            expected = fake.handle(FakeRequest.of("POST", f"{hook.url}?wait=true", json_body=whole))
            answer = await _post(transport, webhook_url, whole)
            ours, theirs = _verdict(expected.status, expected.body), _verdict(answer.status, answer.body)
            if ours != theirs:
                found.append(Difference(str(edge), side, ours, theirs))
            if answer.status == 200:
                await asyncio.sleep(pause_s)
                url = f"{webhook_url}/messages/{json.loads(answer.body)['id']}"
                await transport.send(HttpRequest(method="DELETE", url=url, headers=_AGENT))
            await asyncio.sleep(pause_s)
    return found


async def _post(transport: Transport, url: str, body: dict[str, Any]) -> HttpResponse:
    while True:
        answer = await transport.send(HttpRequest(method="POST", url=f"{url}?wait=true", headers=_AGENT, json=body))
        if answer.status != 429:
            return answer
        await asyncio.sleep(float(answer.headers.get("retry-after", "60")))


def _verdict(status: int, body: bytes) -> tuple[int, int, tuple[str, ...]]:
    try:
        answer = json.loads(body)
    except ValueError:
        return status, 0, ()
    return status, int(answer.get("code") or 0), tuple(sorted(_paths(answer.get("errors") or {}, "")))


def _paths(tree: dict[str, Any], path: str) -> Iterator[str]:
    for key, node in tree.items():
        if key == "_errors":
            yield from (f"{path}[{error.get('code')}]" for error in node)
        elif isinstance(node, dict):
            yield from _paths(node, f"{path}.{key}" if path else key)
