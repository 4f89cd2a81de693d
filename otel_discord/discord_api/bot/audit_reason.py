"""The words that a change leaves in a guild's audit log: a header, so encoded and bounded.

https://docs.discord.com/developers/resources/audit-log: 1 to 512 characters, URL-encoded UTF-8.
"""

from typing import Final
from urllib.parse import quote

from otel_discord.discord_api.answer_text import clean

HEADER: Final = "X-Audit-Log-Reason"
REASON_CHARS: Final = 512


def encode_reason(reason: str) -> str:
    """Return the header's value, as many whole characters as fit in encoded form; "" where there is nothing to say."""
    encoded, used = [], 0
    for char in clean(reason, REASON_CHARS):
        piece = quote(char, safe="", errors="replace")
        used += len(piece)
        if used > REASON_CHARS:
            break
        encoded.append(piece)
    return "".join(encoded)
