"""A walk that knows the lists of the configuration, and keeps count for the summary."""

from typing import Any

import orjson
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.processors.redaction.rules import Rules, Verdict
from otel_discord.processors.redaction.tally import Tally
from otel_discord.redaction import Masker, Walk
from otel_discord.signals import to_plain


class RuleWalk(Walk):
    """One walk over messages: first the lists, then the patterns."""

    def __init__(self, rules: Rules, masker: Masker, *, may_change: bool) -> None:
        super().__init__(masker, may_change=may_change)
        self._rules = rules

    def is_clean(self, message: Any) -> bool:
        """Return whether a message need not be walked over."""
        return self._rules.is_plain and super().is_clean(message)

    def attributes(self, pairs: Any, depth: int = 0) -> None:
        """Apply the lists to attributes, and the patterns to what is left; inside their values, the patterns alone."""
        if depth:
            super().attributes(pairs, depth)
            return
        tally = Tally()
        self._listed(pairs, "", tally, 0)
        self._summarise(pairs, tally)

    def body(self, record: LogRecord) -> None:
        """Apply the lists to what is in a body that is a map, then the patterns; the summary goes to the attributes."""
        if not self._rules.config.bodies:
            return
        tally = Tally()
        if record.HasField("body"):
            self._in_body(record.body, "", tally, 0)
        self._summarise(record.attributes, tally, "body.")

    def _summarise(self, attributes: Any, tally: Tally, part: str = "") -> None:
        summary = self._rules.config.summary
        if summary != "silent" and not tally.is_empty():
            self.changing()
            tally.write(attributes, summary, part)

    def _listed(self, pairs: Any, path: str, tally: Tally, depth: int, *, in_body: bool = False) -> None:
        gone: list[int] = []
        for index, pair in enumerate(pairs):
            key = pair.key
            name = f"{path}.{key}" if path else key
            verdict = self._rules.of_key(key)
            if verdict is Verdict.IGNORED:
                tally.ignored.append(name)
            elif verdict is Verdict.REMOVED:
                gone.append(index)
            elif not in_body and self._is_allowed(pair.value):
                tally.allowed.append(name)
            elif verdict is Verdict.BLOCKED:
                self.set_text(pair.value, self._rules.masked(_as_text(pair.value)))
                tally.masked.append(name)
            elif self._examined(pair, name, tally, depth, in_body=in_body):
                gone.append(index)
        for index in reversed(gone):
            self.changing()
            key = pairs[index].key
            tally.redacted.append(f"{path}.{key}" if path else key)
            del pairs[index]

    def _examined(self, pair: Any, name: str, tally: Tally, depth: int, *, in_body: bool) -> bool:
        before = self.changes
        if in_body and pair.value.WhichOneof("value") in {"array_value", "kvlist_value"} and not self.kind_of(pair.key):
            self.field(pair, "key")
            return self._in_body(pair.value, name, tally, depth + 1)
        if in_body and self._is_allowed(pair.value):
            tally.allowed.append(name)
            return False
        drops = self.pair(pair, depth)
        if not drops and not self._as_any_type(pair.value) and self.changes == before:
            return False
        if not drops:
            tally.masked.append(name)
        return drops

    def _in_body(self, value: AnyValue, path: str, tally: Tally, depth: int) -> bool:
        kind = value.WhichOneof("value")
        if kind == "kvlist_value" and depth < self.max_depth:
            self._listed(value.kvlist_value.values, path, tally, depth, in_body=True)
            return False
        if kind == "array_value" and depth < self.max_depth:
            gone = []
            for index, item in enumerate(value.array_value.values):
                if self._in_body(item, f"{path}.[{index}]" if path else f"[{index}]", tally, depth + 1):
                    gone.append(index)
            for index in reversed(gone):
                del value.array_value.values[index]
            return False
        if self._is_allowed(value):
            if path:
                tally.allowed.append(path)
            return False
        before = self.changes
        drops = self.value(value, depth)
        self._as_any_type(value)
        if self.changes != before:
            tally.masked.append(path or "body")
        return drops

    def _is_allowed(self, value: AnyValue) -> bool:
        text = _as_text(value) if self._rules.config.redact_all_types else value.string_value
        return self._rules.allows_value(text)

    def _as_any_type(self, value: AnyValue) -> bool:
        """Mask a number or a boolean as the text that it would be."""
        if not self._rules.config.redact_all_types or value.WhichOneof("value") not in {"double_value", "bool_value"}:
            return False
        text = _as_text(value)
        masked = self.mask_text(text)
        if masked == text:
            return False
        self.set_text(value, masked)
        return True


def _as_text(value: AnyValue) -> str:
    """Return a value as the Collector writes it as a text."""
    plain = to_plain(value)
    if isinstance(plain, str):
        return plain
    if plain is None:
        return ""
    if isinstance(plain, bool):
        return "true" if plain else "false"
    if isinstance(plain, list | dict):
        return orjson.dumps(plain, default=lambda each: each.hex()).decode()
    return plain.hex() if isinstance(plain, bytes) else f"{plain:g}" if isinstance(plain, float) else str(plain)
