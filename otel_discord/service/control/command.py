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
    """``name`` is the last part of the path ``/v1/<name>``: small letters, digits, ``-`` and ``/``.

    ``run`` lives until its last line: who asks may go away, then it is cancelled at its next ``yield`` or ``await``.
    It raises :class:`RefusedError` (or a ``component.errors`` one) with words for a person; anything else is logged
    and answered without its details.
    """

    name: str
    run: Run
