"""Destinations that are gone, remembered over restarts: one request, and not one more until something changes.

A tombstone holds a fingerprint of the webhook's address, never the address: another URL under the same name is not
gone.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from otel_discord.discord_api.outcome_types import Gone, Reason
from otel_discord.discord_api.webhook_url import WebhookUrl

_FINGERPRINT_CHARS: Final = 32
_LASTING: Final = frozenset({Reason.NOT_FOUND, Reason.UNAUTHORIZED})
_STATUS_OF_DISCORD: Final = 401
"""Discord answers some 401 without a code; a 404 without one comes from a proxy that lacks the route."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Why a destination is gone, for which address, since when (Unix time)."""

    fingerprint: str
    gone: Gone
    since_unix_s: float

    def to_bytes(self) -> bytes:
        """Return it as it is stored."""
        gone = self.gone
        return json.dumps(
            {
                "fingerprint": self.fingerprint,
                "reason": str(gone.reason),
                "status": gone.status,
                "code": gone.code,
                "detail": gone.detail,
                "since_unix_s": self.since_unix_s,
            }
        ).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Tombstone | None":
        """Return a stored one; None where it cannot be read, since one request more does less harm than silence."""
        try:
            read = json.loads(stored)
            gone = Gone(Reason(read["reason"]), int(read["status"]), int(read["code"]), str(read["detail"]))
            return cls(str(read["fingerprint"]), gone, float(read["since_unix_s"]))
        except (ValueError, KeyError, TypeError):
            return None


def state_key(lane: str) -> str:
    """Return under which key of the queue's state a lane's tombstone is."""
    return f"tombstone/{lane}"


def is_lasting(gone: Gone) -> bool:
    """Return whether a restart changes nothing about it: a deleted webhook, a token that is not valid."""
    return gone.reason in _LASTING and (gone.code != 0 or gone.status == _STATUS_OF_DISCORD)


def fingerprint(webhook: WebhookUrl, endpoint: str) -> str:
    """Return what tells one address from another and gives none of them away."""
    parts = (endpoint, webhook.id, webhook.token.reveal(), webhook.thread_id)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_FINGERPRINT_CHARS]
