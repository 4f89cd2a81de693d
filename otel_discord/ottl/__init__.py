"""The Collector's language for conditions and statements: parsed once, compiled to closures, run for each item.

``registry`` tells how a function is added. The room is pure: the clock comes in as an argument.
"""

from otel_discord.ottl.condition import Condition, Statement
from otel_discord.ottl.errors import OttlError, OttlSyntaxError
from otel_discord.ottl.items import (
    ContextKind,
    DataPointItem,
    Item,
    LogItem,
    MetricItem,
    ResourceItem,
    ScopeItem,
    SpanEventItem,
    SpanItem,
)
from otel_discord.ottl.iteration import (
    each_data_point,
    each_log,
    each_metric,
    each_resource,
    each_scope,
    each_span,
    each_span_event,
)
from otel_discord.ottl.sequences import ConditionSequence, ErrorMode, OnError, StatementSequence
from otel_discord.ottl.texts import infer_context, parse_condition, parse_statement
from otel_discord.ottl.values import Duration, Timestamp, Value

__all__ = [
    "Condition",
    "ConditionSequence",
    "ContextKind",
    "DataPointItem",
    "Duration",
    "ErrorMode",
    "Item",
    "LogItem",
    "MetricItem",
    "OnError",
    "OttlError",
    "OttlSyntaxError",
    "ResourceItem",
    "ScopeItem",
    "SpanEventItem",
    "SpanItem",
    "Statement",
    "StatementSequence",
    "Timestamp",
    "Value",
    "each_data_point",
    "each_log",
    "each_metric",
    "each_resource",
    "each_scope",
    "each_span",
    "each_span_event",
    "infer_context",
    "parse_condition",
    "parse_statement",
]
