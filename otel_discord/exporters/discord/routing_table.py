"""The routing table of an exporter, from its configuration."""

import logging
import time
from collections.abc import Sequence

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.routes import Route
from otel_discord.exporters.discord.routing import Router
from otel_discord.ottl import ContextKind, OttlError, parse_condition
from otel_discord.ottl.told_once import ToldOnce


def routing_table(
    config: DiscordConfig,
    destinations: Sequence[Destination],
    logger: logging.Logger,
    only: frozenset[str] | None = None,
) -> Router:
    """Return the routing table. A route whose destinations are not there, or not yet, takes nothing.

    With ``only`` it is that of who works for some of the destinations.
    """
    by_name = {item.name: item for item in destinations}
    routes = [
        Route(
            condition=parse_condition(written.condition, ContextKind.LOG, clock=time.time_ns),
            destinations=there,
            goes_on=written.continue_,
            mark=written.mark,
        )
        for written in config.routes
        if (there := [by_name[name] for name in written.destinations if name in by_name])
    ]

    def tell(condition: str, error: OttlError) -> None:
        logger.warning(
            "a route's condition cannot be evaluated for some records, which it does not match: %s",
            error,
            extra={"condition": condition},
        )

    return Router(destinations, config.critical.min_severity, config.critical.to_all, routes, ToldOnce(tell), only)
