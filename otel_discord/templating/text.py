"""Text from telemetry made safe to show in Discord: no controls, no live Markdown, no mentions. Pure functions.

Escaping is as sparse as Discord's parser allows, since notifications and exports show the backslashes:
``snake_case``, ``C:\\Users`` and bare URLs stay as they are.
Markdown rules: https://support.discord.com/hc/en-us/articles/210298617
"""

import re
from typing import Final

ZERO_WIDTH_SPACE: Final = "\u200b"

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_LINE_BREAKS: Final = re.compile("\r\n?|[\u2028\u2029]")
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_STACKING: Final = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_STACKED_MARKS: Final = re.compile(f"([{_STACKING}]{{4}})[{_STACKING}]+")

_FENCES: Final = re.compile("`{3,}")
_LIVE: Final = re.compile(r"@(?=everyone|here)|<(?=[@#/:]|a:|t:|id:|sound:)|discord:(?=//)", re.IGNORECASE)
_LIVE_IN_CODE: Final = re.compile(r"@(?=everyone|here)|<(?=@)", re.IGNORECASE)

_MARKDOWN: Final = re.compile(
    r"""
      (?P<url>https?://[A-Za-z0-9][^\s<>`*|\\\[\]()~]+)
    | (?P<mark>^[ \t]*(?:>|[-+](?=[ \t#])|\#{1,3}(?=[ \t])|[0-9]{1,9}\.(?=[ \t])))
    | (?P<link>\]\()
    | (?P<char>[*`]|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\||\\(?=[^0-9A-Za-z\s]|\Z)|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z]))
    """,
    re.VERBOSE | re.MULTILINE,
)


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
        text = _HIDDEN.sub("", _LINE_BREAKS.sub("\n", text))
    return text if text.isascii() else _STACKED_MARKS.sub(r"\1", text)


def break_mentions(text: str) -> str:
    """Return the text with a zero-width space inside everything Discord would turn into a mention, emoji or time."""
    if "@" in text or "<" in text or ":" in text:
        return _LIVE.sub(_with_zero_width_space, text)
    return text


def escape_markdown(text: str) -> Markdown:
    """Return Markdown that shows exactly this text: nothing in it is formatted, linked under a false name, or live."""
    if isinstance(text, Markdown):
        return text
    return Markdown(break_mentions(_MARKDOWN.sub(_escaped, text)))


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
        case "url":
            return found
        case "mark":
            return f"{found[:-1]}\\{found[-1]}" if found[-1] in ">-+." else found.replace("#", "\\#", 1)
        case "link":
            return "]\\("
        case _:
            return f"\\{found}"


def _with_zero_width_space(match: re.Match[str]) -> str:
    return match[0] + ZERO_WIDTH_SPACE
