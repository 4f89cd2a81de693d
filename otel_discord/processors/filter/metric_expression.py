"""Expressions over a metric's data points, for the older ``match_type: expr``: what the Collector documents of them.

``MetricName``, ``MetricType``, ``Label(name)``, ``HasLabel(name)``, texts in quotes, ``==``, ``!=``, ``matches``,
``&&``/``and``, ``||``/``or``, ``!``/``not`` and parentheses. An expression holds for a metric if it does for one point.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from otel_discord.ottl.regex import compile_regex
from otel_discord.signals import attributes_to_dict

MAX_NESTING: Final = 30
_TOKEN: Final = re.compile(r"""\s*(?:(==|!=|&&|\|\||!|\(|\))|([A-Za-z]+)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))""")
_TYPES: Final = {
    "gauge": "Gauge",
    "sum": "Sum",
    "histogram": "Histogram",
    "exponential_histogram": "ExponentialHistogram",
    "summary": "Summary",
}

_Point: TypeAlias = tuple[Metric, dict[str, str]]
_Text: TypeAlias = Callable[[_Point], str]
_Test: TypeAlias = Callable[[_Point], bool]
MetricTest: TypeAlias = Callable[[Metric], bool]


def parse_metric_expression(text: str) -> MetricTest:
    """Return what tells whether the expression holds for a data point of a metric.

    Raises:
        ValueError: it is no such expression; says where.
    """
    holds = _Parser(text).whole()

    def any_point(metric: Metric) -> bool:
        return any(holds((metric, _labels(point.attributes))) for point in _points(metric))

    return any_point


def _points(metric: Metric) -> Iterable[Any]:
    kind = metric.WhichOneof("data")
    points: Iterable[Any] = getattr(metric, kind).data_points if kind else ()
    return points


def _labels(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else "" for key, value in attributes_to_dict(attributes).items()}


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, int]] = []
        self.place = 0
        index = 0
        while index < len(text.rstrip()):
            found = _TOKEN.match(text, index)
            if found is None:
                raise self._wrong("unexpected character", index + len(text[index:]) - len(text[index:].lstrip()))
            self.tokens.append((found[0].strip(), found.end() - len(found[0].strip())))
            index = found.end()

    def whole(self) -> _Test:
        test = self._any(0)
        if self.place < len(self.tokens):
            raise self._wrong("expected the end", self.tokens[self.place][1])
        return test

    def _any(self, nesting: int) -> _Test:
        tests = [self._all(nesting)]
        while self._take("||", "or"):
            tests.append(self._all(nesting))
        return tests[0] if len(tests) == 1 else lambda point: any(test(point) for test in tests)

    def _all(self, nesting: int) -> _Test:
        tests = [self._one(nesting)]
        while self._take("&&", "and"):
            tests.append(self._one(nesting))
        return tests[0] if len(tests) == 1 else lambda point: all(test(point) for test in tests)

    def _one(self, nesting: int) -> _Test:
        if nesting > MAX_NESTING:
            raise self._wrong(f"nested deeper than {MAX_NESTING} levels", self._here())
        if self._take("!", "not"):
            negated = self._one(nesting + 1)
            return lambda point: not negated(point)
        if self._take("("):
            inner = self._any(nesting + 1)
            self._expect(")")
            return inner
        if self._take("HasLabel"):
            label = self._argument()
            return lambda point: label in point[1]
        return self._comparison()

    def _comparison(self) -> _Test:
        left = self._value()
        if self._take("matches"):
            pattern = compile_regex(self._literal())
            return lambda point: pattern.found_in(left(point))
        if self._take("=="):
            right = self._value()
            return lambda point: left(point) == right(point)
        if self._take("!="):
            other = self._value()
            return lambda point: left(point) != other(point)
        raise self._wrong("expected ==, != or matches", self._here())

    def _value(self) -> _Text:
        if self._take("MetricName"):
            return lambda point: point[0].name
        if self._take("MetricType"):
            return lambda point: _TYPES.get(point[0].WhichOneof("data") or "", "None")
        if self._take("Label"):
            label = self._argument()
            return lambda point: point[1].get(label, "")
        text = self._literal()
        return lambda _: text

    def _argument(self) -> str:
        self._expect("(")
        text = self._literal()
        self._expect(")")
        return text

    def _literal(self) -> str:
        token = self.tokens[self.place][0] if self.place < len(self.tokens) else ""
        if token[:1] not in {'"', "'"}:
            raise self._wrong(
                "expected MetricName, MetricType, Label(…), HasLabel(…) or a text in quotes", self._here()
            )
        self.place += 1
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def _take(self, *words: str) -> bool:
        if self.place < len(self.tokens) and self.tokens[self.place][0] in words:
            self.place += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise self._wrong(f"expected {word}", self._here())

    def _here(self) -> int:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else len(self.text)

    @staticmethod
    def _wrong(message: str, offset: int) -> ValueError:
        return ValueError(f"{message} (column {offset + 1})")
