"""``otel-discord runs list``: the runs that the service knows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.cli.letter_lines import printable
from otel_discord.cli.listing import local_time, show_list
from otel_discord.cli.runs_key import GUILD_VARIABLE, MOST_PAGE_SIZE
from otel_discord.cli.runs_patience import ask_patiently, carry_out
from otel_discord.cli.runs_server import Server, duration, server_options

STATES: Final = ("creating", "running", "finishing", "archived", "cleaning", "cleaned")
COLUMNS: Final = ("channel", "task", "attempt", "short id", "state", "outcome", "created", "expires", "steps", "errors")


@click.command("list", epilog=examples("runs list --state running"))
@click.option(
    "--guild-id", default="", envvar=GUILD_VARIABLE, show_envvar=True, metavar="ID", help="Of this server only."
)
@click.option("--state", type=click.Choice(STATES), default=None, help="In this state only.")
@click.option("--limit", type=click.IntRange(0), default=50, show_default=True, help="At most so many; 0: all.")
@click.option("--json", "as_json", is_flag=True, help="Everything, an object a line.")
@click.option(
    "--wait", default="10s", metavar="TIME", show_default=True, callback=duration, help="Ask again for so long."
)
@server_options
def list_runs(server: Server, guild_id: str, state: str | None, limit: int, as_json: bool, wait: float) -> int:
    """Print the runs, newest first: a table, or between tabs where the output is no terminal."""
    runs = carry_out(_ask(server, {"guildId": guild_id, "state": state or ""}, limit, wait))
    nothing = "There are no such runs." if guild_id or state else "There are no runs."
    show_list(runs, COLUMNS, row, as_json=as_json, nothing=nothing)
    return OK


def row(run: Mapping[str, Any]) -> Sequence[str]:
    """Return the texts of one run, in the order of ``COLUMNS``."""
    cells = (
        run.get("channelId") or "",
        run.get("taskId") or "",
        run.get("attempt", ""),
        run.get("shortId") or "",
        run.get("state") or "",
        run.get("outcome") or "",
        local_time(run.get("createdAt")),
        local_time(run.get("expiresAt")),
        run.get("steps", 0),
        run.get("errors", 0),
    )
    return [printable(f"{cell:,}" if isinstance(cell, int) and cell > 9999 else str(cell)) for cell in cells]


async def _ask(server: Server, query: Mapping[str, str], limit: int, wait_s: float) -> list[Mapping[str, Any]]:
    from otel_discord.cli.runs_client import runs_client

    found: list[Mapping[str, Any]] = []
    token = ""
    async with runs_client(server) as client:
        while True:
            left = limit - len(found) if limit else MOST_PAGE_SIZE
            page = {**query, "limit": str(min(left, MOST_PAGE_SIZE)), "pageToken": token}
            answer = await ask_patiently(
                lambda limit_s, page=page: client.ask("GET", "/runs", query=page, timeout_s=limit_s),  # type: ignore[misc]
                holds="runs",
                wait_s=wait_s,
                timeout_s=server.timeout_s,
            )
            runs = answer.body.get("runs")
            found += [run for run in (runs if isinstance(runs, list) else []) if isinstance(run, Mapping)]
            token = str(answer.body.get("nextPageToken") or "")
            if not token or (limit and len(found) >= limit):
                return found[:limit] if limit else found
