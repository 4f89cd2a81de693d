"""Which run is meant: the options that name one, and finding its channel among those of the service."""

import os
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

import click

from otel_discord.cli.runs_answers import Answer

F = TypeVar("F", bound=Callable[..., Any])
GUILD_VARIABLE: Final = "OTEL_DISCORD_RUNS_GUILD_ID"
MOST_PAGE_SIZE: Final = 200
"""Of the API."""
_MOST_PAGES: Final = 10_000

AskPage = Callable[[Mapping[str, str]], Awaitable[Answer]]
"""Asks for one page of runs, with a query."""


def key_options(*, required: bool) -> Callable[[F], F]:
    """Add the options that name a run; the command gets ``key``, by the API's names, without what was not given."""

    def add(command: F) -> F:
        @click.option("--task-id", required=required, default=None, metavar="TEXT", help="Which task: build, train-7b.")
        @click.option(
            "--attempt", required=required, default=None, type=click.IntRange(0), help="Which attempt at it: 1."
        )
        @click.option("--short-id", required=required, default=None, metavar="TEXT", help="What tells it from others.")
        @click.option(
            "--guild-id",
            required=required,
            default=None,
            envvar=GUILD_VARIABLE,
            show_envvar=True,
            metavar="ID",
            help="The Discord server: its menu → Copy Server ID.",
        )
        @wraps(command)
        def with_key(
            *args: Any,
            task_id: str | None,
            attempt: int | None,
            short_id: str | None,
            guild_id: str | None,
            **kwargs: Any,
        ) -> Any:
            given = {"taskId": task_id, "attempt": attempt, "shortId": short_id, "guildId": guild_id}
            return command(*args, key={name: value for name, value in given.items() if value is not None}, **kwargs)

        return with_key  # type: ignore[return-value]  # click changes the parameters, not the command

    return add


def checked_choice(channel_id: str | None, key: Mapping[str, Any]) -> None:
    """Take either a channel or a whole key.

    Raises:
        click.UsageError: there is both or neither, or a key lacks a part.
    """
    parts = {name for name in key if name != "guildId"}
    if "guildId" in key and not os.environ.get(GUILD_VARIABLE) and channel_id:
        parts.add("guildId")
    if channel_id is not None:
        if parts:
            raise click.UsageError("give CHANNEL_ID or --task-id, --attempt and --short-id, not both")
        if not (channel_id.isascii() and channel_id.isdigit()):
            raise click.UsageError("CHANNEL_ID must be a number; is the variable that it comes from empty?")
    elif parts < {"taskId", "attempt", "shortId"}:
        raise click.UsageError("give CHANNEL_ID, or --task-id, --attempt and --short-id")


async def channels_of(key: Mapping[str, Any], ask_page: AskPage) -> list[str]:
    """Return the channels of the runs that a key means: one, none, or several where no guild is said."""
    found: list[str] = []
    token = ""
    for _ in range(_MOST_PAGES):
        answer = await ask_page(
            {"guildId": str(key.get("guildId", "")), "limit": str(MOST_PAGE_SIZE), "pageToken": token}
        )
        runs = answer.body.get("runs")
        found += [
            str(run.get("channelId") or "")
            for run in (runs if isinstance(runs, list) else [])
            if isinstance(run, Mapping) and all(run.get(name) == value for name, value in key.items())
        ]
        token = str(answer.body.get("nextPageToken") or "")
        if not token:
            break
    return found
