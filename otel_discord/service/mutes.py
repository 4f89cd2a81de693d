"""Maintenance and silences for the front desk: asked of the running service; without one there is nothing to mute."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from otel_discord.component import StartError
from otel_discord.service.control.client import ControlError, NotRunningError, call

LONGEST_WAIT_S: Final = 30.0
"""For the next line of the answer."""


def ask(
    endpoint: Path | None,
    command: str,
    arguments: Mapping[str, Any],
    on_line: Callable[[Mapping[str, Any]], None],
) -> None:
    """Let the running service carry out ``maintenance/start``, ``silence/add``, …; ``on_line`` gets its answer.

    ``endpoint`` is its control socket, None where the configuration does not say where that is.

    Raises:
        StartError: refused, failed, or nobody runs; the message is for a person.
    """
    if endpoint is None:
        raise StartError(
            "the running service cannot be asked: set service::control::endpoint, or use an extension that keeps files"
        )
    try:
        for line in call(endpoint, command, arguments, timeout_s=LONGEST_WAIT_S):
            on_line(line)
    except NotRunningError as error:
        raise StartError(f"{error}; {command.partition('/')[0]} is for a running service") from None
    except ControlError as error:
        raise StartError(str(error)) from None
