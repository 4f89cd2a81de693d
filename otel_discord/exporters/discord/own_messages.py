"""Messages of our own that a template has the words of, such as a notice about dead letters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.render import Renderer


@dataclass(frozen=True, slots=True)
class OwnMessages:
    """Makes messages with the templates of an exporter."""

    renderer: Renderer

    def dead_letters(self, values: Mapping[str, Any]) -> Message:
        """Return the notice about dead letters."""
        return pack([self.renderer.dead_letters(values)]).message


def show_built_in(values: Mapping[str, Any]) -> Message:
    """Return the notice about dead letters as the built-in template has it."""
    return _built_in().dead_letters(values)


@cache
def _built_in() -> OwnMessages:
    return OwnMessages(Renderer())
