"""FakeDiscord as a process of its own, and what has arrived there."""

import json
import os
import re
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.interop.processes import READY_S, Child, eventually, running

ARRIVAL_S = 30.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_MARKER = re.compile(r"\b([a-z]+\d) n(\d{4})\b")
_ESCAPE = re.compile(r"\\([^a-zA-Z0-9\s])")


@dataclass(frozen=True)
class Shown:
    """One embed as a reader sees it."""

    stream: str
    number: int
    text: str
    """Title and description."""
    fields: dict[str, str]


class FarEnd:
    """Asks the process what arrived."""

    def __init__(self, child: Child, webhook_urls: list[str]) -> None:
        self._child = child
        self.webhook_urls = webhook_urls
        self.base_url = webhook_urls[0].partition("/api/")[0]

    def ask(self, what: str) -> Any:
        with _DIRECT.open(f"{self.base_url}/_fake/{what}", timeout=READY_S) as answer:
            return json.load(answer)

    def shown(self, webhook_url: str) -> list[Shown]:
        """Return the embeds of one webhook, in the order in which they arrived."""
        webhook_id = webhook_url.split("/")[-2]
        embeds = [
            embed for each in self.ask("messages") if each["webhook_id"] == webhook_id for embed in each["embeds"]
        ]
        return [_read(embed) for embed in embeds]

    def wait_for(self, count: int) -> None:
        """Wait until so many embeds have arrived, over all webhooks."""

        def arrived() -> int:
            return sum(len(each["embeds"]) for each in self.ask("messages"))

        eventually(lambda: arrived() >= count, ARRIVAL_S, lambda: f"{arrived()} of {count} embeds: {self.ask('stats')}")

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Stop the process: connections are open, and nothing is answered."""
        os.kill(self._child.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._child.process.pid, signal.SIGCONT)


def _read(embed: dict[str, Any]) -> Shown:
    text = as_read("\n".join([embed.get("title") or "", embed.get("description") or ""]))
    markers = set(_MARKER.findall(text))
    assert len(markers) == 1, f"one record in each embed, but {markers} in {embed}"
    ((stream, number),) = markers
    fields = {field["name"]: field["value"] for field in embed.get("fields", ())}
    return Shown(stream, int(number), text, fields)


def as_read(text: str) -> str:
    """Return what Discord shows of a text: without the backslashes that keep it from being Markdown."""
    return _ESCAPE.sub(r"\1", text)


@contextmanager
def running_far_end(folder: Path, *, webhooks: int = 2) -> Iterator[FarEnd]:
    command = [sys.executable, "-m", "otel_discord.testing.fake_discord", "--profile", "unlimited"]
    with running([*command, "--webhooks", str(webhooks)], folder, "fake-discord") as child:
        lines = child.wait_for("ready").split("\n")
        yield FarEnd(child, [line for line in lines if "/webhooks/" in line])
