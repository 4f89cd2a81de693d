"""The service's connectors inside an application, between what an outlet holds and the exporter."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

from otel_discord import __version__
from otel_discord.component import ComponentId, Connector, ConnectorFactory, Consumer, Outlets, Settings
from otel_discord.sdk.host import ApplicationHost
from otel_discord.signals import Batch, Signal

if TYPE_CHECKING:
    from otel_discord.connectors.threshold.config import ThresholdConfig

_HOMES: Final[Mapping[str, str]] = {
    "threshold": "otel_discord.connectors.threshold.factory",
    "exceptions": "otel_discord.connectors.exceptions.factory",
    "slow_spans": "otel_discord.connectors.slow_spans.factory",
}


def factory_of(type_name: str) -> ConnectorFactory:
    """Return the factory of a connector that an application may use."""
    factory: ConnectorFactory = import_module(_HOMES[type_name]).FACTORY
    return factory


@asynccontextmanager
async def connected(
    type_name: str, section: Mapping[str, Any], exporter: Consumer, host: ApplicationHost
) -> AsyncIterator[Connector]:
    """Open a connector whose records the exporter takes.

    Args:
        type_name: of the connector.
        section: its part of a configuration, which was found to be right before.
        exporter: who takes what it makes.
        host: what it finds of the house.

    Raises:
        StartError: it cannot be opened.
    """
    factory = factory_of(type_name)
    settings = Settings(
        id=ComponentId(type_name),
        meter=NoOpMeterProvider().get_meter("otel_discord"),
        tracer=NoOpTracerProvider().get_tracer("otel_discord"),
        logger=logging.getLogger(f"otel_discord.connector.{type_name}"),
        version=__version__,
    )
    connector: Connector = factory.create(
        settings, factory.config.model_validate(section), Outlets({Signal.LOGS: exporter})
    )
    async with connector.lifespan(host):
        yield connector


def converter_of(connectors: Mapping[str, Any]) -> Callable[[Sequence[Any]], Iterator[Batch]]:
    """Return what makes batches of an outlet's items, for these connectors."""
    if "threshold" not in connectors:
        from otel_discord.sdk.spans_to_otlp import traces_batch

        return lambda spans: iter((traces_batch(spans),))
    from otel_discord.sdk.metrics_to_otlp import metrics_batches

    config: Any = factory_of("threshold").config.model_validate(connectors["threshold"])
    is_wanted = wanted_metrics(config)
    return lambda collections: (batch for each in collections for batch in metrics_batches(each, is_wanted))


def wanted_metrics(config: "ThresholdConfig") -> Callable[[str], bool]:
    """Return what says whether a rule asks for a metric of a name."""
    from otel_discord.connectors.threshold.metric_names import parse_metric_name

    exact: set[str] = set()
    patterns: list[Callable[[str], bool]] = []
    for rule in config.rules:
        operands = (rule.ratio.of, rule.ratio.to) if rule.ratio is not None else ()
        for text in (rule.metric, *(each.metric for each in operands)):
            found = parse_metric_name(text)
            if isinstance(found, str):
                exact.add(found)
            else:
                patterns.append(found)
    return lambda name: name in exact or any(matches(name) for matches in patterns)
