"""What an application goes through: how many errors of how many problems, how quickly, and what Discord does meanwhile.

Standard library only: children in the environments of the peers read it too.
"""

from dataclasses import dataclass
from typing import Final

FIRST_NUMBER: Final = 70_000
"""The number in the first record; each has one of its own."""

_VERBS: Final = ("charge", "reserve", "ship", "index", "resize", "publish", "archive", "import", "merge", "sync")
_NOUNS: Final = ("invoice", "parcel", "thumbnail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What Discord does from ``from_s`` after the first record, for ``seconds``: ``429``, ``500`` or ``away``."""

    kind: str
    from_s: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One trial. ``every_s``: between two records, 0 is a burst. ``cut_s``: nobody waits longer, from the first record.

    ``settled_s``: for so long nothing more may come once all is there; what comes is a repeat. ``ends``: the process
    that holds the records is asked to end right after the last one.
    """

    name: str
    title: str
    records: int
    problems: int
    every_s: float = 0.0
    trouble: Trouble | None = None
    ends: bool = False
    cut_s: float
    settled_s: float = 3.0


def _troubled(kind: str, title: str) -> Scenario:
    return Scenario(
        name=f"trouble.{kind}",
        title=f"24 errors of 12 problems, one every 2 s; {title} from 16 s to 36 s",
        records=24,
        problems=12,
        every_s=2.0,
        trouble=Trouble(kind=kind, from_s=16.0, seconds=20.0),
        cut_s=90.0,
    )


BURST: Final = Scenario(name="burst", title="A burst of 60 errors of 20 problems", records=60, problems=20, cut_s=75.0)
STREAM: Final = Scenario(
    name="stream",
    title="1,000 errors of 5 problems in 10 s",
    records=1000,
    problems=5,
    every_s=0.01,
    cut_s=60.0,
)
ENDS: Final = Scenario(
    name="ends",
    title="The same burst, and the process is asked to end right after the last error",
    records=60,
    problems=20,
    ends=True,
    cut_s=75.0,
)
TROUBLES: Final = (
    _troubled("429", "Discord answers 429"),
    _troubled("500", "Discord answers 500"),
    _troubled("away", "Discord refuses connections"),
)
ALL: Final = (BURST, STREAM, *TROUBLES, ENDS)
TINY: Final = Scenario(
    name="tiny", title="Four errors of two problems", records=4, problems=2, cut_s=10.0, settled_s=0.3
)
BY_NAME: Final = {scenario.name: scenario for scenario in (*ALL, TINY)}


def problem(number: int) -> str:
    """Return the words that only records of this problem (0 to 29) have."""
    return f"cannot {_VERBS[number % len(_VERBS)]} {_NOUNS[number // len(_VERBS)]}"


def texts(scenario: Scenario) -> list[str]:
    """Return what the records say, in order: problems take turns, each record has a number of its own."""
    return [
        f"{problem(place % scenario.problems)} {FIRST_NUMBER + place}: timeout" for place in range(scenario.records)
    ]
