"""What flows from metrics into the measures of a rule. Pure."""

import hashlib
import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from otel_discord.connectors.threshold.book import Labels
from otel_discord.connectors.threshold.config_rule import RuleConfig
from otel_discord.connectors.threshold.exemplars import Exemplars
from otel_discord.connectors.threshold.measures import Measure
from otel_discord.connectors.threshold.metric_names import parse_metric_name
from otel_discord.connectors.threshold.values_unit import UnitOfValues
from otel_discord.ottl import Condition, ContextKind, DataPointItem, parse_condition
from otel_discord.signals import Plain, find_attribute


@dataclass(slots=True, kw_only=True)
class Feed:
    """One metric (or those that a regular expression names) on its way into measures of several windows."""

    rule: str
    side: str
    """``metric``, or ``of`` and ``to`` of a ratio."""
    matches: str | Callable[[str], bool]
    where: Condition | None
    group_by: Sequence[str]
    by_window: Mapping[int, Measure]
    unit: UnitOfValues | None
    meaning: str
    """Changes with everything that the measures' content depends on."""
    exemplars: Exemplars | None = None
    """Where traces are kept; None for a feed whose traces say nothing of what the rule is about."""
    resource_keys: dict[str, None] = field(default_factory=dict)
    """Those of ``group_by`` that were found on a resource."""

    @classmethod
    def made(
        cls,
        config: RuleConfig,
        side: str,
        metric: str,
        where: str,
        by_window: Mapping[int, Measure],
        unit: UnitOfValues | None = None,
        exemplars: Exemplars | None = None,
    ) -> "Feed":
        """Return the feed of one side of a rule."""
        meaning = [metric, where, *config.group_by, config.aggregation_or_default]
        return cls(
            rule=config.name,
            side=side,
            matches=parse_metric_name(metric),
            where=parse_condition(where, ContextKind.DATAPOINT) if where else None,
            group_by=config.group_by,
            by_window=by_window,
            unit=unit,
            exemplars=exemplars,
            meaning=hashlib.blake2b(orjson.dumps(meaning), digest_size=8).hexdigest(),
        )

    @property
    def longest_window_ns(self) -> int:
        """How far back it looks."""
        return max(self.by_window)

    def named_measures(self) -> Iterator[tuple[str, Measure]]:
        """Yield each measure under a name that stays the same as long as its content means the same."""
        for window_ns, measure in self.by_window.items():
            yield f"{self.rule}/{self.side}/{self.meaning}/{window_ns}", measure

    def wants(self, metric_name: str) -> bool:
        """Return whether it is about metrics of a name."""
        return self.matches == metric_name if isinstance(self.matches, str) else self.matches(metric_name)

    def take(self, item: DataPointItem, resource: Mapping[str, Plain], stream: Hashable, now_ns: int) -> None:
        """Take a point in, if its ``where`` holds.

        Raises:
            OttlError: that cannot be evaluated.
        """
        if self.where is not None and not self.where.holds(item):
            return
        labels = self._labels(item.point.attributes, resource)
        for measure in self.by_window.values():
            measure.take(labels, stream, item.metric, item.point, now_ns)
        if self.exemplars is not None and (found := getattr(item.point, "exemplars", ())):  # a summary has none
            self.exemplars.take(labels, found, now_ns)

    def learn(self, metric: Metric, kind: str) -> None:
        """Take the unit of a metric."""
        if self.unit is not None and not self.unit.is_known:
            self.unit.learn(metric.unit, kind)

    def _labels(self, attributes: Iterable[KeyValue], resource: Mapping[str, Plain]) -> Labels:
        labels: list[tuple[str, Plain]] = []
        for key in self.group_by:
            value = label_value(find_attribute(attributes, key))
            if value is None and key in resource:
                value = label_value(resource[key])
                self.resource_keys[key] = None
            labels.append((key, value))
        return tuple(labels)


def label_value(value: Plain) -> Plain:
    """Return an attribute's value as a label: what is no text, number or truth value becomes text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, bytes):
        return value.hex()
    return orjson.dumps(value, default=_as_text, option=orjson.OPT_NON_STR_KEYS).decode()


def _as_text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
