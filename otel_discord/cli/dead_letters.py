"""``otel-discord dead-letters``: look at the records that could not be delivered, send them again, remove them."""

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from otel_discord import __version__
from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import FAILURE, OK
from otel_discord.cli.letter_lines import details, is_success, letter_line, letters, replay_lines
from otel_discord.cli.options import Sources, config_options
from otel_discord.config import parse_duration
from otel_discord.config.problem import ConfigurationError
from otel_discord.discord_api.outcome_types import Reason

F = TypeVar("F", bound=Callable[..., Any])

_NEWEST: Final = 50


def _moment(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """Return a time, or a duration before now, as nanoseconds of wall time."""
    if value is None:
        return None
    try:
        moment = datetime.now(UTC) - timedelta(seconds=parse_duration(value))
    except (ValueError, OverflowError):
        try:
            moment = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            raise click.BadParameter(f"{value!r} is neither a duration (2h) nor a time (2026-01-31T12:00)") from None
    return int(moment.timestamp() * 1_000_000) * 1000


def _filters(command: F) -> F:
    """Add the options that choose letters; the command gets ``chosen``, arguments for the service."""

    @click.option(
        "--since", callback=_moment, metavar="TIME", help="Buried at this time or later: 2h (ago), 2026-01-31."
    )
    @click.option("--until", callback=_moment, metavar="TIME", help="Buried before this time.")
    @click.option("--destination", "destinations", multiple=True, metavar="NAME", help="For this destination.")
    @click.option("--reason", "reasons", multiple=True, metavar="WORD", help=f"For this reason: {', '.join(Reason)}.")
    @click.option("--id", "ids", multiple=True, type=int, metavar="ID", help="This letter; may be repeated.")
    @click.option("--exporter", default="", metavar="ID", help="Of this exporter, where there are several.")
    @wraps(command)
    def with_filters(
        *args: Any,
        since: int | None,
        until: int | None,
        destinations: tuple[str, ...],
        reasons: tuple[str, ...],
        ids: tuple[int, ...],
        exporter: str,
        **kwargs: Any,
    ) -> Any:
        chosen = {
            "since_ns": since,
            "until_ns": until,
            "destinations": list(destinations),
            "reasons": list(reasons),
            "ids": list(ids),
            "exporter": exporter,
        }
        return command(*args, chosen=chosen, **kwargs)

    return with_filters  # type: ignore[return-value]  # click changes the parameters, not the command


def _numbered(command: F) -> F:
    """Let letters be named by their numbers as well: ``replay 17 18`` is ``replay --id 17 --id 18``."""

    @click.argument("letter_ids", metavar="[ID]...", type=int, nargs=-1)
    @wraps(command)
    def with_numbers(*args: Any, letter_ids: tuple[int, ...], chosen: dict[str, Any], **kwargs: Any) -> Any:
        return command(*args, chosen={**chosen, "ids": [*chosen["ids"], *letter_ids]}, **kwargs)

    return with_numbers  # type: ignore[return-value]  # click changes the parameters, not the command


def _ask(
    sources: Sources, verb: str, arguments: Mapping[str, Any], on_line: Callable[[Mapping[str, Any]], None]
) -> None:
    from otel_discord.service.dead_letters import answer, answered_by_service

    try:
        configuration = sources.load()
    except ConfigurationError as error:
        endpoint = _endpoint_all_the_same(sources)
        if endpoint is None or not answered_by_service(endpoint, verb, arguments, on_line):
            raise error from None
        return
    answer(configuration, verb, arguments, on_line, version=__version__)


def _endpoint_all_the_same(sources: Sources) -> Path | None:
    """Return where a running service is asked, of a configuration that has problems."""
    try:
        return sources.control_endpoint()
    except ConfigurationError:
        return None


@click.group(
    "dead-letters",
    epilog=examples("dead-letters list --config config.yaml", "dead-letters replay --config config.yaml"),
)
@config_options
@click.pass_context
def dead_letters(context: click.Context, sources: Sources) -> None:
    """Look at records that could not be delivered, and send them again.

    A running service with this configuration is asked; without one the letters are taken from where it has left them.
    """
    context.obj = sources


@dead_letters.command(
    "list",
    epilog=examples(
        "dead-letters list --config config.yaml --since 2h",
        "dead-letters list --config config.yaml --reason not_found --json",
    ),
)
@config_options
@_filters
@click.option("--limit", type=click.IntRange(0), default=None, help="At most so many; 0: all. [50, with --json all]")
@click.option("--oldest", is_flag=True, help="The oldest instead of the newest, where there are more.")
@click.option("--json", "as_json", is_flag=True, help="Everything readable, an object a line.")
def list_letters(sources: Sources, chosen: dict[str, Any], limit: int | None, oldest: bool, as_json: bool) -> int:
    """Print a line for each letter, oldest first.

    Its id, time, destination, HTTP status, Discord's code and words, the record's first words.
    """
    most = limit if limit is not None else 0 if as_json else _NEWEST
    shown = 0

    def show(line: Mapping[str, Any]) -> None:
        nonlocal shown
        shown += 1
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else letter_line(line))

    _ask(sources, "list", {**chosen, "limit": most, "newest": not oldest}, show)
    if not as_json and not shown:
        click.echo(
            "There are no dead letters that these options choose."
            if any(chosen.values())
            else "There are no dead letters.",
            err=True,
        )
    if not as_json and most and shown >= most and limit is None:
        end = "oldest" if oldest else "newest"
        click.echo(f"The {end} {most}; --limit 0 shows all.", err=True)
    return OK


