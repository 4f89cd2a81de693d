"""Applications as processes, and a stand-in for Discord in this one, so that every message can be looked at."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otel_discord.testing.fake_discord import (
    FakeDiscord,
    FakeDiscordServer,
    FakeWebhook,
    records_shown,
    serve_fake_discord,
)

DEADLINE_S = 40.0
_WITHOUT_FRAMEWORKS = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "fastapi,httpx"}
"""Instrumentations that other tests need; here they would only cost 0.3 s for each program."""
_NOT_INHERITED = ("OTEL_", "COV_", "COVERAGE", "PYTHONDONTWRITEBYTECODE")


@dataclass
class Discord:
    """A served FakeDiscord with one webhook, on a thread of its own."""

    fake: FakeDiscord
    server: FakeDiscordServer
    webhook: FakeWebhook
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return self.server.webhook_url(self.webhook)

    @property
    def settings(self) -> dict[str, str]:
        """The environment that points an application here; the webhook's URL is not in it."""
        return {
            "OTEL_EXPORTER_DISCORD_ENDPOINT": self.server.endpoint,
            "OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT": "true",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment that points an application here."""
        return {**self.settings, "OTEL_EXPORTER_DISCORD_WEBHOOK_URL": self.url}

    @property
    def records(self) -> int:
        """How many records its messages stand for."""
        return records_shown(self.fake.messages)

    @property
    def titles(self) -> list[str]:
        return [str(embed.get("title", "")) for message in self.fake.messages for embed in message.embeds]

    @property
    def text(self) -> str:
        return "\n".join(text for message in self.fake.messages for text in message.texts())

    def do(self, what: Callable[[], Awaitable[Any]]) -> Any:
        """Run a coroutine of the server on its loop."""

        async def run() -> Any:
            return await what()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def assert_clean(self) -> None:
        assert self.fake.count(429) == 0
        self.fake.assert_clean()


@contextmanager
def discord_served(profile: str = "default") -> Iterator[Discord]:
    """Serve a FakeDiscord as long as the block runs."""
    ready: list[Discord] = []
    is_ready, is_over = threading.Event(), threading.Event()

    async def serve() -> None:
        fake = FakeDiscord(profile)
        webhook = fake.add_webhook()
        async with serve_fake_discord(fake) as server:
            ready.append(Discord(fake, server, webhook, asyncio.get_running_loop()))
            is_ready.set()
            while not is_over.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="fake discord")
    thread.start()
    try:
        assert is_ready.wait(10)
        yield ready[0]
    finally:
        is_over.set()
        thread.join(10)


@dataclass(frozen=True)
class Ended:
    """An application that has ended."""

    code: int
    out: str
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def own_lines(self) -> list[str]:
        """What our own logger said to stderr."""
        return [line for line in self.out.splitlines() if "otel_discord" in line]


def run_application(
    directory: Path,
    code: str,
    environment: Mapping[str, str],
    *,
    command: Sequence[str] = (),
    deadline_s: float = DEADLINE_S,
    python: str = sys.executable,
) -> Ended:
    """Run a program to its end. ``figure("name", value)`` in it reports a number. ``command`` goes before Python."""
    path = directory / "app.py"
    path.write_text(_FIGURES + textwrap.dedent(code), encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(_NOT_INHERITED)}
    started_s = time.monotonic()
    done = subprocess.run(
        [*command, python, str(path)],
        cwd=directory,
        env={**clean, **_WITHOUT_FRAMEWORKS, **environment},
        capture_output=True,
        text=True,
        timeout=deadline_s,
        check=False,
    )
    seconds = time.monotonic() - started_s
    out = done.stdout + done.stderr
    figures = {
        name: float(value)
        for line in out.splitlines()
        if line.startswith("figure ")
        for _, name, value in [line.split()]
    }
    return Ended(done.returncode, out, seconds, figures)


_FIGURES = """\
def figure(name, value):
    print("figure", name, value, flush=True)
"""
