"""The axis of time: how long it is, and labels that count from the alert's start. Pure.

Times of the day would be those of one zone, and readers are in many; the message has them in each reader's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.exporters.discord.charts.points import Point
from otel_discord.exporters.discord.charts.shapes import Label, Mark, MarkKind
from otel_discord.templating.wording import duration

NS: Final = 1_000_000_000
_MOST_STEPS: Final = 5
_REACH: Final = 0.5
"""How much longer than the series the axis may be made, to show where the alert began or ended."""
_LETTER: Final = 0.018
"""The width of a letter, as a share of the width."""
_STEPS_S: Final = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800),
    *(604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000, 315_360_000, 3_153_600_000),
)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From ``first_ns`` at the left to ``last_ns`` at the right, which is later."""

    first_ns: int
    last_ns: int

    def share(self, at_ns: float) -> float:
        """Return where a moment is, 0 to 1; what is outside is at the edge."""
        return min(1.0, max(0.0, (at_ns - self.first_ns) / (self.last_ns - self.first_ns)))

    def holds(self, at_ns: int) -> bool:
        """Return whether a moment is on the axis."""
        return self.first_ns <= at_ns <= self.last_ns


def time_axis(series: Sequence[Point], started_ns: int, ended_ns: int) -> TimeAxis:
    """Return an axis for an ordered series, with the alert's start and end (0: not known) where they are near."""
    first_ns, last_ns = series[0][0], series[-1][0]
    reach_ns = round(_REACH * (last_ns - first_ns))
    for moment_ns in (started_ns, ended_ns):
        if moment_ns and series[0][0] - reach_ns <= moment_ns <= series[-1][0] + reach_ns:
            first_ns, last_ns = min(first_ns, moment_ns), max(last_ns, moment_ns)
    return TimeAxis(first_ns, last_ns) if last_ns > first_ns else TimeAxis(first_ns - NS, last_ns + NS)


def marks(axis: TimeAxis, started_ns: int, ended_ns: int) -> list[Mark]:
    """Return where the alert began and ended; the end says how long it was, and stands alone where both would touch."""
    found = []
    if started_ns and axis.holds(started_ns):
        found.append(Mark(axis.share(started_ns), MarkKind.START, "start"))
    if ended_ns and axis.holds(ended_ns):
        lasted = duration((ended_ns - started_ns) / NS) if 0 < started_ns < ended_ns else ""
        mark = Mark(axis.share(ended_ns), MarkKind.END, f"end +{lasted}" if lasted else "end")
        if found and _touch(found[0].at, found[0].text, mark.at, mark.text):
            found[0] = Mark(found[0].at, MarkKind.START, "")
        found.append(mark)
    return found


def time_labels(axis: TimeAxis, origin_ns: int, marked: Sequence[Mark]) -> list[Label]:
    """Return labels at whole steps before and after ``origin_ns``, which has none: the start's mark is there.

    Those that would touch one of a mark or leave the width are left out.
    """
    length_s = (axis.last_ns - axis.first_ns) / NS
    step_s = next((step for step in _STEPS_S if step * _MOST_STEPS >= length_s), 0)
    if not step_s:
        return []
    step_ns = step_s * NS
    taken = [(mark.at, mark.text) for mark in marked if mark.text]
    found: list[Label] = []
    first = -((origin_ns - axis.first_ns) // step_ns)
    counts = set(range(first, (axis.last_ns - origin_ns) // step_ns + 1)) - {0}
    for count in sorted(counts, key=lambda count: (abs(count), count)):
        at = axis.share(origin_ns + count * step_ns)
        text = _text(count * step_s)
        half = len(text) * _LETTER / 2
        if half <= at <= 1 - half / 2 and not any(_touch(at, text, *other) for other in taken):
            taken.append((at, text))
            found.append(Label(at, text))
    return sorted(found, key=lambda label: label.at)


def _text(seconds: int) -> str:
    return f"{'−' if seconds < 0 else '+'}{duration(abs(seconds))}"


def _touch(at: float, text: str, other_at: float, other: str) -> bool:
    """Return whether two labels, kept within the width, are less than two letters apart."""
    (left, right), (other_left, other_right) = sorted([_extent(at, text), _extent(other_at, other)])
    return other_left - right < 2 * _LETTER if (left, right) != (other_left, other_right) else True


def _extent(at: float, text: str) -> tuple[float, float]:
    width = len(text) * _LETTER
    left = min(max(0.0, at - width / 2), 1 - width)
    return left, left + width
