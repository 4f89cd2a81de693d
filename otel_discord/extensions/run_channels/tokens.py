"""Who asks, and what they may: tokens compared in a time that tells nothing. Pure."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from otel_discord.extensions.run_channels.config import TokenConfig
from otel_discord.extensions.run_channels.problems import Code, RunProblem

Right: TypeAlias = Literal["create", "finalize", "read"]

MOST_HEADER_CHARS: Final = 4096
"""A longer header is refused unread."""
_NO_TOKEN: Final = "a token is needed: Authorization: Bearer <token>"  # noqa: S105 - a sentence
_WRONG_TOKEN: Final = "this token lets nobody in"  # noqa: S105 - a sentence


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a token's name and rights. ``guilds`` empty: every guild."""

    name: str
    rights: frozenset[Right]
    guilds: frozenset[str]
    requests_per_minute: int
    expires_unix_s: float | None = None

    def require(self, right: Right) -> None:
        """Raise FORBIDDEN where the token may not do that."""
        if right not in self.rights:
            raise RunProblem(Code.FORBIDDEN, f"the token {self.name} may not {right} runs")

    def require_guild(self, guild_id: str) -> None:
        """Raise FORBIDDEN where the token has no business in that guild."""
        if self.guilds and guild_id not in self.guilds:
            raise RunProblem(Code.FORBIDDEN, f"the token {self.name} may do nothing in this guild")


class KnownTokens:
    """The tokens that let in, as digests, so that their lengths do not show in the time either."""

    __slots__ = ("_known",)

    def __init__(self, tokens: Iterable[tuple[TokenConfig, str]] = ()) -> None:
        self._known = tuple((_digest(text), _caller(config)) for config, text in tokens if text)

    def __repr__(self) -> str:
        return f"KnownTokens({[caller.name for _, caller in self._known]})"

    def named(self, name: str) -> Caller | None:
        """Return who has a token of that name; None where nobody does."""
        return next((caller for _, caller in self._known if caller.name == name), None)

    def caller(self, authorization: str, *, now_unix_s: float) -> Caller:
        """Return whose token a header ``Bearer <token>`` holds.

        Raises:
            RunProblem: UNAUTHENTICATED: no token, a wrong one, one that has expired.
        """
        token = _token_of(authorization)
        if token is None:
            raise RunProblem(Code.UNAUTHENTICATED, _NO_TOKEN)
        digest, found = _digest(token), None
        for known, caller in self._known:  # all of them, so that the time does not tell which one matched
            if hmac.compare_digest(digest, known):
                found = caller
        if found is None:
            raise RunProblem(Code.UNAUTHENTICATED, _WRONG_TOKEN)
        if found.expires_unix_s is not None and now_unix_s >= found.expires_unix_s:
            ended = datetime.fromtimestamp(found.expires_unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            raise RunProblem(Code.UNAUTHENTICATED, f"the token {found.name} expired at {ended}")
        return found


def same_tokens(tokens: Sequence[tuple[TokenConfig, str]]) -> tuple[str, str] | None:
    """Return the names of two that are the same token, so that nobody could say who asks; None where there are none."""
    names: dict[bytes, str] = {}
    for config, text in tokens:
        other = names.setdefault(_digest(text), config.name) if text else config.name
        if other != config.name:
            return other, config.name
    return None


def _token_of(authorization: str) -> str | None:
    if len(authorization) > MOST_HEADER_CHARS:
        return None
    word, _, token = authorization.strip().partition(" ")
    return token.strip() or None if word.lower() == "bearer" else None


def _caller(config: TokenConfig) -> Caller:
    expires_unix_s = config.expires_at.timestamp() if config.expires_at is not None else None
    return Caller(
        config.name, frozenset(config.allow), frozenset(config.guilds), config.requests_per_minute, expires_unix_s
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
