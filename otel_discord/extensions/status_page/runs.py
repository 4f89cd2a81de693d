"""The runs that extensions have channels for, as the page shows them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from otel_discord.component import Component
from otel_discord.component.watched_runs import ShownRun, ShowsRuns

MOST: Final = 50
_MOST_CHARS: Final = 200


def runs_shown(components: Mapping[str, Component], redact: Callable[[str], str]) -> Sequence[ShownRun] | None:
    """Return the runs; None where nobody makes channels for any."""
    makers = [component for component in components.values() if isinstance(component, ShowsRuns)]
    if not makers:
        return None

    def clean(text: str) -> str:
        return redact(text)[:_MOST_CHARS]

    return [
        replace(each, name=clean(each.name), outcome=clean(each.outcome), last_step=clean(each.last_step))
        for maker in makers
        for each in _told(maker)
    ]


def _told(maker: ShowsRuns) -> Sequence[ShownRun]:
    try:
        return maker.shown_runs(MOST)
    except Exception:  # noqa: BLE001 - whatever fails there, the rest of the page is shown
        return []
