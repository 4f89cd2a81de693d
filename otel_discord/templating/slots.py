"""What is printed is made safe for the place where it stands: one filter for each :class:`Slot`."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from otel_discord.templating.sandbox import CHARS_OF_A_STEP, Slot, shown, spend
from otel_discord.templating.text import Markdown, break_mentions, escape_markdown

_CHARS_PRINTED_IN_A_STEP: Final = 64
"""Escaping takes longer than copying."""


def _in_markdown(value: object) -> str:
    if isinstance(value, Markdown) and len(value) < CHARS_OF_A_STEP:  # as most are
        return value
    return escape_markdown(_printed(value))


def _in_plain(value: object) -> str:
    return break_mentions(_printed(value))


def _in_file(value: object) -> str:
    return _printed(value)


def _printed(value: object) -> str:
    if not isinstance(value, str):
        return shown(value)
    if len(value) >= CHARS_OF_A_STEP:
        spend(len(value) // _CHARS_PRINTED_IN_A_STEP)
    return value


def _in_url(value: object) -> str:
    text = _printed(value)
    return str(text) if isinstance(text, Markdown) else quote(text, safe="", errors="replace")


SLOT_FILTERS: Final[dict[str, Callable[..., Any]]] = {
    Slot.MARKDOWN: _in_markdown,
    Slot.PLAIN: _in_plain,
    Slot.RAW: _in_file,
    Slot.URL: _in_url,
}
