"""Dead letters of a running service over its control socket."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, Final

from otel_discord.service.control.command import Command, OpenComponents
from otel_discord.service.letter_verbs import VERBS, Verb, open_desks

PREFIX: Final = "dead-letters/"


def dead_letter_commands(components: OpenComponents) -> list[Command]:
    """Return the commands ``dead-letters/list``, ``/show``, ``/replay``, ``/purge`` and ``/bury``."""
    return [Command(f"{PREFIX}{name}", partial(_run, components, verb)) for name, verb in VERBS.items()]


def _run(components: OpenComponents, verb: Verb, arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
    return verb(open_desks(components()), arguments)
