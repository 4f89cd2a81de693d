"""What the error log says about records that could not be delivered. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.cards import Card
from otel_discord.signals import find_attribute, severity_range, to_plain

_WORDS_CHARS: Final = 500

ADVICE: Final = {
    Reason.NOT_FOUND: "The webhook or its channel was deleted: make a new one and put its URL in the configuration.",
    Reason.UNAUTHORIZED: "Its token is wrong or was renewed: copy the webhook's URL anew.",
    Reason.FORBIDDEN: "Discord forbids it: look at the channel's permissions and at the webhook's owner.",
    Reason.MISCONFIGURED: "The channel wants other settings: a forum needs thread_id or thread_name, other channels"
    " take no thread_name, and an archived or locked thread takes no messages.",
}
"""What a person can do about a destination that is gone."""


def last_words(cards: Iterable[Card]) -> Iterator[str]:
    """Yield one line a card: severity, service, count, the text's beginning."""
    for card in cards:
        try:
            resource, _, record = card.parts()
        except DecodeError:  # nested too deeply to be read again
            yield f"{severity_range(card.severity).name} (a record that cannot be read)"
            continue
        service = find_attribute(resource.attributes, "service.name")
        origin = service if isinstance(service, str) and service else "unknown service"
        text = find_attribute(record.attributes, "exception.message") or to_plain(record.body) or record.event_name
        line = " ".join(str(text or "(no text)").split())[:_WORDS_CHARS]
        times = f" ×{card.count:,}" if card.count > 1 else ""
        yield f"{severity_range(card.severity).name}{times} {origin}: {line}"
