"""Messages of our own that a template has the words of, such as a notice about dead letters."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from otel_discord.component.destination_source import RunCard
from otel_discord.discord_api.models import Embed, Message
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.render import Renderer
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import escape_markdown

_OF_THE_SENDER: Final = frozenset({"username", "avatar_url", "thread_name"})


@dataclass(frozen=True, slots=True)
class OwnMessages:
    """Makes messages with the templates of an exporter."""

    renderer: Renderer
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger(__name__))

    def dead_letters(self, values: Mapping[str, Any]) -> Message:
        """Return the notice about dead letters."""
        return pack([self.renderer.dead_letters(values)]).message

    def run_card(self, card: RunCard) -> Mapping[str, Any]:
        """Return Discord's JSON of a run's first message; it pings nobody. Does not raise."""
        try:
            message = pack([self.renderer.run(card)]).message
        except Exception:
            self.logger.exception("a run's message cannot be made as its template says; please report this")
            message = _plain_run(card)
        return {key: value for key, value in message.to_json().items() if key not in _OF_THE_SENDER}


def _plain_run(card: RunCard) -> Message:
    outcome = f": {card.outcome or card.state}" if card.ended_unix_s is not None else ""
    return Message(embeds=(Embed(title=escape_markdown(cut_middle(f"{card.name}{outcome}", 200)) or card.run_id),))


def show_built_in(values: Mapping[str, Any]) -> Message:
    """Return the notice about dead letters as the built-in template has it."""
    return _built_in().dead_letters(values)


@cache
def _built_in() -> OwnMessages:
    return OwnMessages(Renderer())
