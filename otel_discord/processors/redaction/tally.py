"""What was done to one list of attributes, and the Collector's attributes that say so."""

from dataclasses import dataclass, field
from typing import Any, Final

from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from otel_discord.processors.redaction.config import Summary

_COUNTED_WITH_KEYS: Final = ("redacted", "masked", "allowed")
SUMMARY_KEYS: Final = frozenset(
    f"redaction.{part}{what}"
    for part in ("", "body.")
    for what in ("ignored.count", *(f"{kind}.{end}" for kind in _COUNTED_WITH_KEYS for end in ("keys", "count")))
)
"""Every attribute that a summary may have; a second processor lets them through, and adds its own."""


@dataclass(slots=True)
class Tally:
    """Keys by what became of them."""

    redacted: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Return whether nothing is to be said."""
        return not (self.redacted or self.masked or self.allowed or self.ignored)

    def write(self, attributes: Any, summary: Summary, part: str = "") -> None:
        """Add the summary to a list of attributes; ``part`` is ``body.`` for a body."""
        if summary is Summary.SILENT:
            return
        for kind in _COUNTED_WITH_KEYS:
            keys = getattr(self, kind)
            if keys:
                if summary is Summary.DEBUG:
                    _add_keys(attributes, f"redaction.{part}{kind}.keys", keys)
                _add_count(attributes, f"redaction.{part}{kind}.count", len(keys))
        if self.ignored:
            _add_count(attributes, f"redaction.{part}ignored.count", len(self.ignored))


def _pair(attributes: Any, key: str) -> KeyValue:
    found: KeyValue = next((pair for pair in attributes if pair.key == key), None) or attributes.add(key=key)
    return found


def _add_keys(attributes: Any, name: str, keys: list[str]) -> None:
    value = _pair(attributes, name).value
    known = value.string_value.split(",") if value.string_value else []
    value.string_value = ",".join(sorted([*known, *keys]))


def _add_count(attributes: Any, name: str, count: int) -> None:
    value = _pair(attributes, name).value
    value.int_value += count
