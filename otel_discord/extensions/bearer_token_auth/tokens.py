"""Comparing tokens: pure, and taking the same time whether, where and how much a wrong one differs."""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

MOST_HEADER_CHARS: Final = 16_384
"""A longer header is refused unread."""


class TokenSet:
    """The tokens that let in, kept as digests, so that their lengths do not show in the time either."""

    __slots__ = ("_digests",)

    def __init__(self, tokens: Iterable[str]) -> None:
        self._digests = tuple({_digest(token) for token in (text.strip() for text in tokens) if token})

    def __len__(self) -> int:
        return len(self._digests)

    def __contains__(self, given: object) -> bool:
        if not isinstance(given, str):
            return False
        digest, found = _digest(given), False
        for known in self._digests:  # all of them, so that the time does not tell which one matched
            found |= hmac.compare_digest(digest, known)
        return found


def token_of(header: str, scheme: str) -> str | None:
    """Return the token of a header value ``Bearer abc``; None where the scheme is another one."""
    if len(header) > MOST_HEADER_CHARS:
        return None
    if not scheme:
        return header.strip()
    word, space, token = header.strip().partition(" ")
    return token.strip() if space and word.lower() == scheme.lower() else None


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
