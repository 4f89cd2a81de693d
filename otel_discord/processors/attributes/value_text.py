"""Any value as one text, as the Collector writes it."""

from typing import cast

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from otel_discord.ottl.values import Value, as_text
from otel_discord.signals import Plain, to_plain


def value_text(value: AnyValue) -> str:
    """Return texts as they are, numbers as JSON has them, bytes in base64, lists and maps as JSON, "" where unset."""
    return plain_text(to_plain(value))


def plain_text(value: Plain) -> str:
    """Return the text of a plain value."""
    return as_text(cast("Value", value))
