"""Where a message goes and whom it names: its forum post, its mentions, and whether it makes a sound. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from otel_discord.component import StoredCard
from otel_discord.discord_api import limits
from otel_discord.discord_api.models import SUPPRESS_NOTIFICATIONS, AllowedMentions, Message
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.mentions import NOBODY_CALLED, Call, Subject, call_for
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY
from otel_discord.exporters.discord.thread_names import ThreadName

_MAX_TITLES: Final = 10_000


def of_one_post(
    destination: Destination, memory: LaneMemory, head: Sequence[StoredCard]
) -> tuple[Sequence[StoredCard], str]:
    """Return the cards that belong to the same forum post as the first one, and the post's title."""
    name = destination.thread_name
    if name is None or not head:
        return head, ""
    if name.is_constant:
        return head, name.own_post
    titles = [_title_of(stored, name, memory) for stored in head]
    return [stored for stored, title in zip(head, titles, strict=True) if title == titles[0]], titles[0]


def _title_of(stored: StoredCard, name: ThreadName, memory: LaneMemory) -> str:
    """Return the title of a card's post; asked often while the card waits."""
    key = (name.text, stored.id)
    title = memory.titles.get(key)
    if title is None:
        if len(memory.titles) >= _MAX_TITLES:
            memory.titles.clear()
        title = memory.titles[key] = name.of(Card.from_bytes(stored.payload))
    return title


def call_of(
    destination: Destination, memory: LaneMemory, stored: Sequence[StoredCard], cards: Sequence[Card], now_s: float
) -> Call:
    """Return whom a message with these cards pings: new ones in Discord, or it would be an edit."""
    if not destination.mentions:
        return NOBODY_CALLED
    subjects = [
        Subject(
            card_id=each.id,
            severity=card.severity,
            routes=card.routes,
            is_critical=each.priority >= CRITICAL_PRIORITY,
            no_ping=card.no_ping or _is_told(card),
        )
        for each, card in zip(stored, cards, strict=True)
    ]
    return call_for(subjects, destination.mentions, memory.pings, now_s, is_quiet=_is_quiet(destination, now_s))


def content_room(address: str) -> int:
    """Return how much of a message's content is left for cards that are text."""
    return limits.CONTENT_CHARS - (len(address) + 1 if address else 0)


def with_address(message: Message, address: str) -> Message:
    """Return a message that says this below its text, or above its embeds."""
    return replace(message, content="\n".join(part for part in (message.content, address) if part))


def addressed(
    message: Message,
    destination: Destination,
    memory: LaneMemory,
    stored: Sequence[StoredCard],
    call: Call,
    post: str,
    now_s: float,
) -> Message:
    """Return the message as it goes out: signed, with its mentions, to its post, without a sound where it is quiet.

    The name and picture that its template gives go before the destination's.
    """
    is_silent = _is_quiet(destination, now_s) and all(card.priority < CRITICAL_PRIORITY for card in stored)
    memory.posts = memory.posts.of(destination.webhook.id)
    thread_id = memory.posts.find(post) if post else ""
    return replace(
        with_address(message, call.address),
        username=message.username or destination.username,
        avatar_url=message.avatar_url or destination.avatar_url,
        thread_name="" if thread_id else post,
        thread_id=thread_id,
        flags=message.flags | (SUPPRESS_NOTIFICATIONS if is_silent else 0),
        allowed_mentions=AllowedMentions(users=call.users, roles=call.roles),
    )


def _is_quiet(destination: Destination, now_s: float) -> bool:
    return destination.quiet_hours is not None and destination.quiet_hours.cover(now_s)


def _is_told(card: Card) -> bool:
    """Return whether a card shows alerts that nobody has to look at now: they are over, or were told before."""
    alert = AlertGroup.from_bytes(card.alert_group)
    return alert is not None and (alert.is_over or alert.retold)
