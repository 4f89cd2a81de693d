"""What ``top`` shows of pipelines and queues. Pure."""

from typing import Final

from rich.text import Text

from otel_discord.cli.top_grid import Column, Row, grid
from otel_discord.cli.top_rates import Overview, pipeline_rates
from otel_discord.cli.top_styles import BAD, NAME, WIDE, alarming
from otel_discord.cli.top_words import count, rate, share, span

BAR_CELLS: Final = 10
FILLING: Final = 0.5
FULL: Final = 0.8


def pipelines(now: Overview, before: Overview | None, width: int) -> list[Text]:
    """Return a line for each pipeline with what passes it each second."""
    columns = [
        Column("PIPELINE", gives_way=True),
        Column("way", gives_way=True),
        Column("in/s", right=True),
        Column("refused/s", right=True),
        Column("filtered/s", right=True, from_width=WIDE),
        Column("out/s", right=True),
        Column("failed/s", right=True),
    ]
    rows: list[Row] = []
    for pipeline in now["pipelines"]:
        rates = pipeline_rates(pipeline, before, now)
        rows.append(
            [
                (str(pipeline), NAME),
                way(pipeline, now),
                rate(rates.in_per_s),
                alarming(rate(rates.refused_per_s), rates.refused_per_s),
                rate(rates.filtered_per_s),
                rate(rates.out_per_s),
                alarming(rate(rates.failed_per_s), rates.failed_per_s),
            ]
        )
    return grid(columns, rows, width)


def way(pipeline: str, now: Overview) -> str:
    """Return ``otlp → filter → discord, file``: where data comes from, each processor, where it goes."""
    wires = [each for each in now.get("wires", ()) if each["pipeline"] == pipeline]
    fed, feeding = {each["target"] for each in wires}, {each["source"] for each in wires}
    members = list(now["pipelines"][pipeline])
    steps = [
        [each for each in members if each not in fed],
        *([each] for each in members if each in fed and each in feeding),
        [each for each in members if each in fed and each not in feeding],
    ]
    names = (", ".join(each.partition(":")[2].partition("@")[0] for each in step) for step in steps if step)
    return " → ".join(names)


def queues(now: Overview, width: int) -> list[Text]:
    """Return a line for each sending queue; none where nothing has one."""
    columns = [
        Column("QUEUE", gives_way=True),
        Column(""),
        Column("size", right=True),
        Column("of", right=True),
        Column("full", right=True),
        Column("in flight", right=True),
        Column("oldest", right=True),
    ]
    rows: list[Row] = []
    for each in now["queues"]:
        full = each.get("size", 0) / each["capacity"] if each.get("capacity") else 0.0
        style = BAD if full >= FULL else "yellow" if full >= FILLING else ""
        rows.append(
            [
                (f"{each['exporter']} {each['signal']}", NAME),
                (_bar(full), style),
                count(each.get("size")),
                count(each.get("capacity")),
                (share(full), style),
                count(each.get("in_flight", 0)),
                span(each.get("oldest_waiting_s")),
            ]
        )
    return grid(columns, rows, width) if rows else []


def _bar(full: float) -> str:
    filled = min(BAR_CELLS, max(1 if full > 0 else 0, round(full * BAR_CELLS)))
    return "█" * filled + "░" * (BAR_CELLS - filled)
