"""The older way to say what is filtered: ``include`` and ``exclude`` with lists of names and attributes."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from otel_discord.config import StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl.regex import compile_regex
from otel_discord.processors.attributes.match_config import (
    AttributeMatch,
    MatchConfig,
    MatchType,
    RegexpConfig,
    SeverityMatch,
)
from otel_discord.processors.filter.metric_expression import parse_metric_expression


class MetricMatchType(StrEnum):
    """How metrics are compared."""

    STRICT = "strict"
    REGEXP = "regexp"
    EXPR = "expr"


def _empty_is_none(value: Any) -> Any:
    return None if value == "" else value


class LogMatch(StrictModel):
    """What must all hold of a log record."""

    match_type: Annotated[MatchType | None, BeforeValidator(_empty_is_none)] = None
    """strict: texts are equal; regexp: a regular expression (RE2) matches somewhere in them. Only `severity_number`
    needs none."""
    resource_attributes: tuple[AttributeMatch, ...] = ()
    """All of them are among the resource's attributes."""
    record_attributes: tuple[AttributeMatch, ...] = ()
    """All of them are among the record's attributes."""
    severity_texts: tuple[str, ...] = ()
    """One of them is the severity's text."""
    severity_number: SeverityMatch | None = None
    """Which severities."""
    bodies: tuple[str, ...] = ()
    """One of them is the body."""

    @model_validator(mode="after")
    def _can_be_compared(self) -> "LogMatch":
        texts = ("resource_attributes", "record_attributes", "severity_texts", "bodies")
        if self.match_type is None and (given := [key for key in texts if getattr(self, key)]):
            raise ValueError(f"match_type: is required with {given[0]}: strict or regexp")
        self.as_match()
        return self

    def as_match(self) -> MatchConfig | None:
        """Return the same in the form of the ``attributes`` processor; None where nothing is asked."""
        asked = {
            "resources": self.resource_attributes,
            "attributes": self.record_attributes,
            "log_severity_texts": self.severity_texts,
            "log_severity_number": self.severity_number,
            "log_bodies": self.bodies,
        }
        given = {key: value for key, value in asked.items() if value}
        return MatchConfig(match_type=self.match_type or MatchType.STRICT, **given) if given else None


class MetricMatch(StrictModel):
    """Metrics by name, or by expressions, and resources by attributes."""

    match_type: MetricMatchType
    """strict: names are equal; regexp: a regular expression (RE2) matches somewhere in them; expr: `expressions`."""
    regexp: RegexpConfig = RegexpConfig()
    """Contrib's cache of results, without effect."""
    metric_names: tuple[str, ...] = ()
    """One of them is the metric's name."""
    expressions: tuple[str, ...] = ()
    """With expr: one of them holds for a data point, as in `MetricName == "a" && Label("b") == "c"`."""
    resource_attributes: tuple[AttributeMatch, ...] = ()
    """All of them are among the resource's attributes. Under `include` this must hold as well; under `exclude` it is
    enough."""

    @model_validator(mode="after")
    def _can_be_compared(self) -> "MetricMatch":
        problems = []
        if self.match_type is MetricMatchType.EXPR:
            for place, text in enumerate(self.expressions):
                try:
                    parse_metric_expression(text)
                except ValueError as error:
                    problems.append(f"expressions::{place}: {error}")
        if self.match_type is MetricMatchType.REGEXP:
            for place, text in enumerate(self.metric_names):
                try:
                    compile_regex(text)
                except ValueError as error:
                    problems.append(f"metric_names::{place}: {error}")
        if problems:
            raise SeveralError(problems)
        self.resource_match()
        return self

    def resource_match(self) -> MatchConfig | None:
        """Return what is asked of the resource; None where nothing is."""
        if not self.resource_attributes:
            return None
        kind = MatchType.REGEXP if self.match_type is MetricMatchType.REGEXP else MatchType.STRICT
        return MatchConfig(match_type=kind, resources=self.resource_attributes)

    def name_match(self) -> MatchConfig | None:
        """Return what is asked of the name; None where nothing is."""
        if not self.metric_names or self.match_type is MetricMatchType.EXPR:
            return None
        return MatchConfig(match_type=MatchType(self.match_type.value), metric_names=self.metric_names)
