"""``otel-discord silence``: do not show what matches, for a while."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.cli.letter_lines import printable
from otel_discord.cli.listing import local_time, show_list
from otel_discord.cli.mute_answers import answers, say_remarks, user_name
from otel_discord.cli.options import Sources, config_options
from otel_discord.cli.silence_times import split_words, start_text
from otel_discord.component.counted import counted

COLUMNS: Final = ("id", "matchers", "state", "silenced", "author", "comment", "exporter")


@click.group(
    "silence",
    epilog=examples("silence add --config config.yaml service.name=shop 2h", "silence list --config config.yaml"),
)
@config_options
@click.pass_context
def silence(context: click.Context, sources: Sources) -> None:
    """Do not show what matches, for a while, on a running service.

    It is dropped and counted, what is critical too; at the end one notice says how many there were. The end of an alert
    is shown all the same, so that its message does not stay red.
    """
    context.obj = sources


@silence.command(
    "add",
    epilog=examples(
        "silence add --config config.yaml service.name=shop severity=warning 2h --comment 'known, see #42'",
        "silence add --config config.yaml HighLatency 2026-01-31T18:00:00Z",
    ),
)
@config_options
@click.argument("words", nargs=-1, required=True, metavar="MATCHER... TIME")
@click.option("--starts", default="", metavar="TIME", help="2026-01-31T18:00:00Z, or 'in 10m'. [default: now]")
@click.option("--comment", default="", metavar="TEXT", help="What for.")
@click.option("--author", default="", metavar="NAME", help="Who; you by default.")
@click.option("--exporter", default="", metavar="ID", help="Of this exporter only.")
@click.option("--json", "as_json", is_flag=True, help="Everything, an object a line.")
def add(
    sources: Sources, words: tuple[str, ...], starts: str, comment: str, author: str, exporter: str, as_json: bool
) -> int:
    """Silence what all matchers mean, for TIME: 2h, or until 2026-01-31T18:00:00Z.

    A matcher is service.name=shop, name!=value, name=~regex or name!~regex; severity=warning is the severity, and a
    word alone the name of an alert. Several can be joined by commas. A value with spaces or commas is put in quotes.
    """
    try:
        matchers, end = split_words(words)
        begin = start_text(starts, time.time())
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    arguments = {
        "matchers": list(matchers),
        "starts": begin,
        "comment": comment,
        "author": author or user_name(),
        "exporter": exporter,
        **end,
    }
    _say(answers(sources, "silence/add", arguments), "is silenced", as_json=as_json)
    return OK


@silence.command("expire", epilog=examples("silence expire --config config.yaml 5a1c"))
@config_options
@click.argument("silence_id", metavar="ID")
@click.option("--exporter", default="", metavar="ID", help="Of this exporter only.")
@click.option("--json", "as_json", is_flag=True, help="Everything, an object a line.")
def expire(sources: Sources, silence_id: str, exporter: str, as_json: bool) -> int:
    """End silence ID now."""
    _say(answers(sources, "silence/expire", {"id": silence_id, "exporter": exporter}), "is over", as_json=as_json)
    return OK


@silence.command("list", epilog=examples("silence list --config config.yaml"))
@config_options
@click.option("--exporter", default="", metavar="ID", help="Of this exporter only.")
@click.option("--json", "as_json", is_flag=True, help="Everything, an object a line.")
def list_silences(sources: Sources, exporter: str, as_json: bool) -> int:
    """Print the silences that hold or will: a table, or between tabs where the output is no terminal."""
    lines = answers(sources, "silence/list", {"exporter": exporter})
    show_list(lines, COLUMNS, row, as_json=as_json, nothing="Nothing is silenced.")
    say_remarks(lines, as_json=as_json)
    return OK


def row(line: Mapping[str, Any]) -> Sequence[str]:
    """Return the texts of one silence, in the order of ``COLUMNS``."""
    until = f"until {local_time(line.get('until'))}"
    cells = (
        line.get("id", ""),
        ", ".join(line.get("matchers", ())),
        until if line.get("active") else f"from {local_time(line.get('starts'))} {until}",
        f"{line.get('silenced_records', 0):,}",
        line.get("author", ""),
        line.get("comment", ""),
        line.get("exporter", ""),
    )
    return [printable(str(cell)) for cell in cells]


def _not_shown(line: Mapping[str, Any]) -> str:
    count = line.get("silenced_records", 0)
    return f"{counted(count, 'event')} {'was' if count == 1 else 'were'} not shown"


def _say(lines: Sequence[Mapping[str, Any]], what: str, *, as_json: bool) -> None:
    for line in lines:
        cells = dict(zip(COLUMNS, row(line), strict=True))
        when = f" {cells['state']}" if what == "is silenced" else f", {_not_shown(line)}"
        said = f"{cells['id']}: {cells['matchers']} {what}{when} ({cells['exporter']})."
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else said)
    say_remarks(lines, as_json=as_json)
