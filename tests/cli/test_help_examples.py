"""Each command's help ends with examples, and each of them is a command line that is understood."""

import shlex
from collections.abc import Iterator

import click
import pytest

from otel_discord.cli.commands import cli


def commands(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join((*before, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))


def examples_of(command: click.Command) -> list[str]:
    lines = (command.epilog or "").splitlines()
    return [line.strip().removeprefix("otel-discord ") for line in lines if line.startswith("  otel-discord ")]


ALL = list(commands(cli))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[path for path, _ in ALL])
def test_help_ends_with_examples_of_itself(path: str, command: click.Command) -> None:
    found = examples_of(command)
    assert 0 < len(found) <= 2
    assert all(example.startswith(path) for example in found)
    root = click.Context(cli, info_name="otel-discord", **cli.context_settings)
    told = command.get_help(click.Context(command, info_name=path, parent=root))
    assert told.splitlines()[-1].strip() == f"otel-discord {found[-1]}"


@pytest.mark.parametrize("example", [each for _, command in ALL for each in examples_of(command)])
def test_each_example_is_understood(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_DISCORD_RUNS_GUILD_ID", "1300000000000000000")
    words = shlex.split(example.partition(" > ")[0])
    command: click.Command = cli
    context = click.Context(cli, **cli.context_settings)
    while isinstance(command, click.Group):
        name = words.pop(0)
        found = command.get_command(context, name)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    command.make_context(name, words, parent=context.parent)
