"""From what the journal keeps to what is shown: JSON as Discord has it. Done when somebody looks."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import DecodeError

from otel_discord.component.watched_exporter import ShownMessage, Step
from otel_discord.discord_api.models import Message
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.watching.journal import Told


def shown_message(told: Told, render: Callable[[Sequence[Card]], Message] | None, name: str = "") -> ShownMessage:
    """Return a message with its journey.

    Args:
        told: what is known of it.
        render: makes one of cards that were never sent.
        name: the webhook's, for messages that name no other.
    """
    cards = _readable(told.payloads)
    message = told.message
    if message is None and render is not None and cards:
        message = render(cards)
    body: dict[str, Any] = dict(message.to_json()) if message is not None else {"content": "", "embeds": []}
    body |= {
        key: value for key, value in (("username", told.username or name), ("avatar_url", told.avatar_url)) if value
    }
    if told.attachments:
        body["attachments"] = [dict(each) for each in told.attachments]
    journey = [*_begun(cards), *told.journey]
    posted_ns = told.posted_ns or max((step.at_ns for step in journey), default=0)
    body["timestamp"] = _text(posted_ns)
    body["edited_timestamp"] = _text(told.edited_ns) if told.edited_ns else None
    if told.message_id:
        body["id"] = told.message_id
    return ShownMessage(
        key=told.key,
        destination=told.destination,
        message=body,
        files=tuple(str(each["filename"]) for each in told.attachments),
        url=told.url,
        records=told.records,
        journey=tuple(journey),
        is_delivered=told.is_delivered,
    )


def _begun(cards: Sequence[Card]) -> list[Step]:
    accepted_ns = min((card.accepted_ns for card in cards if card.accepted_ns), default=0)
    return [Step(accepted_ns, "received")] if accepted_ns else []


def _readable(payloads: Sequence[bytes]) -> list[Card]:
    cards = []
    for payload in payloads:
        try:
            cards.append(Card.from_bytes(payload))
        except DecodeError:
            continue
    return cards


def _text(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 1e9, UTC).isoformat(timespec="milliseconds")
