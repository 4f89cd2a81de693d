"""Where records went and why, or why not, in sentences. Pure."""

from collections.abc import Iterator

from otel_discord.component.counted import counted
from otel_discord.component.preview import RecordWay
from otel_discord.service.preview.outcome import Outcome


def whereabouts(outcome: Outcome) -> Iterator[str]:
    """Yield what was taken where, once for each thing that happened."""
    for view in outcome.exporters:
        said: dict[str, int] = {}
        for way in view.ways:
            line = f"{view.exporter}: {_way(way)}"
            said[line] = said.get(line, 0) + 1
        for line, count in said.items():
            yield f"{counted(count, 'record')} {line}"
    for passage in outcome.passages:
        passed = "nothing" if not passage.passed else f"{passage.passed:,} of {passage.taken:,}"
        yield f"{passage.component} in {passage.pipeline} passed on {passed}"
    for name, items in outcome.others.items():
        yield f"{items:,} to {name}, which is not shown here"
    if outcome.pipelines and not outcome.messages:
        yield "no message"


def _way(way: RecordWay) -> str:
    by = f" by route {' and '.join(way.routes)}" if way.routes else ""
    why = f": {way.reason}" if way.reason else ""
    masked = f"; masked: {', '.join(way.masked)}" if way.masked else ""
    return f"to {', '.join(way.destinations) or 'nowhere'}{by}{why}{masked}"
