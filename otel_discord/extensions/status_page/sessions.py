"""Who has shown a token: browsers keep a random number, we keep what they showed, and ask about it each time."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from otel_discord.component import Authenticator
from otel_discord.config import Secret
from otel_discord.extensions.status_page.config import AuthConfig

LIFETIME_S: Final = 12 * 3600.0
MOST_SESSIONS: Final = 64
MOST_TOKEN_CHARS: Final = 4096


@dataclass(frozen=True, slots=True)
class _Session:
    token: Secret
    ends_s: float


@dataclass(slots=True)
class Sessions:
    """Kept as long as the service runs, also over reloads; a token that is withdrawn ends its sessions at once."""

    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Proves that a form is of a page of ours; the same for all readers."""
    _open: dict[bytes, _Session] = field(default_factory=dict, repr=False)

    def begin(self, token: str, now_s: float) -> str:
        """Remember a token that lets in; return what the browser is to keep. The oldest session makes room."""
        self._open = {key: each for key, each in self._open.items() if each.ends_s > now_s}
        while len(self._open) >= MOST_SESSIONS:
            self._open.pop(next(iter(self._open)))
        number = secrets.token_urlsafe(32)
        self._open[_key(number)] = _Session(Secret(token), now_s + LIFETIME_S)
        return number

    def token_of(self, number: str, now_s: float) -> str:
        """Return the token of a session; "" where there is none."""
        session = self._open.get(_key(number)) if number else None
        return session.token.reveal() if session is not None and session.ends_s > now_s else ""

    def end(self, number: str) -> None:
        """Forget a session."""
        self._open.pop(_key(number), None)


def lets_in(authenticator: Authenticator, config: AuthConfig, token: str) -> bool:
    """Return whether a token that a person typed in is a good one."""
    if not token or len(token) > MOST_TOKEN_CHARS:
        return False
    return authenticator.authenticate(_headers(config, token))


def _headers(config: AuthConfig, token: str) -> Mapping[str, str]:
    return {config.header.lower(): f"{config.scheme} {token}" if config.scheme else token}


def _key(number: str) -> bytes:
    """Return a digest: looking one up takes no longer for a number that is nearly right."""
    return sha256(number.encode("utf-8", "replace")).digest()
