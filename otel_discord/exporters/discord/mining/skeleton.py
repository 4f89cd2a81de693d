"""A message without its variable parts: the rules that need more than one token.

What one token is by itself is in `tokens`; here quotations, `key = value`, dates in words, numbers with units, names of
users and lists become variable parts, and a row of variable parts becomes one.
"""

import re
from typing import Final

from otel_discord.exporters.discord.mining.tokens import closed_shape
from otel_discord.exporters.discord.mining.vocabulary import (
    DAYS,
    EXCEPTION_ENDINGS,
    HTTP_METHODS,
    MONTHS,
    NOT_USERS,
    TEXT_KEYS,
    UNITS,
    ZONES,
)

_LETTER: Final = re.compile(r"[^\W\d_]")
_TOKEN: Final = re.compile(r"\S+")
_QUOTED: Final = re.compile(
    r"\"((?:[^\"\\]|\\.)*)\"|(?:(?<![\w)\]])|(?<=\b[bru]))'([^']*)'(?!\w)|(?<![\w)\]])`([^`']*)[`'](?!\w)"
    r"|[“„«「『]([^“”„«»「」『』]*)[”“»」』]",
)
_OTHER_QUOTES: Final = re.compile("[“„«「『]")
_TEXT_KEY_BEFORE: Final = re.compile(
    rf"(?:^|[^\w.\-])[\"']?(?:[\w\-]+\.)*(?:{TEXT_KEYS})[\"']?\s*[=:]\s*\[?\s*$", re.IGNORECASE
)
_RAISED: Final = re.compile(
    r"(?:Error|Exception|Warning|Failure|Timeout)\($|\b(?i:errors?|exception|failure|message|reason|cause|because)$"
)
"""`ValueError('bad price')` says what happened; `KeyError('id')` names what it happened to."""
_KEY_CHARS: Final = 40
_REQUEST: Final = re.compile(rf"({HTTP_METHODS})\s")
_COLON_AFTER: Final = re.compile(r"\s*:")

_END: Final = r"(?![\w\-/])"
_PAIR: Final = re.compile(
    rf"(?<![\w=!<>.\-])(?!(?i:(?:[\w\-]+\.)*(?:{TEXT_KEYS}))\s)([A-Za-z_][\w.\-]*)"
    r"(\s+=\s*|\s*=\s+)(?![=>])[\w.\-+$]*[\w\-+$](?![\w=])(?!\s*=)"
)
_USER: Final = re.compile(
    r"\b((?:[Ff]or|[Oo]f|[Bb]y|[Aa]s|[Tt]o|[Ff]rom|[Ii]nvalid|[Ii]llegal|[Nn]ew)\s+"
    rf"(?:invalid\s+|illegal\s+|unknown\s+)?[Uu]ser)(\s+)(?!(?:{NOT_USERS})\b)[A-Za-z][\w.\-\\$]*"
    r"(?=$|[,;:)\].](?:\s|$)|\s+(?:from|by|on|at|in|via|with|and|0|\W))"
)
_LOGIN: Final = re.compile(
    r"\b((?:password|publickey|authentication|login|failures?)\s+for)(\s+)"
    r"(?!invalid\b|illegal\b|user\b|unknown\b|the\b|a\b)[A-Za-z][\w.\-]*(?=$|\s+(?:from|by|on|at|via)\b|\s+[\[(])"
)
_CALENDAR: Final = re.compile(r"[JFMASONDTW](?:an|eb|ar|pr|ay|un|ul|ug|ep|ct|ov|ec|on|ue|ed|hu|ri|at)")
_DAY: Final = re.compile(rf"\b(?:{DAYS}),?\s+(?=(?:0\s+)?(?:{MONTHS})\b|0)")
_MONTH: Final = re.compile(rf"\b(?:{MONTHS})\s+0{_END}|(?<!\w)0\s+(?:{MONTHS}){_END}")
_ZONE: Final = re.compile(rf"(?<![\w.])0\s+(?:{ZONES}){_END}(?:\s+0)?")
_UNIT: Final = re.compile(rf"(?<![\w.])0\s+(?i:{UNITS})(?![\w\-/=(])")
_LIST: Final = re.compile(r"\[\s*[\w.\-]+(?:,\s*[\w.\-]+)+\s*\]")
_COLLECTION: Final = re.compile(r"\b((?:Set|List|Seq|Array|ArrayBuffer|Vector)\()[\w.\-, ]*\)")
_QUOTED_LIST: Final = re.compile(r"\[\s*([\"'])0\1(?:,\s*([\"'])0\2)*\s*\]|(?<=[:=])(\s?)\[\]")
_REPEATED: Final = re.compile(r"(?<!\S)(0 [^\s0]+)(?: \1)+(?!\S)|(\{[^{}]*\})(?:,\s*\2)+")
"""`7 <ok> 8 <ok>`, `{"id": 7}, {"id": 8}`: a row as well, however many."""
_EMPTY: Final = re.compile(r"(?<=\s)\(\)(?!\S)")
_ROW: Final = re.compile(r"(?<![\w.$@/\-])0(?:(?:\s*[,;|/&+\-]\s*|\s+)0(?![\w$@/=]))+(?!\()")
_PLURAL: Final = re.compile(r"(?<![\w.])(0 [A-Za-z]{2,}[a-rt-z])s(?![\w=])")
_YES_OR_NO: Final = re.compile(r": (?:[Yy]es|YES|[Nn]o|NO)(?=$|[,;)\]}])")
_OBJECT: Final = re.compile(r"(?<=\w)(?<!Error)(?<!Exception)(?<!Status)(?<!Code)(?<!Response)\{0 (?:[^{}]|\{0\})*\}")
"""`Window{85788bc StatusBar}`: an object, printed with its id first."""
_DEEPEST: Final = 4
_OBJECT_VALUE: Final = re.compile(r"(?<==)0(?:\(0\)|\[0\]|\{0\})")


