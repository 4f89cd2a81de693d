"""A command that a running service answers over its control socket."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from otel_discord.component import Component

Run: TypeAlias = Callable[[Mapping[str, Any]], AsyncIterator[Mapping[str, Any]]]
"""Takes the arguments (what JSON can say) and yields one mapping after the other, each a line of the answer."""

OpenComponents: TypeAlias = Callable[[], Mapping[str, Component]]
"""Every component that is open at the time of the call, by its name (``exporter:discord/ops``); a reload exchanges
them, so a command asks anew each time and looks for those that offer its protocol."""


class RefusedError(Exception):
    """What a command raises to refuse: its words, for a person, are the last line of the answer. Holds no secret."""


@dataclass(frozen=True, slots=True)
class Command:
    """``name`` is what follows ``/v1/`` in the path: small letters, digits, ``-`` and ``/``.

    ``run`` is closed at its next ``yield`` when who asked has gone away; it is never cut off in between. It raises
    :class:`RefusedError` (or one of ``component.errors``) with words for a person; anything else is logged and
    answered without its details.
    """

    name: str
    run: Run
    at_any_time: bool = False
    """Also while the service starts or shuts down; else it is refused then with these words."""