@dead_letters.command("show", epilog=examples("dead-letters show --config config.yaml 17"))
@config_options
@click.option("--exporter", default="", metavar="ID", help="Of this exporter, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="As one object.")
@click.argument("letter_id", metavar="ID", type=int)
def show_letter(sources: Sources, exporter: str, as_json: bool, letter_id: int) -> int:
    """Print everything readable of one letter."""

    def show(line: Mapping[str, Any]) -> None:
        for text in [json.dumps(line, ensure_ascii=False)] if as_json else details(line):
            click.echo(text)

    _ask(sources, "show", {"id": letter_id, "exporter": exporter}, show)
    return OK


@dead_letters.command(
    "replay",
    epilog=examples(
        "dead-letters replay --config config.yaml 17 18",
        "dead-letters replay --config config.yaml --destination ops --to backup --dry-run",
    ),
)
@config_options
@_filters
@_numbered
@click.option("--to", default="", metavar="NAME", help="Send them to this destination instead of their own.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@click.option(
    "--wait", default="60s", metavar="TIME", help="How long without any news the rest is waited for.", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Every state of it, an object a line.")
def replay(sources: Sources, chosen: dict[str, Any], to: str, dry_run: bool, wait: str, as_json: bool) -> int:
    """Send letters again, through the same limits as everything else: those of the numbers, or that the options choose.

    Each is sent once, however often this is called. Exits 0 when all were delivered, or none was left. On a stopped
    service the exporter is opened for it, and also goes on with what else waits.
    """
    try:
        wait_s = parse_duration(wait)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--wait") from None
    last: dict[str, Mapping[str, Any]] = {}
    with _progress(wanted=not as_json and not dry_run and sys.stderr.isatty()) as bar:

        def hear(line: Mapping[str, Any]) -> None:
            last[line["exporter"]] = line
            if as_json:
                click.echo(json.dumps(line, ensure_ascii=False))
            if bar is not None:
                bar(line)

        _ask(sources, "replay", {**chosen, "to": to, "dry_run": dry_run, "wait_s": wait_s}, hear)
    if not as_json:
        for text in replay_lines(list(last.values()), dry_run=dry_run):
            click.echo(text)
    return OK if all(is_success(line, dry_run=dry_run) for line in last.values()) else FAILURE


@dead_letters.command(
    "purge",
    epilog=examples(
        "dead-letters purge --config config.yaml --until 720h", "dead-letters purge --config config.yaml 17 --yes"
    ),
)
@config_options
@_filters
@_numbered
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(sources: Sources, chosen: dict[str, Any], yes: bool) -> int:
    """Remove letters for good: all, those of the numbers, or those that the options choose."""
    counts: list[Mapping[str, Any]] = []
    if not yes:
        _ask(sources, "purge", {**chosen, "dry_run": True}, counts.append)
        count = sum(line["chosen"] for line in counts)
        if not count:
            click.echo("There is nothing to remove.")
            return OK
        click.confirm(f"Remove {letters(count)} for good?", abort=True, err=True)
        counts.clear()
    _ask(sources, "purge", chosen, counts.append)
    click.echo(f"{letters(sum(line['purged'] for line in counts))} removed.")
    return OK


@dead_letters.command("bury", epilog=examples("dead-letters bury --config config.yaml --destination ops-old"))
@config_options
@click.option("--destination", required=True, metavar="NAME", help="One that is not in the configuration any more.")
@click.option("--exporter", default="", metavar="ID", help="Of this exporter, where there are several.")
def bury(sources: Sources, destination: str, exporter: str) -> int:
    """Make dead letters of what waits for a destination that was removed from the configuration."""
    found: list[Mapping[str, Any]] = []
    _ask(sources, "bury", {"destination": destination, "exporter": exporter}, found.append)
    buried = sum(line["buried"] for line in found)
    click.echo(f"{letters(buried)} made of what waited for {destination}.")
    others = sorted({name for line in found for name in line["orphaned"]} - {destination})
    if others and not buried:
        click.echo(f"Something waits for: {', '.join(others)}", err=True)
    return OK


def _progress(*, wanted: bool) -> Any:
    """Return a context with a bar to tell states to; None without a terminal."""
    if not wanted:
        return nullcontext(None)
    from otel_discord.cli.replay_bar import replay_bar

    return replay_bar()