def masked_line(line: str) -> str:
    """Return the line with `0` for each variable part, its white space kept. `line` has no digit but `0`."""
    line = _TOKEN.sub(lambda found: closed_shape(found[0]), unquoted(line))
    return ruled(line)


def unquoted(line: str) -> str:
    """Return the line with `0` for what is quoted in it and varies; itself where nothing else would be left."""
    if not has_quotation(line):
        return line
    masked = _QUOTED.sub(_quotation, line)
    return masked if _LETTER.search(masked) else line


def has_quotation(line: str) -> bool:
    """Tell whether the tokens of a line cannot be masked one by one."""
    if '"' in line or "'" in line or "`" in line:
        return True
    return not line.isascii() and _OTHER_QUOTES.search(line) is not None


def ruled(line: str) -> str:
    """Return a line, whose tokens are masked one by one, with the rules applied that need several of them."""
    if "=" in line:
        line = _PAIR.sub(r"\1\g<2>0", line)
    if "user" in line or "User" in line:
        line = _USER.sub(r"\1\g<2>0", line)
    if "for" in line:
        line = _LOGIN.sub(r"\1\g<2>0", line)
    if "()" in line:
        line = _EMPTY.sub("(0)", line)
    if "[" in line and "," in line:
        line = _LIST.sub("[0]", line)
    if ": " in line:
        line = _YES_OR_NO.sub(": 0", line)
    if "t(" in line or "Seq(" in line or "r(" in line:
        line = _COLLECTION.sub(r"\g<1>0)", line)
    if "0" not in line:
        return line
    line = _ZONE.sub("0", _MONTH.sub("0", _DAY.sub("", line))) if _CALENDAR.search(line) else _ZONE.sub("0", line)
    line = collapsed(_UNIT.sub("0", line))
    if ", 0" in line and "[" in line:
        line = _LIST.sub("[0]", line)
    if "{0 " in line:
        for _ in range(_DEEPEST):
            line = _OBJECT.sub("{0}", line)
    line = _REPEATED.sub(r"\1\2", _QUOTED_LIST.sub(r"\3[0]", line))
    return _OBJECT_VALUE.sub("0", line) if "=0" in line else line


def collapsed(masked: str) -> str:
    """Return masked text in which a row of variable parts is one."""
    return _ROW.sub("0", masked)


def key_of(masked: str) -> str:
    """Return what two messages of one group have in common: single spaces, and no plural after a number."""
    return _PLURAL.sub(r"\1", " ".join(masked.split()))


def _quotation(found: re.Match[str]) -> str:
    whole = found[0]
    inner = whole[1:-1]
    before = found.string[: found.start()][-_KEY_CHARS:].rstrip()
    if _RAISED.search(before) if " " in inner else inner.endswith(EXCEPTION_ENDINGS):
        return whole
    is_key = before.endswith(("{", ",")) and _COLON_AFTER.match(found.string, found.end())
    if is_key or (before.endswith(("=", ":", "[")) and _TEXT_KEY_BEFORE.search(before)):
        return whole
    request = _REQUEST.match(inner)
    said = f"{request[1]} 0" if request else "0"
    return f"{whole[0]}{said}{whole[-1]}"
