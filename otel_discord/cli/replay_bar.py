"""The progress bar of a replay, on stderr."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def replay_bar(console: Console | None = None) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Show a bar for each exporter as long as the block runs; yields what is to be called with each state."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console or Console(stderr=True)) as progress:
        bars: dict[str, Any] = {}

        def hear(state: Mapping[str, Any]) -> None:
            exporter = state["exporter"]
            if exporter not in bars:
                bars[exporter] = progress.add_task(exporter, said="")
            said = f"{state['dead_again']:,} dead again" if state["dead_again"] else ""
            ended = state["delivered"] + state["dead_again"]
            progress.update(bars[exporter], completed=ended, total=max(state["revived"], ended), said=said)

        yield hear
