"""``include`` and ``exclude`` as tests of items; contrib's rules. What a test holds for is dropped."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope

from otel_discord.ottl import ContextKind
from otel_discord.processors.attributes.match_config import MatchConfig
from otel_discord.processors.attributes.matching import Place, compile_match
from otel_discord.processors.filter.config import FilterConfig
from otel_discord.processors.filter.metric_expression import parse_metric_expression
from otel_discord.signals import Signal

Test: TypeAlias = Callable[[Any], bool]
"""Looks at an item of the language."""

_KEYS: Final = {"include": False, "exclude": True}
"""Whether what matches is dropped, or what does not."""


def older_tests(config: FilterConfig, signal: Signal) -> Iterator[tuple[ContextKind, Test]]:
    """Yield the tests of a signal with what they look at.

    Raises:
        StartError: a key that the signal does not have.
    """
    for key, drops in _KEYS.items():
        match signal:
            case Signal.LOGS:
                log_match = getattr(config.logs, key)
                wanted = None if log_match is None else log_match.as_match()
                yield from _matching(wanted, signal, f"logs::{key}", ContextKind.LOG, drops)
            case Signal.TRACES:
                yield from _matching(getattr(config.spans, key), signal, f"spans::{key}", ContextKind.SPAN, drops)
            case Signal.METRICS:
                metric_match = getattr(config.metrics, key)
                if metric_match is None:
                    continue
                path = f"metrics::{key}"
                yield from _matching(metric_match.resource_match(), signal, path, ContextKind.RESOURCE, drops)
                yield from _matching(metric_match.name_match(), signal, path, ContextKind.METRIC, drops)
                if metric_match.expressions:
                    yield ContextKind.METRIC, _expressions(metric_match.expressions, drops)


_PLACES: Final[dict[ContextKind, Callable[[Any], Place]]] = {
    ContextKind.LOG: lambda item: (item.resource, item.scope, item.record, item.record),
    ContextKind.SPAN: lambda item: (item.resource, item.scope, item.span, item.span),
    ContextKind.METRIC: lambda item: (item.resource, item.scope, item.metric, item.metric),
    ContextKind.RESOURCE: lambda item: (item.resource, InstrumentationScope(), None, None),
}


def _matching(
    wanted: MatchConfig | None, signal: Signal, path: str, context: ContextKind, drops: bool
) -> Iterator[tuple[ContextKind, Test]]:
    if wanted is None:
        return
    matcher, place = compile_match(wanted, signal, key=path), _PLACES[context]
    yield context, lambda item: matcher(place(item)) is drops


def _expressions(texts: tuple[str, ...], drops: bool) -> Test:
    tests = [parse_metric_expression(text) for text in texts]
    return lambda item: any(test(item.metric) for test in tests) is drops
