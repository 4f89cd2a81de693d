"""What stands in place of what was found. The length says nothing, and Discord's markdown makes nothing of it."""

import hashlib
import hmac
from typing import Final

from otel_discord.config import Secret

NOT_EXAMINED: Final = "[not examined]"
"""In place of what could not be looked through; what is not known to be harmless is not sent."""

_HEX_CHARS: Final = 12


def marker(kind: str) -> str:
    """Return ``[jwt]`` for ``jwt``."""
    return f"[{kind}]"


def pseudonym(kind: str, value: str, key: Secret) -> str:
    """Return ``user-3f9a2c51b07e``: HMAC-SHA256 of the value, cut to 48 bits, so that one value stays one name.

    The digits do not depend on ``kind``, so that ``user-…`` and ``email-…`` of one address can be told to be the same.
    E-mail addresses are compared without regard to case.
    """
    known = value.strip()
    if "@" in known:
        known = known.casefold()
    digest = hmac.new(key.reveal().encode(), known.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"{kind}-{digest[:_HEX_CHARS]}"
