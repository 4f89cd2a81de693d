"""What the user writes of one rule; words as in Prometheus and Alertmanager where they have one."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.config.duration import format_duration
from otel_discord.config.problem import SeveralError
from otel_discord.connectors.threshold.annotations import compile_annotations
from otel_discord.connectors.threshold.measures import parse_aggregation
from otel_discord.connectors.threshold.metric_names import parse_metric_name
from otel_discord.ottl import ContextKind, OttlSyntaxError
from otel_discord.ottl import parse_condition as parse_where
from otel_discord.signals.alert_event import PREFIX
from otel_discord.signals.alert_threshold import parse_condition


class NoDataAction(StrEnum):
    """What silence means."""

    ALERT = "alert"
    RESOLVE = "resolve"
    KEEP = "keep"


class NoDataConfig(StrictModel):
    """What to do when a group that had data has none any more."""

    after: Duration = 300.0
    """How long no data has come."""
    then: NoDataAction = NoDataAction.RESOLVE
    """`alert`: fire, `resolve`: end what fires, `keep`: leave it as it is."""
    severity: str = ""
    """Of the alert with `then: alert`; by default the least of `conditions`, else `warning`."""


def _operand(value: Any) -> Any:
    return {"metric": value} if isinstance(value, str) else value


class OperandConfig(StrictModel):
    """One side of a ratio; a name alone is its metric."""

    metric: Annotated[str, Field(min_length=1)]
    """Its exact name, or `/a regular expression/` (RE2) for the whole name."""
    where: str = ""
    """OTTL about a data point; only those that it holds for count."""


class RatioConfig(StrictModel):
    """A share: `of` divided by `to`, each aggregated as the rule says. Values are ratios, so `> 5 %` is `> 0.05`."""

    of: Annotated[OperandConfig, BeforeValidator(_operand)]
    """What is counted, such as errors; nothing of it is 0, as long as `to` has data."""
    to: Annotated[OperandConfig, BeforeValidator(_operand)]
    """Of how many, such as requests."""


class BurnWindowConfig(StrictModel):
    """Fires where the error budget burns faster than `factor` over both windows."""

    long: Duration
    """Says that it matters."""
    short: Duration
    """Says that it is still going on."""
    factor: Annotated[float, Field(gt=0)]
    """1 uses up the budget exactly at the end of the objective's period."""
    severity: Annotated[str, Field(min_length=1)]
    """Of the alert."""


