"""What the commands for silences and maintenance share: asking the running service, and saying what does not hold."""

import getpass
from collections.abc import Mapping, Sequence
from typing import Any

import click

from otel_discord.cli.letter_lines import printable
from otel_discord.cli.options import Sources


def answers(sources: Sources, command: str, arguments: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what the running service answers to a command such as ``silence/add``."""
    endpoint = sources.control_endpoint()
    from otel_discord.service.mutes import ask

    lines: list[Mapping[str, Any]] = []
    ask(endpoint, command, arguments, lines.append)
    return lines


def say_remarks(lines: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Say on standard error, once, where something does not hold as one would expect; JSON has it already."""
    for remark in dict.fromkeys(line["remark"] for line in lines if line.get("remark") and not as_json):
        click.echo(printable(str(remark)), err=True)


def user_name() -> str:
    """Return who runs this, "" where that is not known."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
