"""The table of runs: what goes on in which channel. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.component.watched_runs import ShownRun
from otel_discord.extensions.status_page.pages.frame import empty, section, table
from otel_discord.extensions.status_page.pages.words import ago, badge, since, text

_HEADS: Final = ("Run", "State", "Steps", "Errors", "Age", "Channel goes")
_MOODS: Final = {"running": "good", "creating": "busy", "finishing": "busy", "cleaning": "busy"}


def runs_section(found: Sequence[ShownRun] | None, now_s: float) -> str:
    """Return the part of the page; "" where nobody makes channels for runs."""
    if found is None:
        return ""
    rows = [_row(index, each, now_s) for index, each in enumerate(found)]
    body = table("Runs", _HEADS, rows) if rows else empty("No run has a channel now.")
    return section("Runs", body, id_="runs")


def _row(index: int, run: ShownRun, now_s: float) -> str:
    last = f'<span class="small">{text(run.last_step)}</span>' if run.last_step else ""
    outcome = f'<span class="small">{text(run.outcome)}</span>' if run.outcome else ""
    errors = f'<span class="bad-text">{run.errors:,}</span>' if run.errors else "0"
    return (
        f'<tr data-key="{text(run.name)}|{run.started_ns}|{index}"><th scope="row">{text(run.name)}</th>'
        f"<td>{badge(run.state, _MOODS.get(run.state, 'quiet'))}{outcome}</td><td>{run.steps:,}{last}</td>"
        f"<td>{errors}</td><td>{since(run.started_ns, now_s)}</td><td>{ago(run.expires_ns, now_s)}</td></tr>"
    )
