"""Masks values: an AnyValue with all that is in it, a list of attributes, with what their keys say.

A walk changes messages in place where it may, and stops at the first change where it may not (:class:`Changed`): so a
batch that is shared is copied only when there is something to change.
"""

from typing import Any, Final

from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.redaction.bytes_masker import mask_bytes
from otel_discord.redaction.finding import Category
from otel_discord.redaction.personal import PHONE
from otel_discord.redaction.plan import Action, MaskingPlan
from otel_discord.redaction.replacement import NOT_EXAMINED, pseudonym
from otel_discord.redaction.secret_keys import is_phone_key, kind_of_key
from otel_discord.redaction.text_masker import TextMasker
from otel_discord.redaction.user_ids import is_user_id_key

MAX_DEPTH: Final = 32
"""Lists and maps inside each other; what is deeper is not examined, and so not sent."""
_KEY_PATTERN: Final = "key_value"
PHONE_KIND: Final = "phone"
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class Changed(Exception):  # noqa: N818 - no error: it ends a walk that may not change anything
    """There is something to change."""


class Masker:
    """A plan for values. ``mask_text`` is :meth:`TextMasker.mask`."""

    def __init__(self, plan: MaskingPlan) -> None:
        self.plan = plan
        self.texts = TextMasker(plan)
        self.mask_text = self.texts.mask
        self.key_action = next((plan.action_of(p) for p in plan.patterns if p.name == _KEY_PATTERN), None)
        self.phone_action = next((plan.action_of(p) for p in plan.patterns if p.name == PHONE.name), None)
        are_texts = all(pattern.category is Category.CREDENTIALS for pattern in plan.patterns)
        self._can_sweep = are_texts and self.texts.can_sweep and not plan.hash_user_ids  # a card may be a number

    def is_clean(self, message: Message) -> bool:
        """Return whether a sweep over the whole message finds nothing to look at; False where it cannot tell."""
        if not self._can_sweep:
            return False
        data = message.SerializeToString()
        return self.texts.is_clean(data) and not any(mark in data for mark in _WIDE_MARKS)

    def replaced_secret(self, kind: str, value: str) -> str:
        """Return what stands in place of a value whose key says that it is secret."""
        return self.texts.replacement(kind, value, self.action_of_key(kind) or Action.MASK)

    def action_of_key(self, kind: str) -> Action | None:
        """Return what becomes of a value whose key says what it is, None where keys are not looked at."""
        return self.phone_action if kind == PHONE_KIND else self.key_action


