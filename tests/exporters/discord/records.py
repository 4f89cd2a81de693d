"""Random log records: any text, any shape, lengths around every limit. A seed is a record, so that failures repeat.

Made from a seed rather than of hypothesis strategies: a thousand records a second instead of ten.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import replace

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.cards import Card, PastLife

FRAGMENTS = (
    "@everyone", "@here", "<@123456>", "<@&42>", "<#7>", "</run:1>", "<t:1:R>", "<:x:1>", "<id:guide>",
    "```", "``", "`", "```py\n", "**", "__", "~~", "||", "[click](https://evil.example)", "](", "\n# ",
    "\n> ", "\n- ", "\n1. ", "\\", "\\\\", "\u202e", "\u2066", "\x00", "\x1b[31m", "\r\n", "\t", " ",
    "\u00a0", "\u200b", "\u200d", "\u3000", "a" + "\u0301" * 40, "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "שלום", "مرحبا",
    "×412", "× 5 ", "𝒳" * 30, "{{ 7*7 }}", "{% raw %}", "%s", "📎 trace.txt", "…(+3)…", "\U0010ffff",
    "\ufffe", "word ", "https://a.example/b_c_d", "HTTP://evil.example", "<https://evil.example>", "discord://x",
    "<mailto:a@b.example>", "<+4912>", "<sound:1:2>", "\n-# small", "\u2800", "\u3164", "\u00ad", "\u2060", "\u200e",
    "\ufe0f\ufe0f", "\U000e0068\U000e0069", "ก" + "\u0e49" * 20, "\x0b", "\x85", "<", "@", "]", "(", "_", "~", "|",
)  # fmt: skip
BOUNDS = (80, 100, 256, 590, 1024, 2000, 2048, 4096, 6000, 16_384)

TRACES = (
    'Traceback (most recent call last):\n  File "/srv/app/a.py", line 3, in f\n    g()\nValueError: bad',
    "java.lang.IllegalStateException: no\n\tat shop.A.b(A.java:3)\n\tat java.lang.T.run(T.java:8)\nCaused by: x.Y: z",
    "TypeError: x\n    at f (/srv/app/a.js:1:2)\n    at g (/srv/node_modules/express/b.js:3:4)",
    "panic: no\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/srv/a.go:3 +0x1\n",
)
KEYS = (
    "message", "msg", "error", "http.route", "http.request.method", "http.response.status_code",
    "order.id", "user.id", "", "×5", "url.path", "error.type", "level", "a" * 300,
)  # fmt: skip
SEMANTIC_KEYS = (
    "exception.type", "exception.message", "exception.stacktrace", "code.file.path", "code.line.number",
    "code.function.name", "event.name",
)  # fmt: skip
RESOURCE_KEYS = (
    "service.name", "service.namespace", "service.version", "deployment.environment.name", "host.name", "k8s.pod.name",
)  # fmt: skip
TIMES = (0, 1, 10**9, 1_700_000_000_000_000_000, 2**64 - 1)
PLANES = (
    (0x00, 0x7F),
    (0x80, 0x2FF),
    (0x300, 0x36F),
    (0x590, 0x6FF),
    (0x1100, 0x11FF),
    (0x2000, 0xD7FF),
    (0xE000, 0x10FFFF),
)


class RecordMaker:
    """Makes everything of a record out of one seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def text(self) -> str:
        """Return a text: usually short, sometimes just around a limit."""
        dice = self._dice
        kind = dice.random()
        if kind < 0.15:
            return ""
        if kind < 0.4:
            return "".join(self._char() for _ in range(dice.randrange(1, 40)))
        mixed = "".join(
            dice.choice(FRAGMENTS) if dice.random() < 0.6 else self._char() for _ in range(dice.randrange(1, 14))
        )
        if kind < 0.75:
            return mixed
        length = dice.choice(BOUNDS) + dice.randrange(-1, 2)
        return (mixed * (length // len(mixed) + 1))[:length]

    def _char(self) -> str:
        return chr(self._dice.randint(*self._dice.choice(PLANES)))

    def trace(self) -> str:
        """Return a stack trace, some of them long or spoilt."""
        dice = self._dice
        return (dice.choice(TRACES) + "\n" + (self.text() if dice.random() < 0.4 else "")) * dice.randrange(1, 30)

    def value(self, depth: int = 0) -> AnyValue:
        """Return a value of any kind."""
        dice = self._dice
        makers: list[Callable[[], AnyValue]] = [
            lambda: AnyValue(string_value=self.text()),
            lambda: AnyValue(string_value=self.text()),
            lambda: AnyValue(int_value=dice.choice((0, -1, 2**63 - 1, -(2**63), dice.randrange(10**6)))),
            lambda: AnyValue(double_value=struct.unpack("<d", dice.randbytes(8))[0]),
            lambda: AnyValue(bool_value=dice.random() < 0.5),
            lambda: AnyValue(bytes_value=dice.randbytes(dice.randrange(60))),
            AnyValue,
        ]
        if depth < 4:
            makers += [
                lambda: AnyValue(
                    array_value=ArrayValue(values=[self.value(depth + 1) for _ in range(dice.randrange(4))])
                ),
                lambda: AnyValue(kvlist_value=KeyValueList(values=self.pairs(depth + 1))),
            ]
        return dice.choice(makers)()

    def pairs(self, depth: int = 0) -> list[KeyValue]:
        """Return attributes, keys of any kind, twice the same perhaps."""
        dice = self._dice
        keys = [dice.choice(KEYS) if dice.random() < 0.7 else self.text() for _ in range(dice.randrange(6))]
        return [KeyValue(key=key, value=self.value(depth)) for key in keys]

    def some(self, keys: tuple[str, ...], chance: float) -> list[KeyValue]:
        """Return some of the keys with texts."""
        return [self._pair(key) for key in keys if self._dice.random() < chance]

    def _pair(self, key: str) -> KeyValue:
        text = self.trace() if key == "exception.stacktrace" and self._dice.random() < 0.7 else self.text()
        return KeyValue(key=key, value=AnyValue(string_value=text))

    def record(self) -> LogRecord:
        """Return a log record."""
        dice = self._dice
        kind = dice.random()
        body = self.value()
        if kind < 0.15:
            body = AnyValue(string_value=self.text() + "\n" + self.trace())
        elif kind < 0.25:
            body = deep_value(dice.randrange(5, 24), self.value(4))
        attributes = self.pairs() + (self.some(SEMANTIC_KEYS, 0.5) if dice.random() < 0.5 else [])
        return LogRecord(
            body=body,
            attributes=attributes,
            severity_number=dice.randrange(25),
            severity_text=self.text(),
            time_unix_nano=dice.choice(TIMES),
            observed_time_unix_nano=dice.choice(TIMES),
            event_name=self.text() if dice.random() < 0.2 else "",
            trace_id=dice.choice((b"", b"\0" * 16, b"\1" * 16, b"\1" * 5)),
            span_id=dice.choice((b"", b"\2" * 8, b"\2")),
            dropped_attributes_count=dice.choice((0, 1, 2**32 - 1)),
        )

    def card(self) -> Card:
        """Return a card of one or of many records."""
        scope = InstrumentationScope(name=self.text(), version=self.text())
        count = self._dice.choice((1, 1, 2, 412, 1_000_000))
        card = card_of(self.record(), Resource(attributes=self.some(RESOURCE_KEYS, 0.5)), scope, count)
        return replace(card, template=self.stored_text(), samples=self.samples(count), past=self.past())

    def stored_text(self) -> str:
        """Return a text as storage can hold it."""
        return self.text().encode("utf-8", "replace").decode()[:200]

    def samples(self, count: int) -> tuple[str, ...]:
        """Return what further records said."""
        return tuple(self.stored_text() for _ in range(self._dice.randrange(4))) if count > 1 else ()

    def past(self) -> PastLife | None:
        """Return what may be known of a problem."""
        dice = self._dice
        if dice.random() < 0.5:
            return None
        first, last = sorted((dice.choice(TIMES), dice.choice(TIMES)))
        count, version = dice.choice((0, 1, 9999)), self.stored_text()
        return PastLife(first_seen_ns=first, last_seen_ns=last, count=count, first_version=version)


def deep_value(depth: int, leaf: AnyValue) -> AnyValue:
    """Return a value nested ``depth`` levels."""
    for level in range(depth):
        leaf = (
            AnyValue(array_value=ArrayValue(values=[leaf]))
            if level % 2
            else AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=leaf)]))
        )
    return leaf


def card_of(
    record: LogRecord, resource: Resource | None = None, scope: InstrumentationScope | None = None, count: int = 1
) -> Card:
    """Return the card of a record."""
    time_ns = record.time_unix_nano or record.observed_time_unix_nano
    return Card(
        resource=(resource or Resource()).SerializeToString(),
        scope=(scope or InstrumentationScope()).SerializeToString(),
        record=record.SerializeToString(),
        severity=record.severity_number,
        first_seen_ns=time_ns,
        last_seen_ns=min(time_ns + (count - 1) * 1_000_000_000, 2**64 - 1),
        accepted_ns=1_700_000_000_000_000_000,
        count=count,
    )
