"""Ids of records as their text holds them."""

import re

from otel_discord.testing.fake_discord.oracles import MARKER

STREAM = 1_000_000
"""Ids of one sender are ``sender * STREAM + n``, in the order in which it sends."""


def marker(number: int) -> str:
    """Return the text that stands for an id in a record."""
    return f"#{number}#"


def markers_in(text: str) -> list[int]:
    """Return the ids in a text, each once, in order."""
    return list(dict.fromkeys(int(found) for found in re.findall(MARKER, text)))
