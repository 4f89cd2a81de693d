"""A kill at every place by which a run comes: while it is made, ended, cleaned up after, and found again at a start.

A case is a scene at one of its places, with what follows: the request is repeated or not, and the storage is kept or
empty. Then there is one channel and one webhook, or none, and nothing else has changed.
"""

import ast
import asyncio
import signal
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import orjson

from otel_discord.extensions import run_channels
from otel_discord.extensions.run_channels.life import Step
from otel_discord.testing.fake_discord import FakeDiscord, serve_fake_discord
from tests.kills.run_lives import Cradle, Lived
from tests.kills.run_town import Town

AGENT: Final = "DiscordBot (https://example.org/otel-discord, 0)"
WAYS: Final = ("channel", "channel by webhook", "thread", "forum_post")
"""Where a run is placed, and who posts its header."""


@dataclass(frozen=True, slots=True)
class Life:
    """One life before that in which the kill comes, or that one itself."""

    asks: tuple[str, ...] = ()
    hours: float = 0.0
    """How late it is."""
    killed_at: str = ""
    forgets: bool = False
    """It begins with an empty storage."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Lives, in the last of which the kill comes at one of ``places``."""

    name: str
    lives: tuple[Life, ...]
    places: tuple[str, ...]
    ways: tuple[str, ...] = WAYS
    retention_hours: int = 2
    ends: str = ""
    """In which state the run is in the end if nothing is asked any more, "" if there is none; with a ``?``: or none."""
    repeats: str = ""
    """What can be asked again."""


def of(*steps: str) -> tuple[str, ...]:
    """Return the places of these steps."""
    return tuple(f"runs.{step}.{where}" for step in steps for where in ("before", "done", "stored"))


_CHANNELS: Final = WAYS[:2]
_THREADS: Final = WAYS[2:]
_ENDING: Final = (Step.DRAIN, Step.DELETE_WEBHOOK, Step.TELL_OUTCOME, Step.ARCHIVE)
_CLEANING: Final = (Step.DELETE_CHANNEL, Step.FORGET)
_MAKING: Final = tuple(step for step in Step if step not in (*_ENDING, *_CLEANING))
"""A step that is new is played here until it is named above."""
_END: Final = Life(("create", "finalize"))
SCENES: Final = (
    Scene(
        "create",
        (Life(("create",)),),
        ("runs.intent.before", "runs.intent.stored", *of(*_MAKING)),
        ends="running?",
        repeats="create",
    ),
    Scene("create", (Life(("create",)),), ("runs.category.made",), _CHANNELS, ends="running?", repeats="create"),
    Scene("finalize", (_END,), ("runs.finalize.before",), ends="running", repeats="finalize"),
    Scene(
        "finalize",
        (_END,),
        ("runs.finalize.stored", *of(Step.DRAIN, Step.TELL_OUTCOME, Step.ARCHIVE)),
        ends="archived",
        repeats="finalize",
    ),
    Scene(
        "finalize",
        (_END,),
        ("runs.category.made:2", *of(Step.DELETE_WEBHOOK)),
        _CHANNELS,
        ends="archived",
        repeats="finalize",
    ),
    Scene(
        "finalize, nothing kept",
        (_END,),
        ("runs.finalize.stored", *of(Step.DRAIN, Step.DELETE_CHANNEL)),
        retention_hours=0,
        repeats="finalize",
    ),
    Scene("finalize, nothing kept", (_END,), of(Step.DELETE_WEBHOOK), _CHANNELS, retention_hours=0, repeats="finalize"),
    Scene("retention", (_END, Life(hours=3)), of(Step.DELETE_CHANNEL), repeats="finalize"),
    Scene(
        "never finalized", (Life(("create",)), Life(hours=3)), of(Step.DRAIN, Step.DELETE_CHANNEL), repeats="finalize"
    ),
    Scene(
        "never finalized", (Life(("create",)), Life(hours=3)), of(Step.DELETE_WEBHOOK), _CHANNELS, repeats="finalize"
    ),
    Scene(
        "forgotten",
        (_END, Life(hours=3), Life(hours=240)),
        ("runs.forget.before", "runs.forget.stored"),
        repeats="finalize",
    ),
    Scene(
        "start",
        (Life(("create",)), Life()),
        ("runs.reconcile.before", "runs.reconcile.done"),
        ends="running",
        repeats="create",
    ),
    Scene(
        "start of an intent",
        (Life(("create",), killed_at="runs.intent.stored"), Life()),
        ("runs.drop.before", "runs.drop.stored"),
        repeats="create",
    ),
    Scene(
        "start of a channel",
        (Life(("create",), killed_at="runs.create_channel.done"), Life()),
        ("runs.take_up.before", "runs.take_up.stored"),
        (*_CHANNELS, "forum_post"),
        ends="running",
        repeats="create",
    ),
    Scene(
        "start of a thread",
        (Life(("create",), killed_at="runs.create_channel.done"), Life()),
        ("runs.take_up.before", "runs.take_up.stored"),
        ("thread",),
        ends="running",
        repeats="create",
    ),
    Scene(
        "start, empty",
        (Life(("create",)), Life(forgets=True)),
        ("runs.adopt.before", "runs.adopt.stored"),
        ends="running",
        repeats="create",
    ),
    Scene(
        "start of an end, empty",
        (Life(("create", "finalize"), killed_at="runs.archive.before"), Life(forgets=True)),
        ("runs.adopt.before", "runs.adopt.stored"),
        _CHANNELS,
        ends="archived",
        repeats="finalize",
    ),
    Scene(
        "start of an end, empty",
        (_END, Life(forgets=True)),
        ("runs.adopt.before", "runs.adopt.stored"),
        _THREADS,
        ends="archived",
        repeats="finalize",
    ),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One kill, and what follows."""

    scene: Scene
    place: str
    way: str
    repeats: bool
    forgets: bool

    def __str__(self) -> str:
        then = f"{'asked again' if self.repeats else 'not asked again'}, {'empty' if self.forgets else 'kept'} storage"
        return f"{self.place} ({self.scene.name}), {self.way}, {then}"


def cases() -> list[Case]:
    """Return all of them."""
    return [
        Case(scene, place, way, repeats, forgets)
        for scene in SCENES
        for place, way, repeats, forgets in product(scene.places, scene.ways, (True, False), (False, True))
    ]


def one_for_each_place() -> list[Case]:
    """Return one case for each place of each scene, always the same one."""
    chosen: dict[tuple[str, str], Case] = {}
    for case in cases():
        key = (case.scene.name, case.place)
        if key not in chosen or _lot(case) < _lot(chosen[key]):
            chosen[key] = case
    return list(chosen.values())


def _lot(case: Case) -> int:
    return zlib.crc32(str(case).encode())


@cache
def places() -> frozenset[str]:
    """Return every place that the code of the extension names."""
    found = {f"runs.{step}.{where}" for step in Step for where in ("before", "done", "stored")} - {"runs.forget.done"}
    for path in Path(run_channels.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint.reach":
                name = node.args[0]
                if isinstance(name, ast.Constant):
                    found.add(str(name.value))
                else:
                    assert ast.unparse(name).startswith("f'runs.{step}."), ast.unparse(name)
    return frozenset(found)


# ------------------------------------------------------------------------------------------- how a case is played


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
