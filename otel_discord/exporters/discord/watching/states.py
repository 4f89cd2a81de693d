"""How one destination fares, put together from what its outbox, its book and the limiter know. Nothing waits here."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from otel_discord.component import StoredCard
from otel_discord.component.watched_exporter import DestinationState, Health
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.ratelimit import RateLimitSnapshot
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.exporterhelper.breaker import Phase
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.mutes.gate import Gate
from otel_discord.exporters.discord.mutes.held_lanes import destination_of, is_held
from otel_discord.exporters.discord.mutes.mute import EVERYTHING, Action
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch, words_of

_BREAKERS = {Phase.CLOSED: "closed", Phase.HALF_OPEN: "half-open", Phase.OPEN: "open"}
_AT_ONCE_S = 0.05


@dataclass(slots=True)
class Backlog:
    """What waits for one destination."""

    cards: int = 0
    records: int = 0
    oldest_ns: int = 0
    held: int = 0
    """Cards that a mute holds, among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now, on both clocks, with what all destinations share."""

    now_ns: int
    loop_s: float
    limits: RateLimitSnapshot
    gate: Gate | None


def backlogs(
    books: Mapping[str, LaneBook], counted: Mapping[str, int], oldest_ns: Mapping[str, int]
) -> dict[str, Backlog]:
    """Return what waits, by destination.

    Args:
        books: of all lanes; a lane's book need not know every card that waits.
        counted: how many cards the queue has counted in each lane, a moment ago.
        oldest_ns: when the oldest card was accepted, of lanes whose book does not know every card.
    """
    found: dict[str, Backlog] = {}
    for lane, book in books.items():
        backlog = found.setdefault(destination_of(lane), Backlog())
        waiting = [entry for entry in book.entries.values() if entry.message is None]
        backlog.records += sum(entry.count for entry in waiting)
        _add_cards(backlog, lane, len(waiting))
        unknown = max(0, counted.get(lane, 0) - len(waiting))
        backlog.records += unknown
        _add_cards(backlog, lane, unknown)
        times_ns = [
            backlog.oldest_ns,
            *(entry.opened_ns for entry in waiting),
            oldest_ns.get(lane, 0) if unknown else 0,
        ]
        backlog.oldest_ns = min((time_ns for time_ns in times_ns if time_ns), default=0)
    return found


def unknown_lanes(books: Mapping[str, LaneBook], counted: Mapping[str, int]) -> list[str]:
    """Return the lanes that hold cards of which their book knows nothing, as where nothing is folded."""
    return [lane for lane, cards in counted.items() if lane in books and cards > _known_cards(books[lane])]


def _known_cards(book: LaneBook) -> int:
    return sum(entry.message is None for entry in book.entries.values())


def oldest_of(head: Sequence[StoredCard]) -> int:
    """Return when the card that came first was accepted, in nanoseconds; 0 where there is none that can be read."""
    first = min(head, key=lambda card: card.id, default=None)
    try:
        return Card.from_bytes(first.payload).accepted_ns if first is not None else 0
    except DecodeError:
        return 0


def _add_cards(backlog: Backlog, lane: str, cards: int) -> None:
    backlog.cards += cards
    if is_held(lane):
        backlog.held += cards


def destination_state(
    outbox: Outbox, watch: LaneWatch, backlog: Backlog, moment: Moment, client: WebhookClient
) -> DestinationState:
    """Return the state of one destination."""
    found, gone = watch.finding, outbox.gone
    ready_s = client.ready_at(outbox.destination.webhook, Operation.EXECUTE)
    wait_s = max(0.0, ready_s - moment.loop_s)
    waits = wait_s > _AT_ONCE_S
    return DestinationState(
        name=outbox.name,
        health=_health(outbox, backlog, moment, waits=waits),
        label=outbox.destination.label or found.label,
        waiting_cards=backlog.cards,
        waiting_records=backlog.records,
        oldest_waiting_ns=backlog.oldest_ns,
        budget_left=_budget_left(outbox, found.channel_id, moment.limits),
        next_at_ns=moment.now_ns + int(wait_s * 1e9) if waits and math.isfinite(wait_s) else 0,
        breaker=_BREAKERS[outbox.circuit.phase],
        delivered=watch.delivered,
        failed=watch.failed,
        recent_success=watch.requests.success,
        response_p50_s=watch.requests.quantile_s(0.5),
        response_p99_s=watch.requests.quantile_s(0.99),
        last_sent_ns=watch.last_sent_ns,
        last_429_ns=watch.last_429_ns,
        last_error=watch.last_error or (words_of(gone) if gone is not None else ""),
        last_error_ns=watch.last_error_ns,
        fallback=outbox.destination.fallback,
        webhook_up=False if gone is not None else found.up,
        webhook_checked_ns=found.checked_ns,
        webhook_response_s=found.response_s,
    )


def _health(outbox: Outbox, backlog: Backlog, moment: Moment, *, waits: bool) -> Health:
    if outbox.is_gone:
        return Health.GONE
    if outbox.is_open:
        return Health.UNREACHABLE
    if backlog.held or _is_muted(outbox, moment):
        return Health.MUTED
    return Health.WAITING if waits and backlog.cards > backlog.held else Health.OK


def _is_muted(outbox: Outbox, moment: Moment) -> bool:
    quiet = outbox.destination.quiet_hours
    if quiet is not None and quiet.cover(moment.now_ns / 1e9):
        return True
    if moment.gate is None or moment.gate.is_open:
        return False
    return any(
        mute.action is not Action.NO_PING and mute.which == EVERYTHING and mute.concerns(outbox.name)
        for mute in moment.gate.book.active(moment.now_ns)
    )


def _budget_left(outbox: Outbox, channel_id: str, limits: RateLimitSnapshot) -> float | None:
    """Return how many messages may go at once: what is left of the channel's budget and of the webhook's bucket."""
    route = Route(Operation.EXECUTE, outbox.destination.webhook.id)
    left: list[int | None] = [each.remaining for each in limits.buckets if each.route == route]
    left += [each.left for each in limits.channels if channel_id and each.channel_id == channel_id]
    return min(_known(left), default=None)


def _known(numbers: Iterable[int | None]) -> Sequence[float]:
    return [float(each) for each in numbers if each is not None]
