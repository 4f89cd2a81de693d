"""Text from telemetry made safe to show in Discord: no controls, no Markdown, mentions or links. Pure functions.

Escaping is as sparse as Discord's parser allows, since notifications and exports show the backslashes:
``snake_case`` and ``C:\\Users`` stay as they are. An address stays readable and can be copied, but is no link: links on
a card are those that a configuration made. ``docs/explanation/text-is-data.md`` says why.
Markdown rules: https://support.discord.com/hc/en-us/articles/210298617
"""

import re
from functools import lru_cache
from typing import Final

from otel_discord.templating.invisible import without_invisible

ZERO_WIDTH_SPACE: Final = "\u200b"

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_LINE_BREAKS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

_FENCES: Final = re.compile("`{3,}")
_LIVE: Final = re.compile(
    r"@(?=everyone|here|\Z)|<(?=[@#/:+]|a:|t:|id:|sound:|mailto:|tel:|[^\s<>@]{1,64}@|\Z)|discord:(?=//)", re.IGNORECASE
)
"""Mentions, emoji, times, places of a server, addresses of people; and what could become one with the text after it."""
_LIVE_IN_CODE: Final = re.compile(r"@(?=everyone|here)|<(?=@)", re.IGNORECASE)

_MARKDOWN: Final = re.compile(
    r"""
      (?P<mark>^[^\S\n]*(?:>|[-+](?=[\s\#]|\Z)|\#{1,3}(?=\s|\Z)|[0-9]{1,9}\.(?=\s|\Z)))
    | (?P<link>\]\()
    | (?P<scheme>(?i:(?<=http)|(?<=https)|(?<=discord)|(?<=steam)):(?=//))
    | (?P<char>[*`]|~(?=~|\Z)|(?<=~)~|\|(?=\||\Z)|(?<=\|)\||\\(?=[^0-9A-Za-z\s]|\Z)
        |(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))
    """,
    re.VERBOSE | re.MULTILINE,
)

_SPECIAL: Final = re.compile(r"[*`~|\\_@<\]\n]|://")
_SPECIAL_AT_START: Final = re.compile(r"\s*[-+>#0-9]")
"""Without one of these nothing in a text is Markdown, a mention, emoji or time."""
_MOST_REMEMBERED_CHARS: Final = 64


class Markdown(str):
    """Text that is Markdown on purpose; everything else is escaped before it is shown."""

    __slots__ = ()


def neutralise(text: str) -> str:
    """Return the text without what is invisible and can mislead: controls, ANSI colours, bidi overrides, mark towers.

    Line feeds and tabs stay; other line ends become line feeds. A lone surrogate becomes U+FFFD, since it has no UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if not text.replace("\n", "").replace("\t", "").isprintable():
        if "\x1b" in text:
            text = _ANSI.sub("", text)
        text = _CONTROLS.sub("", _LINE_BREAKS.sub("\n", text))
    return text if text.isascii() else without_invisible(text)


def break_mentions(text: str) -> str:
    """Return the text with a zero-width space inside everything Discord would turn into a mention, emoji or time."""
    if "@" in text or "<" in text or ":" in text:
        return _LIVE.sub(_with_zero_width_space, text)
    return text


def escape_markdown(text: str) -> Markdown:
    """Return Markdown that shows exactly this text: nothing in it is formatted, linked under a false name, or live."""
    if isinstance(text, Markdown):
        return text
    if not _SPECIAL.search(text) and not _SPECIAL_AT_START.match(text):  # as most are
        return Markdown(text)
    return _remembered(text) if len(text) <= _MOST_REMEMBERED_CHARS else _escape(text)


def _escape(text: str) -> Markdown:
    return Markdown(break_mentions(_MARKDOWN.sub(_escaped, text)))


_remembered: Final = lru_cache(maxsize=2048)(_escape)
"""Names of services and attributes come again and again."""


def code_block(text: str, language: str = "") -> Markdown:
    """Return the text in a fence that it cannot close; "" for a blank text."""
    body = break_fences(text).rstrip()
    if not body.strip():
        return Markdown("")
    return Markdown(f"```{language}\n{body}\n```")


def break_fences(text: str) -> str:
    """Return the text with a zero-width space in every run of three backticks and in mentions."""
    if "```" in text:
        text = _FENCES.sub(lambda match: ZERO_WIDTH_SPACE.join(match[0]), text)
    if "@" in text:
        text = _LIVE_IN_CODE.sub(_with_zero_width_space, text)
    return text


def inline_code(text: str) -> Markdown:
    """Return the text as code inside a line; backticks become U+02CB, line ends become spaces."""
    body = " ".join(text.replace("`", "ˋ").split())
    return Markdown(f"`{break_mentions(body)}`" if body else "")


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "mark":
            return f"{found[:-1]}\\{found[-1]}" if found[-1] in ">-+." else found.replace("#", "\\#", 1)
        case "link":
            return "]\\("
        case _:
            return f"\\{found}"


def _with_zero_width_space(match: re.Match[str]) -> str:
    return match[0] + ZERO_WIDTH_SPACE