class Walk:
    """One walk over messages. ``may_change`` False: the first change raises :class:`Changed` instead."""

    def __init__(self, masker: Masker, *, may_change: bool) -> None:
        self._masker = masker
        self.mask_text = masker.mask_text
        self.max_depth = MAX_DEPTH
        self.may_change = may_change
        self.changes = 0

    def is_clean(self, message: Message) -> bool:
        """Return whether a message need not be walked over."""
        return self._masker.is_clean(message)

    def field(self, message: Any, name: str) -> None:
        """Mask a field of text."""
        text = getattr(message, name)
        if text:
            masked = self._masker.texts.masked_again(text).text
            if masked is not text:
                self.changing()
                setattr(message, name, masked)

    def body(self, record: LogRecord) -> None:
        """Mask a record's body; what asks for removal is cut out, for there is no attribute to remove."""
        text = record.body.string_value
        if not text:
            self.value(record.body)
            return
        masked = self.mask_text(text)
        if masked is not text:
            self.set_text(record.body, masked)

    def changing(self) -> None:
        """Say that something is about to be changed."""
        if not self.may_change:
            raise Changed
        self.changes += 1

    def attributes(self, pairs: Any, depth: int = 0) -> None:
        """Mask a list of key-value pairs: what a key says of its value, then both as texts."""
        gone: list[int] = []
        for index, pair in enumerate(pairs):
            if self.pair(pair, depth):
                self.changing()
                gone.append(index)
        for index in reversed(gone):
            del pairs[index]

    def value(self, value: AnyValue, depth: int = 0) -> bool:
        """Mask a value and what is in it; return whether a text of it asks for the removal of its attribute."""
        if value.string_value:  # by far the most frequent
            return self._text_value(value)
        kind = value.WhichOneof("value")
        if kind == "bytes_value":
            data = value.bytes_value
            masked = mask_bytes(data, self.mask_text)
            if masked != data:
                self.changing()
                value.bytes_value = masked
        elif kind in {"array_value", "kvlist_value"}:
            if depth >= MAX_DEPTH:
                self.set_text(value, NOT_EXAMINED)
            elif kind == "array_value":
                self._elements(value.array_value.values, depth)
            else:
                self.attributes(value.kvlist_value.values, depth + 1)
        elif kind in {"int_value", "double_value"}:
            return self._number(value, kind)
        return False

    def _text_value(self, value: AnyValue) -> bool:
        text = value.string_value
        masked = self._masker.texts.masked_again(text)
        if masked.text is not text:
            self.set_text(value, masked.text)
        return masked.drop

    def _number(self, value: AnyValue, kind: str) -> bool:
        """A card number may come as a number."""
        text = repr(getattr(value, kind)) if kind == "int_value" else ""
        masked = self._masker.texts.masked_again(text)
        if masked.text != text:
            self.set_text(value, masked.text)
        return masked.drop

    def _elements(self, values: Any, depth: int) -> None:
        gone = [index for index, item in enumerate(values) if self.value(item, depth + 1)]
        for index in reversed(gone):
            del values[index]

    def kind_of(self, key: str) -> str:
        """Return the word for what the key says that its value is, "" where nothing is looked for in keys."""
        if self._masker.phone_action is not None and is_phone_key(key):
            return PHONE_KIND
        return kind_of_key(key) if self._masker.key_action is not None else ""

    def pair(self, pair: KeyValue, depth: int = 0) -> bool:
        """Mask a pair; return whether it is to be removed."""
        masker = self._masker
        key = pair.key
        if masker.plan.hash_user_ids and is_user_id_key(key):
            self._hash_user(pair.value)
            return False
        kind = self.kind_of(key)
        if kind:
            if masker.action_of_key(kind) is Action.DROP and _holds_something(pair.value):
                return True
            self.secret(pair.value, kind)
        self.field(pair, "key")
        return self.value(pair.value, depth)

    def secret(self, value: AnyValue, kind: str, depth: int = 0) -> None:
        """Mask a value whose key says that it is secret, whatever it looks like; of lists and maps each value."""
        which = value.WhichOneof("value")
        if which in {"array_value", "kvlist_value"}:
            if depth >= MAX_DEPTH:
                self.set_text(value, NOT_EXAMINED)
                return
            items = value.array_value.values if which == "array_value" else [p.value for p in value.kvlist_value.values]
            for item in items:
                self.secret(item, kind, depth + 1)
        elif which is not None and which != "bool_value":
            text = _as_text(value, which)
            if text:
                self.set_text(value, self._masker.replaced_secret(kind, text))

    def _hash_user(self, value: AnyValue) -> None:
        key = self._masker.plan.hash_key
        which = value.WhichOneof("value")
        if which == "array_value":
            for item in value.array_value.values:
                self._hash_user(item)
        elif which == "kvlist_value":
            for pair in value.kvlist_value.values:
                self._hash_user(pair.value)
        elif which is not None and key is not None:
            text = _as_text(value, which)
            if text:
                self.set_text(value, pseudonym("user", text, key))

    def set_text(self, value: AnyValue, text: str) -> None:
        """Put a text in place of a value."""
        if value.WhichOneof("value") == "string_value" and value.string_value == text:
            return
        self.changing()
        value.string_value = text


def _as_text(value: AnyValue, which: str) -> str:
    found = getattr(value, which)
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found)


def _holds_something(value: AnyValue) -> bool:
    return value.WhichOneof("value") not in {None, "bool_value"} and bool(value.ByteSize() > 2 or value.int_value)
