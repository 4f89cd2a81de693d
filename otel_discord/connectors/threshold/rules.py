"""Rules, made of what the user writes: where values come from, what they mean, how alerts live, what is said."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.config import format_duration
from otel_discord.connectors.threshold.annotations import Annotations, compile_annotations
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.config_rule import NoDataAction, RuleConfig, SloConfig
from otel_discord.connectors.threshold.exemplars import Exemplars
from otel_discord.connectors.threshold.feeds import Feed
from otel_discord.connectors.threshold.histories import Histories
from otel_discord.connectors.threshold.judging import BurnJudge, BurnWindow, Judge, ThresholdJudge, TogetherJudge
from otel_discord.connectors.threshold.measures import Aggregate, Aggregation, Measure, parse_aggregation
from otel_discord.connectors.threshold.severities import ordered
from otel_discord.connectors.threshold.sources import AggregateSource, BurnSource, NoSource, RatioSource, Source
from otel_discord.connectors.threshold.state import Policy, Silence
from otel_discord.connectors.threshold.values_unit import UnitOfValues
from otel_discord.signals.alert_threshold import Condition, parse_condition

_NS: Final = 1_000_000_000
_UPDATES: Final = 10
"""An alert whose value moves says so at most so many times in the time after which it says how it stands anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, ready to be evaluated."""

    config: RuleConfig
    policy: Policy
    source: Source
    judge: Judge
    unit: UnitOfValues
    annotations: Annotations
    exemplars: Exemplars
    feeds: Sequence[Feed] = ()
    group_by: Sequence[str] = ()
    window_ns: int = 0
    """The longest."""
    max_series: int = 100_000

    @property
    def name(self) -> str:
        """Of its alerts."""
        return self.config.name

    @property
    def metric(self) -> str:
        """What its values are of, in a few words."""
        ratio = self.config.ratio
        return f"{ratio.of.metric} / {ratio.to.metric}" if ratio else self.config.metric

    @property
    def measures(self) -> Iterator[tuple[str, Measure]]:
        """What it measures, each under a name that stays the same as long as it means the same."""
        for feed in self.feeds:
            yield from feed.named_measures()

    @property
    def watches_silence(self) -> bool:
        """Whether groups are remembered that are well, because their silence would be an alert."""
        return self.policy.silence is Silence.ALERT

    def threshold_text(self, level: int, *, is_silent: bool) -> str:
        """Return what is exceeded at a severity."""
        return self.silence_text if is_silent else self.judge.texts[level]

    @property
    def silence_text(self) -> str:
        """What silence is called."""
        return f"no data for {format_duration(self.config.no_data.after)}"


def make_rules(config: ThresholdConfig) -> list[Rule]:
    """Return the rules in the order in which they are to be evaluated: those about others after these."""
    group_by: dict[str, tuple[str, ...]] = {}
    waiting = {rule.name: rule for rule in config.rules}
    made: dict[str, Rule] = {}
    while waiting:
        for name, rule in list(waiting.items()):
            if any(part in waiting for part in rule.all_of):
                continue
            shared = rule.group_by
            if rule.all_of and not shared:
                first, *others = rule.all_of
                shared = tuple(key for key in group_by[first] if all(key in group_by[other] for other in others))
            group_by[name] = shared
            made[name] = make_rule(rule, shared, config.max_series)
            del waiting[name]
    return list(made.values())


def make_rule(config: RuleConfig, group_by: Sequence[str], max_series: int) -> Rule:
    """Return one rule; its alerts are told apart by ``group_by``."""
    conditions = {severity: parse_condition(text) for severity, text in config.conditions.items()}
    severities = _severities(config)
    unit = UnitOfValues(
        config.aggregation_or_default,
        config.unit,
        tuple(conditions.values()),
        is_share=config.ratio is not None and config.slo is None,
    )
    judge = _judge(config, severities, conditions, unit)
    exemplars = Exemplars(judge.worse, round(config.window * _NS))
    feeds, source = _source(config, unit, exemplars, max_series)
    no_data = config.no_data
    return Rule(
        config=config,
        policy=Policy(
            severities=tuple(severities),
            for_ns=round(config.for_ * _NS),
            keep_ns=round(config.keep_firing_for * _NS),
            silent_after_ns=round(no_data.after * _NS),
            silence=Silence(no_data.then.value),
            silence_level=severities.index(no_data.severity) if no_data.severity in severities else 0,
            repeat_ns=round(config.repeat_interval * _NS),
            update_ns=round(config.repeat_interval * _NS) // _UPDATES,
            worse=judge.worse,
        ),
        source=source,
        judge=judge,
        unit=unit,
        annotations=compile_annotations(config.annotations, {*config.group_by, *config.labels}),
        exemplars=exemplars,
        feeds=feeds,
        group_by=tuple(group_by),
        window_ns=max((feed.longest_window_ns for feed in feeds), default=0),
        max_series=max_series,
    )


def _severities(config: RuleConfig) -> list[str]:
    names = list(config.conditions)
    if config.slo:
        names += [each.severity for each in config.slo.windows]
    if config.all_of:
        names.append(config.severity or "warning")
    if config.no_data.then is NoDataAction.ALERT:
        names += [config.no_data.severity] if config.no_data.severity else [] if names else ["warning"]
    return ordered(names)


def _source(config: RuleConfig, unit: UnitOfValues, exemplars: Exemplars, max_series: int) -> tuple[list[Feed], Source]:
    aggregate = parse_aggregation(config.aggregation_or_default)
    if config.ratio and aggregate.kind is Aggregation.RATE:
        # Of what came in one window the shares are the same, and no side's may be divided by another time.
        aggregate = Aggregate(Aggregation.INCREASE)

    def measure(window_s: float) -> Measure:
        return Measure(aggregate=aggregate, window_ns=round(window_s * _NS), max_series=max_series)

    if config.slo and config.ratio:
        return _burn(config, config.slo, exemplars, measure)
    if config.ratio:
        of, to = measure(config.window), measure(config.window)
        window_ns = round(config.window * _NS)
        ratio_of = config.ratio.of
        of_feed = Feed.made(config, "of", ratio_of.metric, ratio_of.where, {window_ns: of}, exemplars=exemplars)
        to_feed = Feed.made(config, "to", config.ratio.to.metric, config.ratio.to.where, {window_ns: to})
        return [of_feed, to_feed], RatioSource(of, to, Histories(window_ns))
    if config.all_of:
        return [], NoSource()
    alone, window_ns = measure(config.window), round(config.window * _NS)
    feed = Feed.made(config, "metric", config.metric, config.where, {window_ns: alone}, unit, exemplars)
    return [feed], AggregateSource(alone, window_ns)


def _burn(
    config: RuleConfig, slo: SloConfig, exemplars: Exemplars, measure: Callable[[float], Measure]
) -> tuple[list[Feed], Source]:
    assert config.ratio is not None  # noqa: S101 - the configuration was checked
    windows = sorted({window for each in slo.windows for window in (each.long, each.short)})
    of = {round(window * _NS): measure(window) for window in windows}
    to = {round(window * _NS): measure(window) for window in windows}
    feeds = [
        Feed.made(config, "of", config.ratio.of.metric, config.ratio.of.where, of, exemplars=exemplars),
        Feed.made(config, "to", config.ratio.to.metric, config.ratio.to.where, to),
    ]
    return feeds, BurnSource(1 - slo.objective, {window: (of[window], to[window]) for window in of}, Histories(min(of)))


def _judge(
    config: RuleConfig, severities: Sequence[str], conditions: Mapping[str, Condition], unit: UnitOfValues
) -> Judge:
    if config.slo:
        windows = [
            BurnWindow(round(each.long * _NS), round(each.short * _NS), each.factor, each.severity)
            for each in config.slo.windows
        ]
        return BurnJudge(severities, windows)
    if config.all_of:
        return TogetherJudge(severities, config.all_of)
    resolve = {severity: parse_condition(text) for severity, text in config.resolve_by_severity.items()}
    return ThresholdJudge(severities, conditions, resolve, unit)
