"""What a configuration will bring that nobody wants: more messages than a channel takes, too many pings. Pure."""

from collections.abc import Iterator
from typing import Final

from otel_discord.discord_api.webhook_url import WebhookUrlError, parse_webhook_url
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.config_destination import MentionConfig
from otel_discord.exporters.discord.thread_names import ThreadName
from otel_discord.signals import severity_range

CHANNEL_MESSAGES_PER_MINUTE: Final = 30
"""What Discord takes in one channel, over all of its webhooks; its own limit, which it does not publish."""
_WARN: Final = 13
_ERROR: Final = 17
_TOO_MANY_PINGS_PER_HOUR: Final = 30
_ALWAYS: Final = "true"


def storm_warnings(config: DiscordConfig) -> list[str]:
    """Return what is likely to exceed a channel's budget or to ping too often, each with its key path first."""
    return [*_floods(config), *_folding(config), *_pings(config), *_twins(config), *_unreachable(config)]


def _floods(config: DiscordConfig) -> Iterator[str]:
    budget = config.rate_limit.channel_messages_per_minute
    if budget > CHANNEL_MESSAGES_PER_MINUTE and config.endpoint.startswith("https://discord.com/"):
        yield (
            f"rate_limit::channel_messages_per_minute: {budget} is more than the {CHANNEL_MESSAGES_PER_MINUTE} a "
            "minute that Discord takes in a channel; it will answer 429, and messages then wait longer than without"
        )
    if config.routes:
        return
    own = {"min_severity": config.min_severity} if not config.destinations else {}
    floors = own | {
        f"destinations::{name}::min_severity": config.min_severity if item.min_severity is None else item.min_severity
        for name, item in config.destinations.items()
    }
    for path, floor in floors.items():
        if floor < _WARN:
            yield (
                f"{path}: everything from {_name(floor)} on goes to one channel, which takes about "
                f"{CHANNEL_MESSAGES_PER_MINUTE} messages a minute; what is more arrives late, in digests. Raise it to "
                "WARN, or put a filter processor or routes before it"
            )


def _folding(config: DiscordConfig) -> Iterator[str]:
    budget = config.rate_limit.channel_messages_per_minute
    fold = config.fold
    if not fold.enabled:
        if budget:
            yield (
                "fold::enabled: without folding each record is a card of its own, and a service in trouble writes more "
                f"of them than fit into {budget} messages a minute: what matters then waits behind repeats"
            )
        return
    edits = 60 / fold.edit_interval if fold.edit_interval else float("inf")
    if budget and edits >= budget:
        yield (
            f"fold::edit_interval: edits of a single busy message alone would use up the {budget} messages a minute of "
            f"its channel; 10s is usual"
        )


def _pings(config: DiscordConfig) -> Iterator[str]:
    found: dict[str, MentionConfig | None] = {
        f"destinations::{name}::mention": item.mention for name, item in config.destinations.items()
    }
    found |= {f"routes::{place}::mention": route.mention for place, route in enumerate(config.routes)}
    for path, mention in found.items():
        if mention is None:
            continue
        if not mention.mention().chips:
            yield f"{path}: names neither roles nor users, so it pings nobody"
            continue
        if mention.min_severity < _ERROR:
            yield (
                f"{path}::min_severity: people are pinged from {_name(mention.min_severity)} on; who is pinged for "
                "what can wait stops looking. ERROR or FATAL is usual"
            )
        if mention.max_per_hour > _TOO_MANY_PINGS_PER_HOUR:
            yield (
                f"{path}::max_per_hour: {mention.max_per_hour} pings an hour are more than one every two minutes; "
                "6 is the default"
            )


def _twins(config: DiscordConfig) -> Iterator[str]:
    seen: dict[tuple[str, str, str], str] = {}
    for name, item in config.destinations.items():
        try:
            webhook = parse_webhook_url(
                item.webhook_url.reveal() if item.webhook_url else "",
                endpoint=config.endpoint,
                allow_insecure=config.allow_insecure_endpoint,
            )
        except WebhookUrlError:
            continue  # from a file, which is read at the start
        place = (webhook.id, item.thread_id or webhook.thread_id, item.thread_name)
        twin = seen.setdefault(place, name)
        if twin != name and not config.routes:
            yield (
                f"destinations::{name}::webhook_url: is the webhook of destinations::{twin} as well, so that what goes "
                "to both is shown twice"
            )
    for name, item in config.destinations.items():
        if item.thread_name and ThreadName(item.thread_name).uses("title"):
            yield (
                f"destinations::{name}::thread_name: titles with numbers or ids in them open a post each; "
                "{{ problem }} is the title without its variable parts"
            )


def _unreachable(config: DiscordConfig) -> Iterator[str]:
    for place, route in enumerate(config.routes[:-1]):
        if route.condition.strip().lower() == _ALWAYS and not route.continue_:
            yield f"routes::{place}: takes every record, so the routes after it are never looked at"
            return


def _name(severity: int) -> str:
    lowest = severity_range(severity)
    return lowest.name if lowest else "the lowest severity"
