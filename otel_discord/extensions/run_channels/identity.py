"""What a run is called, and how we know our own: HMAC-SHA256 by a key that only we and Discord have. Pure.

The key is the bot's token. Without it nobody can make the id of a run or a marker that we take for ours.
"""

import base64
import hashlib
import hmac
from typing import Final

from otel_discord.config import Secret
from otel_discord.extensions.run_channels.runs import RunKey

RUN_ID_CHARS: Final = 16
SEAL_CHARS: Final = 26
"""128 bits."""
LANE_PREFIX: Final = "run/"


def run_id_of(key: RunKey, signing_key: Secret) -> str:
    """Return the id of a run: 16 characters of ``a-z2-7``, always the same for the same key."""
    return _digest("run", (key.guild_id, key.task_id, str(key.attempt), key.short_id), signing_key)[:RUN_ID_CHARS]


def seal_of(text: str, signing_key: Secret) -> str:
    """Return the signature of a text: 26 characters of ``a-z2-7``."""
    return _digest("marker", (text,), signing_key)[:SEAL_CHARS]


def is_sealed(text: str, seal: str, signing_key: Secret) -> bool:
    """Return whether the signature is ours, in a time that does not tell where it differs."""
    return hmac.compare_digest(seal_of(text, signing_key).encode(), seal.encode("utf-8", "replace"))


def lane_of(run_id: str) -> str:
    """Return the name of the destination of a run."""
    return f"{LANE_PREFIX}{run_id}"


def _digest(purpose: str, parts: tuple[str, ...], signing_key: Secret) -> str:
    message = b"".join(
        len(encoded).to_bytes(4) + encoded
        for encoded in (part.encode("utf-8", "surrogatepass") for part in (purpose, *parts))
    )
    digest = hmac.digest(signing_key.reveal().encode(), message, hashlib.sha256)
    return base64.b32encode(digest).decode().lower().rstrip("=")
