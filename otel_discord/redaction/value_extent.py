"""Where the value of ``key=value`` ends: quoted or bare, in JSON inside JSON, percent-encoded, in a query or a header.

In doubt it ends later: more is masked than need be, and nothing is left over.
"""

import re
from typing import Final

_QUOTE: Final = re.compile(r"(?<!\\)(\\*)([\"'`])")
_OPENER: Final = re.compile(
    r"(?:[bBuUrRfF]{1,2}(?=\\*[\"']))?(?:(\\*)([\"'`])|(%22|%27|&quot;|&#34;|&#39;|%2522|\\+u002[27]))"
)
_BARE: Final = re.compile(
    r"(?:[^\s\"'`&,;)}\]<>]"
    r"|&(?!(?:amp;)?[\w.%\[\]-]{1,64}=|quot;|#3[49];)"
    r"|[,;](?!\s|\Z|[\"'{\[(]|[\w.-]{1,64}\s?[=:])"
    r"|[)}\]](?!\s|\Z|[,;.)}\]:\"'])"
    r"|<(?![/A-Za-z!])"
    r"|>(?!\s|\Z))+"
)
_BLOCK: Final = re.compile(r"[|>][-+0-9]{0,2}[ \t]*\r?\n([ \t]+)(?=\S)")
_INDENTED: Final = re.compile(r"\r?\n([ \t]*)([^\r\n]*)")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_WORD: Final = re.compile(r"\S*")
_BRACKETS: Final = 8
"""With more of them inside it, a value ends at a space: so the work stays linear."""
_ENCODED_END: Final = re.compile(r"%26|%22|%27|%2C|%7D|%20|%0A|%3B", re.IGNORECASE)
_LINE: Final = re.compile(r"[^\r\n]*")
_REST: Final = re.compile(r"(?:[^\r\n\"'\\]|\\(?!\\*[\"'rn]))*")


def value_extent(text: str, start: int, *, encoded: bool = False) -> tuple[int, int, bool]:
    """Return start and end of the value that begins at ``start``, without its quotes, and whether it was quoted."""
    opener = _OPENER.match(text, start)
    if opener is None:
        return _bare(text, start, encoded=encoded)
    inside = opener.end()
    if opener[3]:
        end = text.find(opener[3], inside)
        if end >= 0:
            return inside, end, True
        return inside, _bare(text, inside, encoded=False)[1], True
    level = len(opener[1])
    for quote in _QUOTE.finditer(text, inside):
        if quote[2] == opener[2] and _closes(len(quote[1]), level):
            # a closing quote has as many backslashes before it as the opening one; those beyond belong to the value
            return inside, quote.start(2) - min(level, len(quote[1])), True
    return inside, len(text), True  # cut: the quote is nowhere closed


def block_extent(text: str, start: int) -> tuple[int, int] | None:
    """Return start and end of a block of YAML whose sign (``|``, ``>-``) is at ``start``, None where there is none."""
    block = _BLOCK.match(text, start)
    if block is None:
        return None
    end = rest_of_line(text, block.end())
    while (line := _INDENTED.match(text, end)) and (not line[2] or len(line[1]) >= len(block[1])):
        end = line.end()
    return block.end(), end


def value_begin(text: str, start: int) -> int:
    """Return where a value begins behind its quote, where it has one."""
    opener = _OPENER.match(text, start)
    return start if opener is None else opener.end()


def line_extent(text: str, start: int) -> tuple[int, int]:
    """Return start and end of a header's value: to the closing quote where it is quoted, else to the line's end."""
    opener = _OPENER.match(text, start)
    if opener is not None:
        inside, end, _ = value_extent(text, start)
        return inside, end
    match = _REST.match(text, start)
    return start, match.end() if match else start


def _bare(text: str, start: int, *, encoded: bool) -> tuple[int, int, bool]:
    end = start
    for _ in range(_BRACKETS):
        match = _BARE.match(text, end)
        end = match.end() if match else end
        pair = _PAIRS.get(text[end : end + 1])
        if pair is None or text.count(pair, start, end) <= text.count(text[end], start, end):
            break
        end += 1  # a bracket that was opened inside the value
    else:
        rest = _WORD.match(text, end)
        end = rest.end() if rest else end
    if encoded:
        stop = _ENCODED_END.search(text, start, end)
        end = stop.start() if stop else end
    return start, end, False


def _closes(backslashes: int, level: int) -> bool:
    """Whether a quote behind so many backslashes ends a string that a quote behind ``level`` of them began."""
    if level == 0:
        return backslashes % 2 == 0
    return backslashes % 2 == 0 or _closes(backslashes // 2, level // 2)


def rest_of_line(text: str, start: int) -> int:
    """Return where the line ends."""
    match = _LINE.match(text, start)
    return match.end() if match else start
