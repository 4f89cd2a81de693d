"""What the user writes under ``include`` and ``exclude``: contrib's keys."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, model_validator

from otel_discord.config import StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl.regex import compile_regex
from otel_discord.signals import Signal, parse_min_severity
from otel_discord.signals.from_plain import from_plain

SPAN_KINDS: Final = tuple(
    f"SPAN_KIND_{name}" for name in ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
)
"""By the number of the kind in OTLP."""


class MatchType(StrEnum):
    """How texts are compared."""

    STRICT = "strict"
    REGEXP = "regexp"


class RegexpConfig(StrictModel):
    """Contrib's cache of results; RE2 needs none here."""

    cacheenabled: bool = False
    """Accepted, without effect."""
    cachemaxnumentries: Annotated[int, Field(ge=0)] = 0
    """Accepted, without effect."""


class AttributeMatch(StrictModel):
    """An attribute that must be there."""

    key: Annotated[str, Field(min_length=1)]
    """Its name."""
    value: Any = None
    """Its value, of the type written; with `regexp` a pattern. Without it any value will do."""


class LibraryMatch(StrictModel):
    """An instrumentation scope."""

    name: str
    """Its name."""
    version: str | None = None
    """Its version; without it any, and an empty one only where there is none."""


class SeverityMatch(StrictModel):
    """Severities that match."""

    min: Annotated[int, BeforeValidator(parse_min_severity)] = 0
    """The lowest severity: a name such as WARN, or a number."""
    match_undefined: bool = False
    """Whether a record without a severity matches."""


OF_SIGNAL: Final = {
    Signal.LOGS: {"log_bodies", "log_severity_texts", "log_severity_number"},
    Signal.METRICS: {"metric_names"},
    Signal.TRACES: {"span_names", "span_kinds"},
}
"""Keys that only one signal has."""
_OF_EACH: Final = {"services", "attributes", "resources", "libraries"}


class MatchConfig(StrictModel):
    """What must all hold of an item."""

    match_type: MatchType
    """strict: texts are equal; regexp: a regular expression (RE2) matches somewhere in them."""
    regexp: RegexpConfig = RegexpConfig()
    services: tuple[str, ...] = ()
    """One of them is the resource's `service.name`."""
    span_names: tuple[str, ...] = ()
    """Traces: one of them is the span's name."""
    span_kinds: tuple[str, ...] = ()
    """Traces: one of them is the span's kind, as in SPAN_KIND_SERVER."""
    log_bodies: tuple[str, ...] = ()
    """Logs: one of them is the body."""
    log_severity_texts: tuple[str, ...] = ()
    """Logs: one of them is the severity's text."""
    log_severity_number: SeverityMatch | None = None
    """Logs: which severities."""
    metric_names: tuple[str, ...] = ()
    """Metrics: one of them is the metric's name."""
    attributes: tuple[AttributeMatch, ...] = ()
    """All of them are among the attributes of the record, data point or span."""
    resources: tuple[AttributeMatch, ...] = ()
    """All of them are among the resource's attributes."""
    libraries: tuple[LibraryMatch, ...] = ()
    """One of them is the instrumentation scope."""

    @model_validator(mode="after")
    def _says_something(self) -> "MatchConfig":
        named = _OF_EACH.union(*OF_SIGNAL.values())
        problems = [] if any(getattr(self, key) for key in named) else [f"needs one of {', '.join(sorted(named))}"]
        if self.match_type is MatchType.REGEXP:
            problems += self._bad_patterns()
        else:
            problems += [
                f"span_kinds::{place}: must be one of {', '.join(SPAN_KINDS)}"
                for place, kind in enumerate(self.span_kinds)
                if kind not in SPAN_KINDS
            ]
        for name, matches in (("attributes", self.attributes), ("resources", self.resources)):
            problems += _bad_values(name, matches)
        if problems:
            raise SeveralError(problems)
        return self

    def _bad_patterns(self) -> list[str]:
        texts = {
            f"{key}::{place}": text
            for key in ("services", "span_names", "span_kinds", "log_bodies", "log_severity_texts", "metric_names")
            for place, text in enumerate(getattr(self, key))
        }
        for place, library in enumerate(self.libraries):
            texts |= {f"libraries::{place}::name": library.name}
            texts |= {} if library.version is None else {f"libraries::{place}::version": library.version}
        problems = []
        for key, matches in (("attributes", self.attributes), ("resources", self.resources)):
            for place, each in enumerate(matches):
                if isinstance(each.value, str):
                    texts[f"{key}::{place}::value"] = each.value
                elif each.value is not None:
                    problems.append(f'{key}::{place}::value: must be text with match_type "regexp"; put it in quotes')
        for path, text in texts.items():
            try:
                compile_regex(text)
            except ValueError as error:
                problems.append(f"{path}: {error}")
        return problems


def _bad_values(name: str, matches: Sequence[AttributeMatch]) -> list[str]:
    problems = []
    for place, each in enumerate(matches):
        try:
            from_plain(each.value)
        except (ValueError, TypeError):
            problems.append(f"{name}::{place}::value: must be a text, a number of at most 64 bits, true or false")
    return problems
