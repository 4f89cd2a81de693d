"""``otel-discord runs watch``: follow a run until it has ended."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE, OK, TRY_AGAIN
from otel_discord.cli.letter_lines import printable
from otel_discord.cli.runs_key import checked_choice
from otel_discord.cli.runs_outcome import is_bad
from otel_discord.cli.runs_patience import RefusedError, ask_patiently, carry_out
from otel_discord.cli.runs_server import Server, duration, server_options

SHOWN: Final = ("state", "steps", "lastStep", "errors", "warnings", "outcome")
"""A change of one of these is a line."""
_GOES_ON: Final = frozenset({"creating", "running"})


@click.command("watch", epilog=examples("runs watch 1300000000000000001 --for 2h"))
@click.argument("channel_id")
@click.option("--interval", default="2s", metavar="TIME", show_default=True, callback=duration, help="Between looks.")
@click.option(
    "--for", "most", default=None, metavar="TIME", callback=duration, help="Stop after so long. [default: at its end]"
)
@click.option(
    "--wait",
    default="60s",
    metavar="TIME",
    show_default=True,
    callback=duration,
    help="How long the service may be away.",
)
@click.option("--json", "as_json", is_flag=True, help="Each change as an object a line.")
@server_options
def watch(server: Server, channel_id: str, interval: float, most: float | None, wait: float, as_json: bool) -> int:
    """Follow a run: a line for each change of its state, steps, errors and warnings, until it is finalized.

    Exits 0 when it ended well, 1 when its outcome is a failure or a cancellation or is unknown, 75 when --for is over.
    """
    checked_choice(channel_id, {})
    if interval < 0.1:
        raise click.BadParameter("must be 100ms or more", param_hint="--interval")
    run = carry_out(_follow(server, channel_id, interval, most, wait, as_json=as_json))
    if run is None:
        click.echo("The run goes on; --for is over.", err=True)
        return TRY_AGAIN
    if not run.get("finalizedAt"):
        click.echo("The run ended, and nobody has said how: its retention was over.", err=True)
        return FAILURE
    return FAILURE if is_bad(str(run.get("outcome") or "")) else OK


def has_ended(run: Mapping[str, Any]) -> bool:
    """Return whether a run is finalized, or was ended by its retention."""
    return bool(run.get("finalizedAt")) or run.get("state") not in _GOES_ON


def line(run: Mapping[str, Any], time: str) -> str:
    """Return what there is to say about a run now."""
    step = f" ({run['lastStep']})" if run.get("lastStep") else ""
    outcome = f", outcome {run['outcome']}" if run.get("outcome") else ""
    counts = (
        f"steps {_number(run, 'steps')}{step}, errors {_number(run, 'errors')}, warnings {_number(run, 'warnings')}"
    )
    return printable(f"{time}  {run.get('state', '?')}{outcome}: {counts}")


def _number(run: Mapping[str, Any], name: str) -> str:
    value = run.get(name, 0)
    return f"{value:,}" if isinstance(value, int) else "?"


async def _follow(
    server: Server, channel_id: str, interval_s: float, most_s: float | None, wait_s: float, *, as_json: bool
) -> Mapping[str, Any] | None:
    """Return the run as it was at its end; None when time was over before."""
    from otel_discord.cli.runs_client import runs_client

    clock = asyncio.get_running_loop()
    ends_at_s = None if most_s is None else clock.time() + most_s
    last: Mapping[str, Any] = {}
    async with runs_client(server) as client:
        while True:
            try:
                answer = await ask_patiently(
                    lambda limit_s: client.ask("GET", f"/runs/{channel_id}", timeout_s=limit_s),
                    holds="state",
                    wait_s=wait_s,
                    timeout_s=server.timeout_s,
                )
            except RefusedError as error:
                if last:
                    raise RefusedError(f"how it ended is not known: {error.message}", error.exit_code) from None
                raise
            run = answer.body
            if {name: run.get(name) for name in SHOWN} != {name: last.get(name) for name in SHOWN}:
                now = datetime.now().astimezone()
                click.echo(json.dumps(run, ensure_ascii=False) if as_json else line(run, f"{now:%H:%M:%S}"))
            last = run
            if has_ended(run):
                return run
            pause_s = interval_s if ends_at_s is None else min(interval_s, ends_at_s - clock.time())
            if pause_s <= 0:
                return None
            await asyncio.sleep(pause_s)
