"""Values of elements, of pairs of a name and a value, and of parts of a form: XML, HTML, lists in JSON, multipart."""

from collections.abc import Iterator
from typing import Final

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Finding
from otel_discord.redaction.placeholders import LONGEST_CHARS, is_placeholder
from otel_discord.redaction.secret_keys import EXPRESSION, kind_of_key
from otel_discord.redaction.value_extent import rest_of_line, value_extent

_CDATA: Final = "<![CDATA["
_OPENED: Final = r">\s{0,40}(?:<!\[CDATA\[)?[^<\s]"
_ELEMENT: Final = Expression(rf"<(?:[A-Za-z0-9]+:)?(?P<s>{EXPRESSION})(?:\s[^<>]{{0,200}})?{_OPENED}")
_NAMED_ELEMENT: Final = Expression(
    rf"(?i:name|key|id)\s?=\s?\\*[\"'](?P<s>{EXPRESSION})\\*[\"'][^<>]{{0,200}}{_OPENED}"
)
_LINE_END: Final = r"(?:\r?\n|\\+r\\+n|\\+n)"
_PART: Final = Expression(
    rf"(?i:name)=\\*\"?(?P<s>{EXPRESSION})\\*\"?[ \t]*{_LINE_END}(?:[A-Za-z-]+: [^\r\n\\]*{_LINE_END})*{_LINE_END}"
)
_NAMED: Final = Expression(
    rf"(?i:name|key)\\*[\"']?\s{{0,4}}[=:]\s{{0,4}}\\*[\"']?(?P<s>{EXPRESSION})\\*[\"']?[\s,]{{1,40}}"
    rf"\\*[\"']?(?i:value)\\*[\"']?\s{{0,4}}[=:]\s{{0,4}}(?:\{{\s{{0,40}}\\*[\"'][a-z]+Value\\*[\"']\s{{0,4}}:\s{{0,4}})?"
)


def find_in_markup(text: str) -> Iterator[Finding]:
    """Yield the values whose element, name or part of a form says that they are secret."""
    yield from _find_elements(_ELEMENT, text)
    yield from _find_elements(_NAMED_ELEMENT, text)
    yield from _find_named(text)
    yield from _find_parts(text)


def _find_elements(expression: Expression, text: str) -> Iterator[Finding]:
    for start, end, key_start, key_end in expression.whole_spans(text):
        kind = kind_of_key(text[key_start:key_end])
        if kind:
            closing = "]]>" if text.find(_CDATA, start, end) >= 0 else "<"
            stop = text.find(closing, end)
            if stop < 0 and closing == "<" and text.find(" ", end) >= 0:
                continue  # no element, but a word in angle brackets and a sentence
            stop = stop if stop >= 0 else len(text)
            if not is_placeholder(text[end - 1 : min(stop, end + LONGEST_CHARS)]):
                yield Finding(end - 1, stop, kind)


def _find_named(text: str) -> Iterator[Finding]:
    masked_to = 0
    for start, end, key_start, key_end in _NAMED.whole_spans(text):
        kind = kind_of_key(text[key_start:key_end])
        if kind and start >= masked_to:
            begin, masked_to, _ = value_extent(text, end)
            if masked_to > begin and not is_placeholder(text[begin : min(masked_to, begin + LONGEST_CHARS + 1)]):
                yield Finding(begin, masked_to, kind)


def _find_parts(text: str) -> Iterator[Finding]:
    for _, end, key_start, key_end in _PART.whole_spans(text):
        kind = kind_of_key(text[key_start:key_end])
        stop = text.find("\\", end, rest_of_line(text, end))
        stop = stop if stop >= 0 else rest_of_line(text, end)
        if kind and stop > end:
            yield Finding(end, stop, kind)
