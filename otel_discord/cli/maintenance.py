"""``otel-discord maintenance``: hold messages back while something is worked on."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.cli.letter_lines import printable
from otel_discord.cli.listing import local_time, show_list
from otel_discord.cli.mute_answers import answers, say_remarks, user_name
from otel_discord.cli.options import Sources, config_options
from otel_discord.component.counted import counted
from otel_discord.config import parse_duration

COLUMNS: Final = ("name", "state", "action", "records", "destinations", "held", "dropped", "without ping", "comment")


@click.group(
    "maintenance",
    epilog=examples(
        "maintenance start --config config.yaml deploy --for 30m", "maintenance end --config config.yaml deploy"
    ),
)
@config_options
@click.pass_context
def maintenance(context: click.Context, sources: Sources) -> None:
    """Hold messages back while something is worked on, on a running service.

    What is held comes when it is over. What is critical comes all the same, without a ping, unless --critical or a
    matcher such as severity>=FATAL says otherwise.
    """
    context.obj = sources


@maintenance.command(
    "start",
    epilog=examples(
        "maintenance start --config config.yaml deploy --for 30m --match service.name=shop",
        "maintenance start --config config.yaml network --condition 'severity_number < 17' --action drop",
    ),
)
@config_options
@click.argument("name")
@click.option("--for", "duration", default="2h", metavar="TIME", show_default=True, help="How long: 30m, 2h.")
@click.option(
    "--match",
    "matchers",
    multiple=True,
    metavar="MATCHER",
    help="Only records with service.name=shop; of several, all have to hold.",
)
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    metavar="OTTL",
    help="Only records that an OTTL condition holds for: severity_number < 17; of several, one has to.",
)
@click.option("--action", type=click.Choice(["hold", "drop", "no_ping"]), help="[hold, or as configured]")
@click.option("--destination", "destinations", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option("--critical", is_flag=True, help="What is critical is held or dropped as well.")
@click.option("--comment", default="", metavar="TEXT", help="What for.")
@click.option("--author", default="", metavar="NAME", help="Who; you by default.")
@click.option("--exporter", default="", metavar="ID", help="Of this exporter, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Everything, an object a line.")
def start(
    sources: Sources,
    name: str,
    duration: str,
    matchers: tuple[str, ...],
    conditions: tuple[str, ...],
    action: str | None,
    destinations: tuple[str, ...],
    critical: bool,
    comment: str,
    author: str,
    exporter: str,
    as_json: bool,
) -> int:
    """Begin maintenance NAME now; of a window in the configuration, or of what the options say.

    Without --match and --condition it is about every message.
    """
    try:
        for_s = parse_duration(duration)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--for") from None
    arguments = {
        "name": name,
        "for_s": for_s,
        "matchers": list(matchers),
        "conditions": list(conditions),
        "action": action or "",
        "destinations": list(destinations),
        "critical": critical,
        "comment": comment,
        "author": author or user_name(),
        "exporter": exporter,
    }
    lines = answers(sources, "maintenance/start", arguments)
    for line in lines:
        until = local_time(line.get("until"))
        said = f"Maintenance {line['name']} until {until}: {line['action']}, records: {line['records']}."
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else printable(said))
    say_remarks(lines, as_json=as_json)
    return OK


@maintenance.command("end", epilog=examples("maintenance end --config config.yaml deploy"))
@config_options
@click.argument("name")
@click.option("--exporter", default="", metavar="ID", help="Of this exporter, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Everything, an object a line.")
def end(sources: Sources, name: str, exporter: str, as_json: bool) -> int:
    """End maintenance NAME now; what was held comes. One of the configuration comes again with its next time."""
    lines = answers(sources, "maintenance/end", {"name": name, "exporter": exporter})
    for line in lines:
        held = f"{_held(line)} held"
        said = f"Maintenance {line['name']} is over: {held}, {line['dropped_records']:,} dropped."
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else printable(said))
    say_remarks(lines, as_json=as_json)
    return OK


@maintenance.command("list", epilog=examples("maintenance list --config config.yaml"))
@config_options
@click.option("--exporter", default="", metavar="ID", help="Of this exporter, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Everything, an object a line.")
def list_windows(sources: Sources, exporter: str, as_json: bool) -> int:
    """Print what is configured and what was started: a table, or between tabs where the output is no terminal."""
    lines = answers(sources, "maintenance/list", {"exporter": exporter})
    show_list(lines, COLUMNS, row, as_json=as_json, nothing="There is no maintenance.")
    say_remarks(lines, as_json=as_json)
    return OK


def row(line: Mapping[str, Any]) -> Sequence[str]:
    """Return the texts of one window, in the order of ``COLUMNS``."""
    state = f"until {local_time(line.get('until'))}" if line.get("active") else "off"
    if not line.get("active") and line.get("next"):
        state = f"from {local_time(line['next'])}"
    cells = (
        line.get("name", ""),
        state,
        line.get("action", ""),
        line.get("records", ""),
        ", ".join(line.get("destinations", ())) or "all",
        _held(line),
        f"{line.get('dropped_records', 0):,}",
        f"{line.get('unpinged_records', 0):,}",
        line.get("comment", ""),
    )
    return [printable(str(cell)) for cell in cells]


def _held(line: Mapping[str, Any]) -> str:
    return f"{counted(line.get('held_problems', 0), 'problem')}, {counted(line.get('held_records', 0), 'event')}"
