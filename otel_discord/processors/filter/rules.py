"""The conditions of one signal, compiled, by what they look at."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from otel_discord.ottl import (
    Condition,
    ConditionSequence,
    ContextKind,
    ErrorMode,
    Item,
    OnError,
    OttlError,
    parse_condition,
)
from otel_discord.ottl.inferred import SIGNAL_CONTEXTS
from otel_discord.processors.filter.conditions import Rule, WrongRule
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.older import Test, older_tests
from otel_discord.signals import Signal


@dataclass(frozen=True, slots=True)
class Rules:
    """What drops, and what keeps; a context without a test has no conditions."""

    drop: Mapping[ContextKind, Test] = field(default_factory=dict)
    keep: Mapping[ContextKind, Test] = field(default_factory=dict)
    """Where there are any, what none of them holds for is dropped."""


def compile_rules(config: FilterConfig, signal: Signal, on_error: OnError) -> Rules:
    """Return the rules of a signal; those of others are left out."""
    contexts = SIGNAL_CONTEXTS[signal]
    dropping = _sequences(config.dropping(signal), contexts, config.error_mode, on_error, ConditionSequence)
    for context, test in older_tests(config, signal):
        dropping.setdefault(context, []).append(test)
    keeping = _sequences(config.keeping(), contexts, config.error_mode, on_error, _Keeping)
    return Rules(
        {context: _any(tests) for context, tests in dropping.items()},
        {context: _any(tests) for context, tests in keeping.items()},
    )


class _Keeping:
    """Conditions of which one must hold. One that cannot be evaluated drops nothing, so then the item is kept."""

    def __init__(self, conditions: Sequence[Condition], mode: ErrorMode, on_error: OnError) -> None:
        self._conditions = conditions
        self._mode = mode
        self._on_error = on_error

    def matches(self, item: Item) -> bool:
        failed = False
        for condition in self._conditions:
            try:
                if condition.holds(item):
                    return True
            except OttlError as error:
                if self._mode is ErrorMode.PROPAGATE:
                    raise
                if self._mode is ErrorMode.IGNORE:
                    self._on_error(condition.text, error)
                failed = True
        return failed


def _sequences(
    rules: Iterable[Rule | WrongRule],
    contexts: Sequence[ContextKind],
    default_mode: ErrorMode,
    on_error: OnError,
    make: Callable[[Sequence[Condition], ErrorMode, OnError], Any],
) -> dict[ContextKind, list[Test]]:
    grouped: dict[tuple[ContextKind, ErrorMode], list[Condition]] = {}
    for rule in rules:
        if isinstance(rule, Rule) and rule.context in contexts:
            condition = parse_condition(rule.text, rule.context, clock=time.time_ns)
            grouped.setdefault((rule.context, rule.error_mode or default_mode), []).append(condition)
    tests: dict[ContextKind, list[Test]] = {}
    for (context, mode), conditions in grouped.items():
        tests.setdefault(context, []).append(make(conditions, mode, on_error).matches)
    return tests


def _any(tests: Sequence[Test]) -> Test:
    return tests[0] if len(tests) == 1 else lambda item: any(test(item) for test in tests)
