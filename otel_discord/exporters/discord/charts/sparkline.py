"""A series in a line of text, for where no picture can be drawn: ``▁▁▂▃▅▇█▇▅ 80 to 1,410 in 10 m``. Pure."""

import math
from typing import Final

from otel_discord.exporters.discord.charts.points import LARGEST, Point, finite, in_order, usual_step_ns
from otel_discord.exporters.discord.charts.time_axis import NS
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.signals.alert_threshold import parse_condition
from otel_discord.templating.quantities import is_said_in_percent, show
from otel_discord.templating.wording import duration

WIDTH: Final = 24
BLOCKS: Final = "▁▂▃▄▅▆▇█"
GAP: Final = "·"


def sparkline(event: AlertEvent, width: int = WIDTH) -> str:
    """Return an alert's series as blocks and words; "" where it has not at least two points in time.

    The blocks show for each stretch of time its worst value, the lowest where the threshold is a lower one.
    """
    series = in_order(event.series)
    known = finite(series)
    if len({at_ns for at_ns, _ in known}) < 2:
        return ""
    looks_down = in_percent = False
    try:
        condition = parse_condition(event.threshold)
        looks_down, in_percent = condition.looks_down, condition.in_percent
    except ValueError:
        pass  # no comparison, such as "no data for 5m"
    as_percent = is_said_in_percent(event.unit, event.metric, written_in_percent=in_percent)
    low, high = (
        show(extreme(value for _, value in known), event.unit, as_percent=as_percent) for extreme in (min, max)
    )
    said = low if low == high else f"{low} to {high}"
    length = duration(max(1, round((known[-1][0] - known[0][0]) / NS)))
    return f"{blocks(series, width, worst_is_low=looks_down)} {said} in {length}"


def blocks(series: list[Point], width: int = WIDTH, *, worst_is_low: bool = False) -> str:
    """Return at most ``width`` blocks for an ordered series, :data:`GAP` for times without a value."""
    known = finite(series)
    if not known or width < 1:
        return ""
    low = max(-LARGEST, min(value for _, value in known))
    high = min(LARGEST, max(value for _, value in known))
    columns: dict[int, float] = {}
    first_ns, length_ns = known[0][0], known[-1][0] - known[0][0]
    count = _columns(series, length_ns, width)
    for at_ns, value in series:
        if math.isnan(value) or not first_ns <= at_ns <= known[-1][0]:
            continue
        # the first and the last point are in the middles of the first and the last column
        column = ((at_ns - first_ns) * (count - 1) * 2 + length_ns) // (length_ns * 2) if length_ns else 0
        worse = min if worst_is_low else max
        columns[column] = worse(columns.get(column, value), value)
    return "".join(_block(columns[at], low, high) if at in columns else GAP for at in range(count))


def _columns(series: list[Point], length_ns: int, width: int) -> int:
    """Return how many columns: one for each point of the usual distance, as far as there is room."""
    step_ns = usual_step_ns(series)
    return max(1, min(width, round(length_ns / step_ns) + 1)) if step_ns else 1


def _block(value: float, low: float, high: float) -> str:
    height = high / 2 - low / 2
    if height <= 0:
        return BLOCKS[len(BLOCKS) // 2 - 1] if value == low else BLOCKS[-1 if value > low else 0]
    share = (min(max(value, low), high) / 2 - low / 2) / height
    return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]
