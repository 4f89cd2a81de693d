"""Parameters of a statement that are told beside it: ``parameters: $1 = 'x'``, ``[parameters: ('bob', 'x')]``.

Which of them belongs to which column is not worked out: where the statement has placeholders and names a column that is
secret, all parameters that are texts are masked.
"""

import re
from collections.abc import Iterator
from typing import Final

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Finding
from otel_discord.redaction.placeholders import is_placeholder
from otel_discord.redaction.secret_keys import EXPRESSION, kind_of_key
from otel_discord.redaction.value_extent import rest_of_line

_STATEMENT: Final = Expression(
    r"(?i:\b(?:select|insert\s+into|update|delete\s+from|merge\s+into|replace\s+into|exec(?:ute)?|call|where|set)\s)"
)
_PLACEHOLDER: Final = Expression(
    r"\$[0-9]+|[=(,\s]\?(?:[\s,);\"'\]\\]|\z)|%s|%\([A-Za-z_0-9]+\)s|[=(,\s][:@][A-Za-z_]\w*"
)
_NAME: Final = Expression(rf"(?P<s>{EXPRESSION})")
_LIST: Final = Expression(
    r"(?:(?i:\b(?:param(?:eter)?s?|bind(?:ings?|s)?|args|arguments|values)\\*[\"']?\s?[:=]\s?"
    r"|\[(?:generated in|cached since) [^\]\n]{1,60}\]\s?)"
    r"(?P<s>\$[0-9]+ = |\\*[\"']?[\[({]|[^\s\[({\"']+\([A-Z][A-Za-z]+\)))"
)
_LONE_LIST: Final = Expression(r"\s(?P<s>\[\s?\[?\\*[\"'])")
_QUOTED: Final = r"'(?:[^'\\]|\\.|'')*(?:'|\z)|\"(?:[^\"\\]|\\.)*(?:\"|\z)"
_TEXT: Final = Expression(_QUOTED)
_ESCAPED_TEXT: Final = Expression(r"\\+\"[^\"\\]*(?:\\+\"|\z)")
_TYPED: Final = Expression(r"(?P<s>[^\s,()\[\]][^,()\n]*)\([A-Z][A-Za-z]*\)")
_BARE: Final = Expression(r"\[[a-z-]+\]|[^\s,\[\](){}]+")
_NESTING: Final = Expression(rf"{_QUOTED}|[\[\](){{}}]")
_NUMBER: Final = re.compile(r"[-+0-9.eE]+|true|false|nil|null|none|<[^>]*>", re.IGNORECASE)
_MAX_CHARS: Final = 100_000


def find_parameters(text: str) -> Iterator[Finding]:
    """Yield the parameters that are texts of a statement with placeholders and a column that is secret."""
    kind = _secret_column(text)
    if not kind:
        return
    done = 0
    for expression in (_LIST, _LONE_LIST):
        for _, _, start, _ in expression.whole_spans(text):
            if start < done:
                continue
            listed = _listed(text, start)
            done = start + len(listed)
            if not is_placeholder(listed):
                yield from (Finding(start + begin, start + end, kind) for begin, end in _texts(listed))


def _secret_column(text: str) -> str:
    statement = next(_STATEMENT.spans(text), None)
    if statement is None or not _PLACEHOLDER.is_in(text):
        return ""
    after = text[statement[0] :]
    return next((kind for start, end in _NAME.spans(after) if (kind := kind_of_key(after[start:end]))), "")


def _listed(text: str, start: int) -> str:
    """Return the list that begins there: to the bracket that closes it, without brackets to the line's end."""
    rest = text[start : min(rest_of_line(text, start), start + _MAX_CHARS)]
    if rest[0] not in "[({":
        return rest
    depth = 0
    for begin, end in _NESTING.spans(rest):
        if end == begin + 1 and rest[begin] in "[({":
            depth += 1
        elif end == begin + 1 and rest[begin] in "])}":
            depth -= 1
            if depth == 0:
                return rest[:end]
    return rest


def _texts(listed: str) -> Iterator[tuple[int, int]]:
    expression = _ESCAPED_TEXT if '\\"' in listed[:8] else _TEXT
    is_quoted = False
    for start, end in expression.spans(listed):
        is_quoted = True
        inner = listed[start:end].strip("\\\"'")
        begin = start + listed[start:end].find(inner)
        if inner and not listed.startswith(":", end) and not is_placeholder(inner):
            yield begin, begin + len(inner)
    if not is_quoted:
        expression = _TYPED if _TYPED.is_in(listed) else _BARE
        for start, end in expression.spans(listed):
            if not _NUMBER.fullmatch(listed[start:end]) and not is_placeholder(listed[start:end]):
                yield start, end
