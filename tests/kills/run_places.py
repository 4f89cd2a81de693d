"""Plays a kill at a place by which a run comes: then there is one channel and one webhook, or none, and nothing else
has changed.
"""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import orjson

from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from tests.kills.run_lives import Cradle, Lived
from tests.kills.run_scenes import Case, Life
from tests.kills.run_town import Town

AGENT: Final = "DiscordBot (https://example.org/otel-discord, 0)"


@dataclass(slots=True)
class Served:
    """A FakeDiscord on a port, served by a thread of its own."""

    fake: FakeDiscord
    endpoint: str


@contextmanager
def served() -> Iterator[Served]:
    """Serve one without limits, in which every case has a guild of its own."""
    fake = FakeDiscord("unlimited")
    ready, over = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with serve_fake_discord(fake) as server:
            found.append(server.endpoint)
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="FakeDiscord")
    thread.start()
    try:
        assert ready.wait(10)
        yield Served(fake, found[0])
    finally:
        over.set()
        thread.join(20)


class Play:
    """A case being played."""

    def __init__(self, case: Case, discord: Served, cradle: Cradle, directory: Path) -> None:
        self.case = case
        self._cradle = cradle
        self._directory = directory
        self._storages = 0
        self.channel_id = ""
        placement, _, by_webhook = case.way.partition(" ")
        self.town = Town(discord.fake, placement, not by_webhook)
        self._keys = self.town.keys() | {
            "endpoint": "127.0.0.1:0",
            "discord_endpoint": discord.endpoint,
            "allow_insecure_endpoint": True,
            "storage": "file_storage",
        }

    def live(self, life: Life, failpoint: str = "") -> Lived:
        """Play one life.

        Raises:
            AssertionError: it was not killed where it was to be, or was, or was refused something.
        """
        self._storages += life.forgets
        failpoint = failpoint or life.killed_at
        lived = self._cradle.live(
            {
                "run_channels": self._keys,
                "directory": str(self._directory / f"storage-{self._storages}"),
                "hours": life.hours,
                "failpoint": failpoint,
                "asks": life.asks,
                "channel_id": self.channel_id or "111111111111111111",
                "request": {
                    "taskId": "build-42",
                    "attempt": 1,
                    "shortId": "ab12",
                    "guildId": self.town.guild.id,
                    "retentionHours": self.case.scene.retention_hours,
                },
            }
        )
        killed = -signal.SIGKILL if failpoint else 0
        assert lived.code == killed, f"it ended with {lived.code}, not {killed}"
        for answer in lived.answers:
            assert answer["status"] in (200, 201, 202), answer
            self.channel_id = answer["body"].get("channelId") or self.channel_id
        places = self.town.places()
        if places:
            self.channel_id = places[0].id
        return lived

    def play(self) -> None:
        """Play it.

        Raises:
            AssertionError: something is not as it must be.
        """
        case = self.case
        for life in case.scene.lives[:-1]:
            self.live(life)
        last = case.scene.lives[-1]
        self.live(last, case.place)
        was_live = self._is_live()
        asks = (case.scene.repeats,) if case.repeats else ()
        lived = self.live(Life(asks, last.hours, forgets=case.forgets))
        self._check(lived, was_live=was_live)

    def _is_live(self) -> bool:
        places = self.town.places()
        return bool(self.town.hooks()) and len(places) == 1 and not self.town.is_ended(places[0])

    def _check(self, lived: Lived, *, was_live: bool) -> None:
        assert lived.runs is not None
        states = [run["state"] for run in lived.runs if run["state"] != "cleaned"]
        if self._is_blank():
            assert not states
            self.town.check()  # it goes later, as tests on virtual time show
            return
        assert states in [[state] if state else [] for state in self._allowed(was_live=was_live)], states
        if not states:
            self.town.check_none()
        elif states == ["archived"]:
            self.town.check_ended()
        else:
            place = self.town.check_live()
            for answer in lived.answers:
                assert answer["body"]["channelId"] == place.id
                self._check_telemetry(answer["body"]["webhookUrl"], place.id)

    def _allowed(self, *, was_live: bool) -> set[str]:
        """Return the states in which the run may be in the end; "" where there is none any more."""
        case = self.case
        ends = case.scene.ends
        if case.repeats:
            if case.scene.repeats == "create":
                return {"running"}
            return {"archived"} if ends != "" else {""}
        allowed = {ends.removesuffix("?")} | ({""} if ends.endswith("?") else set())
        # Only the storage had known that it was to end, where its webhook, or its open thread, was still there.
        if case.forgets and was_live and case.scene.repeats == "finalize" and not self._is_late():
            allowed.add("running")
        return allowed

    def _is_late(self) -> bool:
        return self.case.scene.lives[-1].hours > 0

    def _is_blank(self) -> bool:
        """Say whether what is left is a thread without the mark by which a service without a storage would know it."""
        case, places = self.case, self.town.places()
        is_thread = case.way == "thread" and case.forgets and not case.repeats
        return is_thread and len(places) == 1 and not self.town.fake.messages_in(places[0].id)

    def _check_telemetry(self, url: str, channel_id: str) -> None:
        join = "&" if "?" in url else "?"
        body = orjson.dumps({"content": "telemetry", "allowed_mentions": {"parse": []}})
        headers = {"Content-Type": "application/json", "User-Agent": AGENT}
        request = Request(f"{url}{join}wait=true", data=body, headers=headers, method="POST")
        with urlopen(request, timeout=10) as answer:
            message: dict[str, Any] = orjson.loads(answer.read())
        assert message["channel_id"] == channel_id
