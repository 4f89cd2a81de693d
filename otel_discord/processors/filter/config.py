"""What the user writes under ``processors::filter``: contrib's keys of all its times, and ``keep`` and ``drop``."""

from collections.abc import Iterator, Sequence
from typing import Final

from pydantic import model_validator

from otel_discord.config import StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl import ContextKind, ErrorMode
from otel_discord.processors.attributes.match_config import OF_SIGNAL, MatchConfig, RegexpConfig
from otel_discord.processors.filter.conditions import Conditions, Rule, WrongRule, inferred_rules_of, rules_of
from otel_discord.processors.filter.match_config import LogMatch, MetricMatch
from otel_discord.signals import Signal


class SpanFilter(StrictModel):
    """Spans in the older form."""

    include: MatchConfig | None = None
    """Spans that do not match are dropped."""
    exclude: MatchConfig | None = None
    """Spans that match are dropped."""


class TraceFilter(StrictModel):
    """Conditions by what they look at."""

    resource: tuple[str, ...] = ()
    """OTTL about resources; of those that match everything is dropped."""
    span: tuple[str, ...] = ()
    """OTTL about spans; those that match are dropped."""
    spanevent: tuple[str, ...] = ()
    """OTTL about span events; those that match are dropped, the span stays."""


class MetricFilter(StrictModel):
    """Conditions by what they look at, and the older form."""

    include: MetricMatch | None = None
    """Metrics that do not match are dropped."""
    exclude: MetricMatch | None = None
    """Metrics that match are dropped."""
    regexp: RegexpConfig = RegexpConfig()
    """Contrib's cache of results, without effect."""
    resource: tuple[str, ...] = ()
    """OTTL about resources; of those that match everything is dropped."""
    metric: tuple[str, ...] = ()
    """OTTL about metrics; those that match are dropped."""
    datapoint: tuple[str, ...] = ()
    """OTTL about data points; those that match are dropped, and a metric without any left."""


class LogFilter(StrictModel):
    """Conditions by what they look at, and the older form."""

    include: LogMatch | None = None
    """Records that do not match are dropped."""
    exclude: LogMatch | None = None
    """Records that match are dropped."""
    resource: tuple[str, ...] = ()
    """OTTL about resources; of those that match everything is dropped."""
    log_record: tuple[str, ...] = ()
    """OTTL about log records; those that match are dropped."""


SECTIONS: Final = {
    Signal.LOGS: ("logs", {"resource": ContextKind.RESOURCE, "log_record": ContextKind.LOG}),
    Signal.METRICS: (
        "metrics",
        {"resource": ContextKind.RESOURCE, "metric": ContextKind.METRIC, "datapoint": ContextKind.DATAPOINT},
    ),
    Signal.TRACES: (
        "traces",
        {"resource": ContextKind.RESOURCE, "span": ContextKind.SPAN, "spanevent": ContextKind.SPANEVENT},
    ),
}
"""Contrib's section of each signal, and what the lists in it look at."""
FLAT: Final = {Signal.LOGS: "log_conditions", Signal.METRICS: "metric_conditions", Signal.TRACES: "trace_conditions"}


class FilterConfig(StrictModel):
    """What is dropped, and what is kept. Contrib's keys drop what matches."""

    error_mode: ErrorMode = ErrorMode.IGNORE
    """What a condition that cannot be evaluated does: `ignore` logs it and drops nothing for it, `silent` does not log
    it, `propagate` refuses the batch."""
    keep: Conditions = ()
    """OTTL with prefixes (`log.severity_number`): only what matches one of them goes on. Texts, or groups with
    settings."""
    drop: Conditions = ()
    """OTTL with prefixes: what matches one of them is dropped, also of what `keep` would keep."""
    log_conditions: Conditions = ()
    """OTTL with prefixes `resource`, `scope`, `log`; what matches one of them is dropped."""
    metric_conditions: Conditions = ()
    """OTTL with prefixes `resource`, `scope`, `metric`, `datapoint`; what matches one of them is dropped."""
    trace_conditions: Conditions = ()
    """OTTL with prefixes `resource`, `scope`, `span`, `spanevent`; what matches one of them is dropped."""
    logs: LogFilter = LogFilter()
    """Log records: contrib's earlier forms."""
    metrics: MetricFilter = MetricFilter()
    """Metrics and data points: contrib's earlier forms."""
    traces: TraceFilter = TraceFilter()
    """Spans and span events: contrib's earlier form."""
    spans: SpanFilter = SpanFilter()
    """Spans: contrib's first form."""

    @model_validator(mode="after")
    def _reads(self) -> "FilterConfig":
        rules = [*self.keeping(), *(rule for signal in Signal for rule in self.dropping(signal))]
        problems = [f"{rule.path}: {rule.message}" for rule in rules if isinstance(rule, WrongRule)]
        problems += self._keys_of_others()
        if problems:
            raise SeveralError(list(dict.fromkeys(problems)))
        return self

    def _keys_of_others(self) -> Iterator[str]:
        for key in ("include", "exclude"):
            match = getattr(self.spans, key)
            for signal, keys in OF_SIGNAL.items():
                if match is not None and signal is not Signal.TRACES:
                    yield from (
                        f"spans::{key}::{each}: is for {signal}, not for spans"
                        for each in sorted(keys)
                        if getattr(match, each)
                    )

    def keeping(self) -> Iterator[Rule | WrongRule]:
        """Yield the conditions under ``keep``, of all signals."""
        return inferred_rules_of("keep", self.keep, list(Signal))

    def dropping(self, signal: Signal) -> Iterator[Rule | WrongRule]:
        """Yield the conditions that drop: of a signal's own sections, and those under ``drop`` of all signals."""
        yield from inferred_rules_of("drop", self.drop, list(Signal))
        yield from inferred_rules_of(FLAT[signal], getattr(self, FLAT[signal]), [signal])
        yield from self.sectioned(signal)

    def sectioned(self, signal: Signal) -> Iterator[Rule | WrongRule]:
        """Yield the conditions of a signal's section, as ``logs::log_record``."""
        section, contexts = SECTIONS[signal]
        for key, context in contexts.items():
            texts: Sequence[str] = getattr(getattr(self, section), key)
            yield from rules_of(f"{section}::{key}", texts, context)
