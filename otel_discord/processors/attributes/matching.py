"""Whether the actions apply to an item: ``include`` and ``exclude``, compiled once for a signal."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component import StartError
from otel_discord.ottl.regex import compile_regex
from otel_discord.processors.attributes.match_config import (
    OF_SIGNAL,
    SPAN_KINDS,
    AttributeMatch,
    LibraryMatch,
    MatchConfig,
    MatchType,
    SeverityMatch,
)
from otel_discord.processors.attributes.value_text import plain_text, value_text
from otel_discord.signals import Plain, Signal, find_attribute, to_plain

TextTest: TypeAlias = Callable[[str], bool]
Place: TypeAlias = tuple[Resource, InstrumentationScope, Any, Any]
"""Resource, scope, what has a name (record, metric, span), and what has the attributes (record, data point, span)."""
Matcher: TypeAlias = Callable[[Place], bool]


def compile_match(config: MatchConfig, signal: Signal, *, key: str) -> Matcher:
    """Return what tells whether everything holds.

    Raises:
        StartError: a key that this signal does not have; ``key`` is ``include`` or ``exclude``.
    """
    for other, keys in OF_SIGNAL.items():
        if other is not signal and (wrong := sorted(each for each in keys if getattr(config, each))):
            raise StartError(
                f"{key}::{wrong[0]}: is for {other}, but the processor is in a pipeline of {signal}; use"
                f" {', '.join(sorted(OF_SIGNAL[signal]))}, services, attributes, resources or libraries"
            )
    tests = [*_common_tests(config), *_signal_tests(config)]
    return lambda place: all(test(place) for test in tests)


def _common_tests(config: MatchConfig) -> Iterable[Matcher]:
    kind = config.match_type
    if config.services:
        services = _any_text(config.services, kind)
        yield lambda place: services(_text_of(find_attribute(place[0].attributes, "service.name")))
    if config.resources:
        resources = _all_attributes(config.resources, kind)
        yield lambda place: resources(place[0].attributes)
    if config.libraries:
        libraries = [_library(each, kind) for each in config.libraries]
        yield lambda place: any(test(place[1]) for test in libraries)
    if config.attributes:
        attributes = _all_attributes(config.attributes, kind)
        yield lambda place: attributes(place[3].attributes)


def _signal_tests(config: MatchConfig) -> Iterable[Matcher]:
    kind = config.match_type
    for names in (config.metric_names, config.span_names):
        if names:
            named = _any_text(names, kind)
            yield lambda place, named=named: named(place[2].name)  # type: ignore[misc]  # a default binds it here
    if config.span_kinds:
        kinds = _any_text(config.span_kinds, kind)
        yield lambda place: kinds(SPAN_KINDS[place[2].kind] if place[2].kind < len(SPAN_KINDS) else "")
    if config.log_bodies:
        bodies = _any_text(config.log_bodies, kind)
        yield lambda place: bodies(value_text(place[2].body))
    if config.log_severity_texts:
        texts = _any_text(config.log_severity_texts, kind)
        yield lambda place: texts(place[2].severity_text)
    if config.log_severity_number is not None:
        severity = _severity(config.log_severity_number)
        yield lambda place: severity(place[2].severity_number)


def _severity(config: SeverityMatch) -> Callable[[int], bool]:
    return lambda number: number >= config.min if number else config.match_undefined


def _any_text(texts: Sequence[str], kind: MatchType) -> TextTest:
    if kind is MatchType.STRICT:
        return frozenset(texts).__contains__
    patterns = [compile_regex(text) for text in texts]
    return lambda text: any(pattern.found_in(text) for pattern in patterns)


def _library(config: LibraryMatch, kind: MatchType) -> Callable[[InstrumentationScope], bool]:
    name = _any_text([config.name], kind)
    if config.version is None:
        return lambda scope: name(scope.name)
    version = _any_text([config.version], kind)
    return lambda scope: name(scope.name) and version(scope.version)


def _all_attributes(matches: Sequence[AttributeMatch], kind: MatchType) -> Callable[[Iterable[KeyValue]], bool]:
    tests = [(each.key, _value_test(each, kind)) for each in matches]

    def all_there(attributes: Iterable[KeyValue]) -> bool:
        by_key = {pair.key: pair.value for pair in attributes}
        return all(key in by_key and (test is None or test(to_plain(by_key[key]))) for key, test in tests)

    return all_there


def _value_test(match: AttributeMatch, kind: MatchType) -> Callable[[Plain], bool] | None:
    wanted = match.value
    if wanted is None:
        return None
    if kind is MatchType.STRICT:
        return lambda value: type(value) is type(wanted) and value == wanted
    pattern = compile_regex(str(wanted))
    return lambda value: isinstance(value, (str, bool, int, float)) and pattern.found_in(plain_text(value))


def _text_of(value: Plain) -> str:
    return value if isinstance(value, str) else ""
