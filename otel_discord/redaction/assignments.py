"""``password=…``, ``"api_key": "…"``, ``?token=…``, ``--secret …``: a text's keys that say what their values are."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from otel_discord.redaction.engine import Expression
from otel_discord.redaction.finding import Category, Finding, Pattern
from otel_discord.redaction.markup import find_in_markup
from otel_discord.redaction.placeholders import LONGEST_CHARS, is_placeholder
from otel_discord.redaction.randomness import looks_random
from otel_discord.redaction.secret_keys import EXPRESSION, TRIGGERS, kind_of_key
from otel_discord.redaction.value_extent import (
    block_extent,
    line_extent,
    rest_of_line,
    value_begin,
    value_extent,
)

_QUOTE: Final = r"(?:\\*[\"'`]|%22|%27|%2522|&quot;|&#34;|&#39;|\\+u002[27])"
_SEPARATOR: Final = r"(?:=>|:=|==|=|:|%3[AaDd]|%253[AaDd]|\\+u003[AaDd])"
_SPACED: Final = r"(?i:pass[ -](?:phrase|word|code)|secret value|secret text|password value|pre-?shared key)"
_ASSIGNED: Final = Expression(rf"(?P<s>{_SPACED}|{EXPRESSION})(?:{_QUOTE}?\]?[ \t]{{0,8}}{_SEPARATOR}\s{{0,8}})")
_TUPLE: Final = Expression(rf"[(\[]\s{{0,8}}b?{_QUOTE}(?P<s>{EXPRESSION}){_QUOTE},\s{{0,8}}")
_OPTION: Final = Expression(rf"(?:\A|\s|[\"'])--?(?P<s>{EXPRESSION})[ \t]{{1,8}}(?:\\*[\"'])?[^\s\-]")
_TERM: Final = Expression(rf"\{{(?P<s>{EXPRESSION}),\s{{0,4}}(?:<<)?\"")
_KEYWORD: Final = Expression(rf"(?:\A|[\s{{(]):(?P<s>{EXPRESSION})[ \t]{{1,4}}\"")
_SCHEMES: Final = frozenset(
    [
        "bearer",
        "basic",
        "digest",
        "token",
        "apikey",
        "api-key",
        "negotiate",
        "ntlm",
        "bot",
        "key",
        "ssws",
        "hawk",
        "oauth",
        "signature",
        "aws4-hmac-sha256",
        "sharedkey",
        "sharedaccesssignature",
        "genie-key",
        "splunk",
        "jwt",
    ]
)
_LONG_SCHEMES: Final = frozenset(["digest", "hawk", "oauth", "signature", "aws4-hmac-sha256"])


def _find(expression: Expression, text: str) -> Iterator[Finding]:
    masked_to = 0
    for start, end, key_start, key_end in expression.whole_spans(text):
        if start < masked_to:
            continue
        kind = kind_of_key(text[key_start:key_end])
        if not kind or _NO_KEY.search(text, max(0, start - 128), start) or _STRUCT.match(text, end):
            continue
        found = _value(text, text[key_start:key_end], kind, text[key_end:end], end)
        if found is not None:
            masked_to = found.end
            yield found


def _cookie(text: str, kind: str, start: int) -> Finding | None:
    if text[start : start + 1] in _BRACKETS:
        begin, end = start + 1, text.find(_BRACKETS[text[start]], start)
        end = end if end >= 0 else len(text)
        is_empty = not text[begin:end].strip() or is_placeholder(text[start : end + 1])
        return None if is_empty else Finding(begin, end, kind)
    begin = value_begin(text, start)
    if "=" not in text[begin : begin + _COOKIE_NAME_CHARS]:
        return None  # before the line's end is looked for: so the work stays linear
    begin, end = line_extent(text, start)
    return Finding(begin, end, kind) if "=" in text[begin : min(end, begin + _COOKIE_NAME_CHARS)] else None


def _value(text: str, key: str, kind: str, separator: str, start: int) -> Finding | None:
    if kind == "authorization" and not text.startswith("[", start):
        return _authorization(text, start)
    if kind == "cookie":
        return _cookie(text, kind, start)
    if text.startswith("[", start):
        return _list(text, kind, start)
    block = block_extent(text, start)
    if block is not None:
        return Finding(*block, kind)
    typed = _TYPED.match(text, start)
    start = typed.end() if typed else start
    begin, end, is_quoted = value_extent(text, start, encoded="%" in separator)
    # What is refused here was only looked at for the length of a placeholder, so that the whole stays linear.
    value = text[begin : min(end, begin + LONGEST_CHARS + 1)]
    if len(value) > LONGEST_CHARS:
        return Finding(begin, end, kind)
    if kind in _DOUBTFUL and not _DOUBTFUL[kind](value):
        return None
    if (
        kind == "token"
        and not is_quoted
        and separator.endswith(" ")
        and _PROSE.match(text, begin, begin + LONGEST_CHARS)
    ):
        return None
    if not value.strip() or is_placeholder(
        value, spaced=not is_quoted and "=" in separator and separator[:1].isspace()
    ):
        return None
    if not is_quoted and (_is_small_number_of(kind, value) or key.lower().endswith("tokens")):
        return None  # a count, or words about tokens
    if not is_quoted and key.lower().endswith("phrase"):
        phrase = _PHRASE.match(text, begin)
        end = max(end, phrase.end()) if phrase else end
    return Finding(begin, end, kind)


def _list(text: str, kind: str, start: int) -> Finding | None:
    """Find all that is in ``["a", "b"]``."""
    end = text.find("]", start, start + _LIST_CHARS)
    if end < 0:
        far = text.find("]", start)
        return Finding(start, far if far >= 0 else len(text), kind)
    if not text[start + 1 : end].strip() or is_placeholder(text[start : end + 1]):
        return None
    return Finding(start + 1, end, kind)


def _authorization(text: str, start: int) -> Finding | None:
    begin, end, is_quoted = value_extent(text, start)
    scheme, _, rest = text[begin : begin + LONGEST_CHARS].partition(" ")
    is_scheme = scheme.lower() in _SCHEMES or (scheme.isalpha() and looks_random(rest.split(" ")[0]))
    if is_scheme and rest and not is_quoted:
        is_long = scheme.lower() in _LONG_SCHEMES
        end = rest_of_line(text, begin) if is_long else value_extent(text, begin + len(scheme) + 1)[1]
        return Finding(begin, end, "authorization")
    value = text[begin : min(end, begin + LONGEST_CHARS + 1)]
    return None if is_placeholder(value) else Finding(begin, end, "authorization")


def _is_small_number_of(kind: str, value: str) -> bool:
    """Whether it counts something: ``pass=12 fail=0``, ``token: 5``."""
    return kind in {"password", "token", "secret"} and value.rstrip(".,").isdigit() and len(value) < 4


def _find_options(text: str) -> Iterator[Finding]:
    for _, end, key_start, key_end in _OPTION.whole_spans(text):
        kind = kind_of_key(text[key_start:key_end])
        if kind:
            start = end - 1
            while text[start - 1] in "\"'\\":
                start -= 1
            begin, stop, _ = value_extent(text, start)
            if not is_placeholder(text[begin : min(stop, begin + LONGEST_CHARS + 1)]):
                yield Finding(begin, stop, kind)


def _find_before_quote(expression: Expression, text: str) -> Iterator[Finding]:
    for _, end, key_start, key_end in expression.whole_spans(text):
        kind = kind_of_key(text[key_start:key_end])
        begin, stop, _ = value_extent(text, end - 1)
        if kind and stop > begin and not is_placeholder(text[begin : min(stop, begin + LONGEST_CHARS + 1)]):
            yield Finding(begin, stop, kind)


def _find_all(text: str) -> Iterator[Finding]:
    yield from _find(_ASSIGNED, text)
    yield from _find(_TUPLE, text)
    yield from _find_options(text)
    yield from _find_before_quote(_TERM, text)
    yield from _find_before_quote(_KEYWORD, text)
    yield from find_in_markup(text)


_COOKIE_NAME_CHARS: Final = 4096
_BRACKETS: Final = {"[": "]", "{": "}"}
_NO_KEY: Final = re.compile(r"(?:arn:[\w-]+:[\w-]+:[\w-]*:[0-9]{12}:|(?:\A|\s)--- ?)\Z")
"""Amazon's ``…:secret:prod/db`` is the name of a secret, Go's ``--- PASS: TestCart`` the result of a test."""
_TYPED: Final = re.compile(r"string\([0-9]+\) (?=\")")
"""As PHP's ``var_dump`` writes."""
_STRUCT: Final = re.compile(r"[A-Z]\w{1,63} \{ ?\w{1,64}: ")
"""A structure as Rust, Java and Go print it: ``Token: Token { kind: ContainerToken, … }``.

What is in it has keys of its own.
"""
_PHRASE: Final = re.compile(r"[a-z]+(?: [a-z]+){1,11}", re.IGNORECASE)
_PROSE: Final = re.compile(r"[a-z]{2,20} [a-z]{2,20}\b")
"""``Invalid token: signature mismatch``. No token is a word; a password may be one."""
_DOUBTFUL: Final[Mapping[str, Callable[[str], bool]]] = {
    "pin": lambda value: value.isdigit() and 4 <= len(value) <= 8,
    "session-id": lambda value: len(value) >= 12 and not value.startswith("0x"),
}
"""Keys that have other meanings, and what a value of theirs looks like where it is one."""
_LIST_CHARS: Final = 4096

KEY_VALUE: Final = Pattern(
    name="key_value",
    category=Category.CREDENTIALS,
    summary='the value after a key that says so: `password=…`, `"api_key": "…"`, `?access_token=…`, `--secret …`, '
    "`<password>…`, `Authorization:` and `Cookie:` headers; and the whole value of an attribute with such a key",
    find=_find_all,
    triggers=TRIGGERS,
    shown=("password", "secret", "token", "api-key", "secret-key", "authorization", "cookie", "credentials", "…"),
)
