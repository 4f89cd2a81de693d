"""Secrets in statements of SQL and in what databases say of them."""

from collections.abc import Iterator
from typing import Final

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Category, Finding, Pattern, found_by, found_by_any
from otel_discord.redaction.placeholders import is_placeholder
from otel_discord.redaction.secret_keys import kind_of_key
from otel_discord.redaction.sql_parameters import find_parameters

_NAMES: Final = r"[^()]+"
_INSERT: Final = Expression(rf"(?i:\b(?:into|replace)\s+[^\s(]+\s*)\((?P<s>{_NAMES})\)\s*(?i:values?)\s*\(")
_DETAIL: Final = Expression(rf"(?i:\bkey )\((?P<s>{_NAMES})\)=\(")
_DUPLICATE: Final = Expression(r"(?i:duplicate entry )'[^\n]*?' (?i:for key) \\*'?(?P<s>[\w.]{1,200})")
_STATEMENT_CHARS: Final = 100_000


def _kind_of_names(names: str) -> str:
    return next((kind for kind in map(kind_of_key, names.split(",")) if kind), "")


def _find_values(text: str) -> Iterator[Finding]:
    """Find all rows of an INSERT with a column that is secret: which value is its column's, quotes may hide."""
    for _, end, names_start, names_end in _INSERT.whole_spans(text):
        kind = _kind_of_names(text[names_start:names_end])
        if kind:
            stop = text.find(";", end, end + _STATEMENT_CHARS)
            stop = text.rfind(")", end, stop if stop >= 0 else end + _STATEMENT_CHARS)
            stop = stop if stop >= 0 else len(text)
            if any(quote in text[end:stop] for quote in "'\""):
                yield Finding(end, stop, kind)


def _find_details(text: str) -> Iterator[Finding]:
    """Find the values of ``Key (a, token)=(1, x) already exists``."""
    for _, end, names_start, names_end in _DETAIL.whole_spans(text):
        kind = _kind_of_names(text[names_start:names_end])
        if kind:
            stop = text.find(") ", end, end + _STATEMENT_CHARS)
            yield Finding(end, stop if stop > end else len(text), kind)


def _find_duplicates(text: str) -> Iterator[Finding]:
    for start, _, name_start, name_end in _DUPLICATE.whole_spans(text):
        kind = kind_of_key(text[name_start:name_end])
        if kind:
            opening = text.index("'", start)
            yield Finding(opening + 1, text.rindex("' ", opening, name_start), kind)


SQL: Final = Pattern(
    name="sql",
    category=Category.CREDENTIALS,
    summary="`IDENTIFIED BY '…'`, `PASSWORD '…'`, the rows of an `INSERT` with a column that is secret, and the values "
    "that databases repeat: `Key (token)=(…) already exists`, `Duplicate entry '…' for key 'users.api_token'`, "
    "and the parameters beside a statement with such a column (`parameters: $1 = '…'`)",
    find=found_by_any(
        found_by(
            r"(?i:\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)|\bpassword)\s+(?:(?i:as|by)\s+)?\\*['\"](?P<s>[^'\"]+)",
            "password",
            lambda value: not is_placeholder(value.rstrip("\\")) and " " not in value,
        ),
        _find_values,
        _find_details,
        _find_duplicates,
        find_parameters,
    ),
    triggers=(
        r"identified\s",
        r"password\s+(?:as\s|by\s)?\S{0,2}['\"]",
        r"\binto\s",
        r"\breplace\s",
        r"key \(",
        "duplicate entry",
        r"(?:param(?:eter)?s?|bind(?:ings?|s)?|args|arguments|values)[\\\"']{0,3}\s?[:=]\s?[^\s]",
        r"\[(?:generated in|cached since) ",
        r"[$?][0-9]?\s\[",
    ),
    shown=("password", "token", "…"),
)
