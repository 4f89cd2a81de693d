"""A component as a value behind one entry-point line: type, configuration, how to create it.

``config`` is what the user writes (a StrictModel with all its defaults); ``Settings`` is what code passes.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from opentelemetry.metrics import Meter
from opentelemetry.trace import Tracer

from otel_discord.component.component import Component, ComponentId, Connector, Exporter, Kind, Processor
from otel_discord.component.consumer import Consumer
from otel_discord.config.model import StrictModel
from otel_discord.signals.batch import Signal


class Stability(StrEnum):
    """How much a user may rely on a component, the Collector's words."""

    DEVELOPMENT = "Development"
    ALPHA = "Alpha"
    BETA = "Beta"
    STABLE = "Stable"


@dataclass(frozen=True, slots=True)
class Settings:
    """What code passes to a new component; its own telemetry goes through ``meter``, ``tracer`` and ``logger``."""

    id: ComponentId
    meter: Meter
    tracer: Tracer
    logger: logging.Logger
    version: str
    """Version of otel-discord, for user agents and footers."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where a receiver or connector passes data on to.

    ``by_signal`` has a consumer (a fan-out, where several pipelines follow) for each signal that a pipeline wants;
    ``by_pipeline`` has each of those pipelines alone, for connectors that choose.
    """

    by_signal: Mapping[Signal, Consumer]
    by_pipeline: Mapping[str, Consumer] = field(default_factory=dict)


Signals: TypeAlias = Mapping[Signal, Stability]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverFactory:
    """Creates one receiver for each id, shared by the pipelines of all signals."""

    type_name: str
    config: type[StrictModel]
    signals: Signals
    create: Callable[[Settings, Any, Outlets], Component]
    kind = Kind.RECEIVER


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorFactory:
    """Creates one processor for each place where a pipeline names it."""

    type_name: str
    config: type[StrictModel]
    signals: Signals
    create: Callable[[Settings, Any, Signal, Consumer], Processor]
    kind = Kind.PROCESSOR


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorFactory:
    """Creates one connector for each id. ``signals`` maps (from, to) to stability."""

    type_name: str
    config: type[StrictModel]
    signals: Mapping[tuple[Signal, Signal], Stability]
    create: Callable[[Settings, Any, Outlets], Connector]
    kind = Kind.CONNECTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterFactory:
    """Creates one exporter for each id, shared by the pipelines of all signals."""

    type_name: str
    config: type[StrictModel]
    signals: Signals
    create: Callable[[Settings, Any], Exporter]
    kind = Kind.EXPORTER


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFactory:
    """Creates one extension for each id under ``service.extensions``."""

    type_name: str
    config: type[StrictModel]
    stability: Stability
    create: Callable[[Settings, Any], Component]
    kind = Kind.EXTENSION


Factory: TypeAlias = ReceiverFactory | ProcessorFactory | ConnectorFactory | ExporterFactory | ExtensionFactory
