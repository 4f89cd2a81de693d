"""``otel-discord top``: a running service at one look, again and again."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from otel_discord.cli.examples import examples
from otel_discord.cli.exit_codes import OK
from otel_discord.cli.options import Sources, config_options
from otel_discord.component.errors import StartError
from otel_discord.config import parse_duration

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from otel_discord.cli.top_rates import Overview

ANSWER_TIMEOUT_S: Final = 5.0
SHORTEST_S: Final = 0.1
LONGEST_S: Final = 3_600.0


@click.command("top", epilog=examples("top --config config.yaml", "top --config config.yaml --once"))
@config_options
@click.option("--interval", default="1s", metavar="TIME", show_default=True, help="Time between two looks.")
@click.option("--once", is_flag=True, help="Print one picture, after one interval, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print everything there is to know as one object, and end.")
def top(sources: Sources, interval: str, once: bool, as_json: bool) -> int:
    """Watch a running service: pipelines, queues, destinations, alerts, silences, dead letters.

    q or Ctrl-C leaves. A service that starts anew is waited for. Rates are those of the last five intervals.
    """
    try:
        every_s = parse_duration(interval)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--interval") from None
    if not SHORTEST_S <= every_s <= LONGEST_S:
        raise click.BadParameter("is not from 100ms to 1h", param_hint="--interval")
    ask = _asker(sources)
    first = _first(ask)
    if as_json:
        click.echo(json.dumps(first, ensure_ascii=False))
        return OK
    from rich.console import Console

    if once:
        from otel_discord.cli.top_frame import frame

        time.sleep(every_s)
        console = Console(soft_wrap=True, highlight=False)
        _print(console, frame(_first(ask), first, console.width))
        return OK
    _watch(ask, every_s)
    return OK


def _asker(sources: Sources) -> "Callable[[], Overview]":
    """Return what asks the running service of a configuration.

    Raises:
        StartError: it has no control socket.
    """
    endpoint = sources.control_endpoint()
    from otel_discord.service.control.client import ControlError, call

    if endpoint is None:
        raise StartError(
            "the running service cannot be asked: set service::control::endpoint, or use an extension that keeps files"
        )

    def ask() -> dict[str, Any]:
        lines = list(call(endpoint, "overview", {}, timeout_s=ANSWER_TIMEOUT_S))
        if not lines:
            raise ControlError("the service answered nothing")
        return lines[0]

    return ask


def _first(ask: "Callable[[], Overview]") -> "Overview":
    from otel_discord.service.control.client import ControlError, NotRunningError

    try:
        return ask()
    except (NotRunningError, ControlError) as error:
        raise StartError(str(error)) from None


def _watch(ask: "Callable[[], Overview]", every_s: float) -> None:
    from rich.console import Console

    from otel_discord.cli.top_keys import waiting
    from otel_discord.cli.top_watch import Watch, watch

    console = Console(highlight=False)
    looking = Watch(ask, time.monotonic)
    with _ended_by_signals(), waiting() as wait, _screen(console) as show:
        watch(lambda: looking.look(console.width), show, wait, every_s)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block: the terminal is as it was, and nothing has failed."""

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _screen(console: "Console") -> "Iterator[Callable[[Sequence[Text]], None]]":
    """Yield what shows lines: on a terminal over those before, elsewhere below them."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda lines: _print(console, [*lines, _empty()])
        return
    from rich.console import Group
    from rich.live import Live

    with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        yield lambda lines: live.update(Group(*_fitting(lines, console.height)), refresh=True)


def _fitting(lines: "Sequence[Text]", height: int) -> "Sequence[Text]":
    """Return what a screen has room for, and how much it does not show."""
    if len(lines) <= height:
        return lines
    from rich.text import Text

    return [*lines[: height - 1], Text(f"… {len(lines) - height + 1} more lines; --once shows all", "dim")]


def _print(console: "Console", lines: "Sequence[Text]") -> None:
    for line in lines:
        console.print(line, soft_wrap=True)
    console.file.flush()


def _empty() -> "Text":
    from rich.text import Text

    return Text()
