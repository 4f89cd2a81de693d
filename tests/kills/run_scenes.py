"""What a run comes by: the scenes in which it is killed, at which places, and what follows.

A case is a scene at one of its places, with what follows: the request is repeated or not, and the storage is kept or
empty.
"""

import ast
import zlib
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

from otel_discord.extensions import run_channels
from otel_discord.extensions.run_channels.life import Step

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
    """Return one case for each place, always the same one."""
    chosen: dict[str, Case] = {}
    for case in cases():
        if case.place not in chosen or _lot(case) < _lot(chosen[case.place]):
            chosen[case.place] = case
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
