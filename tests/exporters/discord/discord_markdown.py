"""What Discord's clients make of a text, read by rules of our own: an eye that does not share the renderer's mistakes.

Reads from the left as the clients do: at each place the first rule that matches wins. Whatever is not plain text is
reported, with what stands inside of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_RULES = (
    ("heading", re.compile(r"[^\S\n]*#{1,3}\s+\S")),
    ("subtext", re.compile(r"[^\S\n]*-#\s+\S")),
    ("list", re.compile(r"[^\S\n]*(?:[-*+]|\d{1,10}\.)[^\S\n]+\S")),
    ("quote", re.compile(r"[^\S\n]*>(?:>>)?\s")),
)
_RULES = (
    ("escape", re.compile(r"\\[^0-9A-Za-z\s]")),
    ("fence", re.compile(r"```.*?```", re.DOTALL)),
    ("code", re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)),
    ("mention", re.compile(r"@(?:everyone|here)|<(?:@[!&]?|#)\d*|</[^<>]*:|<id:\w*", re.IGNORECASE)),
    ("time", re.compile(r"<t:-?\d+(?::\w)?>")),
    ("emoji", re.compile(r"<a?:\w+:\d+>|<sound:", re.IGNORECASE)),
    ("link", re.compile(r"\[[^\]\n]*\]\([^)\n]*\)|\]\(")),
    ("address", re.compile(r"<?(?:https?|discord|steam)://[^\s<]", re.IGNORECASE)),
    ("address", re.compile(r"<(?:mailto:|tel:|\+\d|[\w.%+-]+@[\w.-]+>)", re.IGNORECASE)),
    ("bold", re.compile(r"\*\*(?P<inner>(?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL)),
    ("underline", re.compile(r"__(?:\\.|[^\\])+?__(?!_)", re.DOTALL)),
    ("italic", re.compile(r"\*(?=\S)(?:\\.|[^\\*])+?\*(?!\*)|_(?:__|\\.|[^\\_])+?_(?![0-9A-Za-z_])", re.DOTALL)),
    ("strike", re.compile(r"~~.+?~~", re.DOTALL)),
    ("spoiler", re.compile(r"\|\|.+?\|\|", re.DOTALL)),
)
_WORD = re.compile("[0-9A-Za-z]")


@dataclass(frozen=True)
class Live:
    """Something that is not plain text."""

    kind: str
    text: str


def live_parts(markdown: str) -> Iterator[Live]:
    """Yield what Discord would not show as it stands, from the left."""
    at = 0
    while at < len(markdown):
        rules = (*_LINE_RULES, *_RULES) if at == 0 or markdown[at - 1] == "\n" else _RULES
        found = next(((kind, match) for kind, rule in rules if (match := rule.match(markdown, at))), None)
        if found is None or (markdown[at] == "_" and found[0] == "italic" and _WORD.match(markdown[at - 1 : at])):
            at += 1
            continue
        kind, match = found
        at = match.end()
        if kind == "escape":
            continue
        yield Live(kind, match[0])
        if kind == "bold":
            yield from live_parts(match["inner"])


def shown(markdown: str) -> str:
    """Return the characters that a reader sees of escaped text."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", markdown).replace("\u200b", "")
