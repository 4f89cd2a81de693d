"""``otel-discord runs create``: a channel and a webhook for a run."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE, OK
from otel_discord.cli.runs_answers import Answer
from otel_discord.cli.runs_key import key_options
from otel_discord.cli.runs_output import (
    ATTRIBUTES,
    Created,
    created,
    github_lines,
    shell_lines,
    text_lines,
    variables,
)
from otel_discord.cli.runs_patience import RefusedError, ask_patiently, carry_out
from otel_discord.cli.runs_server import Server, duration, server_options


@click.command(
    "create",
    epilog=examples(
        "runs create --guild-id 1300000000000000000 --task-id train-7b --attempt 1 --short-id a1b2",
        "runs create --task-id build --attempt 1 --short-id a1b2 --output github",
    ),
)
@key_options(required=True)
@click.option(
    "--retention-hours", type=click.IntRange(0), default=None, metavar="N", help="How long the channel stays."
)
@click.option("--title", default="", metavar="TEXT", help="What people call it; stands in the channel's first message.")
@click.option(
    "--metadata", multiple=True, metavar="NAME=VALUE", help="Shown there too, so no secrets; may be repeated."
)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "env", "github"]),
    default="text",
    show_default=True,
    help="json: the answer as it is, with the webhook's address, a secret. env: lines for a shell. github: variables"
    " and outputs of a GitHub Actions job.",
)
@click.option(
    "--show-webhook", is_flag=True, help="Give the webhook's address too. It is a secret: who has it can post."
)
@click.option(
    "--wait",
    default="60s",
    metavar="TIME",
    show_default=True,
    callback=duration,
    help="While the service says 'later', ask again for so long; 0s: once.",
)
@server_options
def create(
    server: Server,
    key: Mapping[str, Any],
    retention_hours: int | None,
    title: str,
    metadata: tuple[str, ...],
    output: str,
    show_webhook: bool,
    wait: float,
) -> int:
    """Make a channel and a webhook for a run, and print them.

    Asked again for the same guild, task, attempt and short id it answers with the same run. Telemetry of the run finds
    its channel by the resource attribute run.id, so most programs never need the webhook's address.
    """
    files = _github_files() if output == "github" else ()
    body = {
        **key,
        **({"retentionHours": retention_hours} if retention_hours is not None else {}),
        **({"title": title} if title else {}),
        **({"metadata": parsed_metadata(metadata)} if metadata else {}),
    }
    answer = carry_out(_ask(server, body, wait))
    try:
        run = created(answer.body, guild_id=str(key["guildId"]), is_new=answer.status == 201)
    except ValueError as error:
        raise RefusedError(str(error), FAILURE) from None
    if output == "json":
        click.echo(json.dumps(answer.body, ensure_ascii=False))
    elif output == "text":
        _echo(text_lines(run, shows_webhook=show_webhook))
    else:
        values = variables(run, os.environ.get(ATTRIBUTES, ""), shows_webhook=show_webhook)
        if output == "env":
            _echo(shell_lines(values))
        else:
            _tell_github(files, run, values, shows_webhook=show_webhook)
    return OK


def parsed_metadata(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return ``NAME=VALUE`` texts as a map.

    Raises:
        click.BadParameter: one is no pair, or a name comes twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE", param_hint="--metadata")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice", param_hint="--metadata")
        found[name] = value
    return found


async def _ask(server: Server, body: Mapping[str, Any], wait_s: float) -> Answer:
    from otel_discord.cli.runs_client import runs_client

    async with runs_client(server) as client:
        return await ask_patiently(
            lambda limit_s: client.ask("POST", "/runs", body=body, timeout_s=limit_s),
            holds="channelId",
            wait_s=wait_s,
            timeout_s=server.timeout_s,
        )


def _github_files() -> tuple[Path, Path]:
    try:
        return Path(os.environ["GITHUB_ENV"]), Path(os.environ["GITHUB_OUTPUT"])
    except KeyError as error:
        raise click.UsageError(f"--output github needs {error.args[0]}, which a GitHub Actions job has") from None


def _tell_github(files: tuple[Path, ...], run: Created, values: Mapping[str, str], *, shows_webhook: bool) -> None:
    if shows_webhook:  # before anything holds it: from here on the log shows *** instead
        secret = run.webhook_url.reveal()
        _echo([f"::add-mask::{secret}", f"::add-mask::{secret.partition('?')[0].rpartition('/')[2]}"])
    for file, lines in zip(files, github_lines(run, values, shows_webhook=shows_webhook), strict=True):
        try:
            with file.open("a", encoding="utf-8") as opened:
                opened.write("".join(f"{line}\n" for line in lines))
        except OSError as error:
            raise RefusedError(f"cannot write {file}: {error.strerror}", FAILURE) from None
    _echo(text_lines(run, shows_webhook=False))


def _echo(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
