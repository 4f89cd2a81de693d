"""``otel-discord runs finalize``: end a run. Made for traps: quick, and no error where there is nothing to end."""

from collections.abc import Mapping
from typing import Any

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.cli.letter_lines import printable
from otel_discord.cli.runs_answers import Answer
from otel_discord.cli.runs_key import channels_of, checked_choice, key_options
from otel_discord.cli.runs_outcome import outcome_of
from otel_discord.cli.runs_patience import ask_patiently, carry_out
from otel_discord.cli.runs_server import Server, duration, server_options


@click.command(
    "finalize",
    epilog=examples(
        "runs finalize --guild-id 1300000000000000000 --task-id train-7b --attempt 1 --short-id a1b2 --exit-code 0",
        "runs finalize 1300000000000000001 --outcome success",
    ),
)
@click.argument("channel_id", required=False)
@key_options(required=False)
@click.option("--outcome", default="", metavar="TEXT", help="success, failure, cancelled, or words of your own.")
@click.option(
    "--exit-code",
    type=int,
    default=None,
    metavar="N",
    help="Say the outcome by a program's exit code: 0 success, 130 and 143 cancelled, others failure.",
)
@click.option(
    "--wait",
    default="20s",
    metavar="TIME",
    show_default=True,
    callback=duration,
    help="While the service says 'later', ask again for so long; 0s: once.",
)
@server_options
def finalize(
    server: Server,
    channel_id: str | None,
    key: Mapping[str, Any],
    outcome: str,
    exit_code: int | None,
    wait: float,
) -> int:
    """End the run with this channel, or the one that the options name.

    Its webhook goes at once, its channel when its retention ends. A run that has ended or is gone is no error, so that
    this may stand in a trap and run twice.
    """
    checked_choice(channel_id, key)
    if outcome and exit_code is not None:
        raise click.UsageError("give --outcome or --exit-code, not both")
    said = outcome if exit_code is None else outcome_of(exit_code)
    answer = carry_out(_ask(server, channel_id, key, said, wait))
    if answer is None:
        click.echo("There is no such run; nothing is left to end.", err=True)
        return OK
    if not answer.body.get("runId"):
        click.echo(f"Channel {channel_id} has no run any more; nothing is left to end.", err=True)
        return OK
    who = printable(str(answer.body["runId"]))
    click.echo(f"Run {who} is ended: {printable(str(answer.body['status']))}.")
    return OK


async def _ask(
    server: Server, channel_id: str | None, key: Mapping[str, Any], outcome: str, wait_s: float
) -> Answer | None:
    """Return the answer; None where no run has that key."""
    from otel_discord.cli.runs_client import runs_client

    async with runs_client(server) as client:

        async def ask(method: str, path: str, holds: str, **more: Any) -> Answer:
            return await ask_patiently(
                lambda limit_s: client.ask(method, path, timeout_s=limit_s, **more),
                holds=holds,
                wait_s=wait_s,
                timeout_s=server.timeout_s,
            )

        if channel_id is None:
            found = [
                each for each in await channels_of(key, lambda query: ask("GET", "/runs", "runs", query=query)) if each
            ]
            if len(found) > 1:
                raise click.UsageError("several guilds have such a run; add --guild-id")
            if not found:
                return None
            channel_id = found[0]
        return await ask("POST", f"/runs/{channel_id}/finalize", "status", body={"outcome": outcome} if outcome else {})
