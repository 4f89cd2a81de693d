"""What a stack trace consists of, whatever the language. Pure."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

LED_TO: Final = "which led to:"
HOW_MANY_INSIDE: Final = re.compile(r" \(\d+ sub-exceptions?\)\Z")
"""How the message of an exception group ends."""
PACKAGES: Final = re.compile(r"(?:site-packages|dist-packages|node_modules|pkg[/\\]mod)[/\\](.+)")


class Kind(Enum):
    """What a part of a trace is."""

    ERROR = auto()
    APPLICATION = auto()
    LIBRARY = auto()
    MESSAGE = auto()
    """A further line of what an error says, or a note that was added to it."""
    LINK = auto()
    """Joins two errors: the upper led to the lower."""
    NOTE = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """One or more lines of a trace that stand or fall together."""

    kind: Kind
    text: str
    library: str = ""
    location: str = ""
    """``cart/totals.py:118 in add_tax`` of a frame."""
    depth: int = 0
    """How many exception groups it is inside of."""


def short_path(path: str, segments: int) -> str:
    """Return the last segments of a path: ``cart/totals.py``."""
    path = path.removeprefix("file://").split("?", 1)[0] if "://" in path[:16] else path
    parts = path.replace("\\", "/").split("/")
    return "/".join(parts[-segments:]) if len(parts) > segments else path


def first_segment(path: str) -> str:
    """Return the first segment of a path, without ``.py``."""
    return path.replace("\\", "/").split("/", 1)[0].removesuffix(".py")
