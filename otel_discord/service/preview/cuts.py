"""What of a message was cut, and where the whole of it is. Pure: reads the marks that cutting leaves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_MARK: Final = re.compile(r"…\(\+(\d{1,3}(?:,\d{3}){0,4})\)…")
_LINES: Final = re.compile(r"^… (\d[\d,]*) more lines?$", re.MULTILINE)


def cuts(message: Mapping[str, Any], file_names: Sequence[str]) -> list[str]:
    """Return a sentence for each text with a gap: ``description cut by 5,300 characters, whole in message.txt``."""
    texts = [name for name in file_names if name.endswith((".txt", ".log", ".json"))]
    where = f", whole in {texts[0]}" if len(texts) == 1 else f", whole in {' or '.join(texts)}" if texts else ""
    sentences = []
    for part, text in _texts(message):
        missing = sum(int(mark.replace(",", "")) for mark in _MARK.findall(text))
        if missing:
            characters = "character" if missing == 1 else "characters"
            sentences.append(f"{part} cut by {missing:,} {characters}{where}")
        if lines := _LINES.search(text):
            sentences.append(f"{part} leaves out {lines[1]} lines{where}")
        elif not missing and text.rstrip().endswith("…") and part.endswith("title"):
            sentences.append(f"{part} cut at its end{where}")
    return sentences


def _texts(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(content := message.get("content"), str):
        yield "content", content
    embeds = [item for item in message.get("embeds") or () if isinstance(item, Mapping)]
    for number, embed in enumerate(embeds, start=1):
        prefix = f"embed {number} " if len(embeds) > 1 else ""
        for key in ("title", "description"):
            if isinstance(text := embed.get(key), str):
                yield f"{prefix}{key}", text
        for field in embed.get("fields") or ():
            if isinstance(field, Mapping) and isinstance(field.get("value"), str):
                yield f"{prefix}field “{field.get('name', '')}”", field["value"]