def _share(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        try:
            return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
        except ValueError:
            raise ValueError("must be a share, as in 99.9 % or 0.999") from None
    return value


class SloConfig(StrictModel):
    """A burn-rate alert over a ratio of bad to all."""

    objective: Annotated[float, BeforeValidator(_share), Field(gt=0, lt=1)]
    """The share that is to be good: `99.9 %`."""
    windows: Annotated[tuple[BurnWindowConfig, ...], Field(min_length=1)] = (
        BurnWindowConfig.model_construct(long=3_600.0, short=300.0, factor=14.4, severity="critical"),
        BurnWindowConfig.model_construct(long=21_600.0, short=1_800.0, factor=6.0, severity="critical"),
        BurnWindowConfig.model_construct(long=259_200.0, short=21_600.0, factor=1.0, severity="warning"),
    )
    """Pairs of windows; by default 14.4 over 1h and 5m, 6 over 6h and 30m (critical), 1 over 72h and 6h (warning)."""


Conditions = dict[str, str]


class RuleConfig(StrictModel):
    """One rule; each set of values of `group_by` has an alert of its own."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """Of its alerts; unique."""
    metric: str = ""
    """Its exact name, or `/a regular expression/` (RE2) for the whole name. Or `ratio`, or `all_of`."""
    where: str = ""
    """OTTL about a data point (datapoint context); only those that it holds for count."""
    group_by: tuple[str, ...] = ()
    """Attributes by which alerts are told apart: of the data point, else of its resource."""
    aggregation: str = ""
    """last, sum, avg, min, max, count, rate, increase, stddev, or a percentile as p95 or p99.9; last by default, and
    increase for a ratio."""
    window: Duration = 60.0
    """How far back points count."""
    conditions: Conditions = Field(default_factory=dict)
    """For each severity when it fires: `warning: "> 80 %"`, `critical: "> 1.5 GiB"`. A unit is converted to the
    metric's."""
    resolve: str | Conditions = ""
    """Hysteresis: what fires ends only when this holds as well: `"< 80"`; or for each severity."""
    for_: Annotated[Duration, Field(alias="for")] = 0.0
    """How long a condition must hold without a break before it fires."""
    keep_firing_for: Duration = 0.0
    """How long it must be gone before it ends."""
    no_data: NoDataConfig = NoDataConfig()
    repeat_interval: Duration = 300.0
    """How often an alert that goes on says how it stands (`alert.updated`), and up to ten times as often where its
    value has moved by a quarter; 0s: never."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Templates: `summary`, `description`, anything. They know `attr('service.name')`, `labels`, `value`, `number`,
    `peak`, `threshold`, `severity`, `state`, `duration`, `name`, `metric`, `unit`."""
    runbook_url: str = ""
    """What to do, for whoever is on call."""
    source_url: str = ""
    """Where the graph is."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Put on its alerts in addition to the group's."""
    unit: str = ""
    """Of the values, where the metric does not say it or says it wrong: `s`, `By`, `1`."""
    ratio: RatioConfig | None = None
    all_of: tuple[str, ...] = ()
    """Rules that must all fire, for groups that agree in the labels that they share; the first is the one whose curve
    and traces are shown."""
    severity: str = ""
    """Of an `all_of` rule; warning by default."""
    slo: SloConfig | None = None
    inhibited_by: tuple[str, ...] = ()
    """Rules that, while they fire for a group with the same values of shared labels, mute this one."""
    notify: bool = True
    """false: it makes no records, and is only there for `all_of` and `inhibited_by` of others."""

    foreign_keys: ClassVar[Mapping[str, str]] = {
        "alert": "write `name`",
        "expr": "write `metric`, `aggregation`, `window` and `conditions`; PromQL is not understood",
        "threshold": 'write `conditions: {warning: "> 100"}`',
        "keepfiringfor": "write `keep_firing_for`",
        "nodata": "write `no_data`",
        "interval": "write `evaluation_interval` beside `rules`",
    }

    @model_validator(mode="after")
    def _can_be_evaluated(self) -> "RuleConfig":
        problems = [*self._source_problems(), *self._condition_problems(), *self._text_problems()]
        if problems:
            raise SeveralError(problems)
        return self

    @property
    def aggregation_or_default(self) -> str:
        """The aggregation's name."""
        return self.aggregation or ("increase" if self.ratio else "last")

    @property
    def resolve_by_severity(self) -> dict[str, str]:
        """The hysteresis of each severity; "" stands for the least one."""
        return {"": self.resolve} if isinstance(self.resolve, str) and self.resolve else dict(self.resolve or {})

    def _source_problems(self) -> Iterator[str]:
        sources = [name for name in ("metric", "ratio", "all_of") if getattr(self, name)]
        if not sources:
            yield "needs a metric (or ratio, or all_of)"
        elif len(sources) > 1:
            yield f"{sources[1]}: has both {' and '.join(sources)}; a rule has one of them"
        if self.slo and not self.ratio:
            yield "slo: needs a ratio of bad to all: `ratio: {of: errors, to: requests}`"
        if self.ratio and self.where:
            yield "where: write it under ratio::of and ratio::to, which each have their own"
        if self.window <= 0:
            yield "window: must be longer than 0s"
        names = {"metric": (self.metric, self.where)} if self.metric else {}
        if self.ratio:
            names |= {f"ratio::{side}::metric": (o.metric, o.where) for side, o in self._operands()}
        for path, (name, where) in names.items():
            yield from _name_problems(path, name, where)
        try:
            parse_aggregation(self.aggregation_or_default)
        except ValueError as error:
            yield f"aggregation: {error}"

    def _operands(self) -> Iterator[tuple[str, OperandConfig]]:
        if self.ratio:
            yield from (("of", self.ratio.of), ("to", self.ratio.to))

    def _condition_problems(self) -> Iterator[str]:
        if not self.conditions and not self.all_of and not self.slo and self.no_data.then is not NoDataAction.ALERT:
            yield 'conditions: needs at least one, as in `warning: "> 100"`'
        if self.conditions and (self.all_of or self.slo):
            yield f"conditions: {'all_of' if self.all_of else 'slo'} has none; say what is to fire there"
        if self.severity and not self.all_of:
            yield "severity: is for all_of; others have a severity for each of their conditions"
        for severity, text in self.conditions.items():
            yield from _condition_problem(f"conditions::{severity}", text)
        for severity, text in self.resolve_by_severity.items():
            path = f"resolve::{severity}" if severity else "resolve"
            yield from _condition_problem(path, text)
            if severity and severity not in self.conditions:
                yield f"{path}: there is no condition of that severity"
        if self.slo:
            for place, each in enumerate(self.slo.windows):
                if not 0 < each.short < each.long:
                    yield (
                        f"slo::windows::{place}: short ({format_duration(each.short)}) must be shorter than long"
                        f" ({format_duration(each.long)}), and longer than 0s"
                    )

    def _text_problems(self) -> Iterator[str]:
        if len(set(self.group_by)) < len(self.group_by):
            yield "group_by: names an attribute twice"
        for key in (*self.group_by, *self.labels):
            if not key or key.startswith(PREFIX):
                yield f"{'group_by' if key in self.group_by else 'labels'}: {key!r} cannot be a label"
        for key in set(self.labels) & set(self.group_by):
            yield f"labels::{key}: is in group_by, too"
        if self.name in self.inhibited_by:
            yield "inhibited_by: a rule cannot mute itself"
        if self.name in self.all_of:
            yield "all_of: a rule cannot be a part of itself"
        for path in ("runbook_url", "source_url"):
            if (url := getattr(self, path)) and not url.startswith(("https://", "http://")):
                yield f"{path}: must begin with https:// or http://"
        try:
            compile_annotations(self.annotations, {*self.group_by, *self.labels})
        except ValueError as error:
            yield f"annotations::{error}"


def _name_problems(path: str, name: str, where: str) -> Iterator[str]:
    try:
        parse_metric_name(name)
    except ValueError as error:
        yield f"{path}: {error}"
    if where:
        try:
            parse_where(where, ContextKind.DATAPOINT)
        except OttlSyntaxError as error:
            yield f"{path.removesuffix('metric')}where: {error}"


def _condition_problem(path: str, text: str) -> Iterator[str]:
    try:
        parse_condition(text)
    except ValueError as error:
        yield f"{path}: {error}"
