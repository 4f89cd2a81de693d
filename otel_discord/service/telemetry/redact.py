"""The last gate for secrets before a line or span leaves the process.

Patterns catch what looks like a secret (webhook URLs, Authorization values, bearer tokens); the secrets of the loaded
configuration are also caught by their value, wherever they stand. Linear in the text's length.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel

from otel_discord.config import REDACTED, Secret

SHORTEST_KNOWN_CHARS: Final = 6
"""Shorter secrets are not looked for by value: they would take ordinary words along."""

_SLASH: Final = r"(?:/|%2[fF]|\\/)"
_VALUE: Final = r"[^\s\"',;<>(){}\\]+"
_WEBHOOK: Final = re.compile(rf"(?i)(webhooks{_SLASH}[\w\-.]{{1,64}}{_SLASH})[\w\-.~%]+")
_AUTHORIZATION: Final = re.compile(
    rf"(?i)\b((?:proxy-)?authorization(?:\\?[\"'])?\s*[:=,]\s*(?:b?\\?[\"'])?)(?:(bearer|basic|bot|token|digest)\s+)?{_VALUE}"
)
_BEARER: Final = re.compile(rf"(?i)\b(bearer\s+){_VALUE}")
_USER_INFO: Final = re.compile(r"(\b[a-zA-Z][a-zA-Z0-9+.\-]{0,31}://)[^\s/@:]{1,256}:[^\s/@]{1,1024}@")
_HINTS: Final = ("webhooks", "authorization", "bearer", "://")
_TOKEN_OF_URL: Final = re.compile(r"/webhooks/\d+/([\w\-]+)")


class Redactor:
    """Takes secrets out of text. Known ones may be added at any time, as after a reload."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._known_pattern: re.Pattern[str] | None = None

    def add(self, secrets: Iterable[Secret]) -> None:
        """Look for these by value from now on; of a webhook URL also for its token alone."""
        for secret in secrets:
            value = secret.reveal()
            parts = {value, value.strip(), *_TOKEN_OF_URL.findall(value)}
            self._known |= {part for part in parts if len(part) >= SHORTEST_KNOWN_CHARS}
        longest_first = sorted(self._known, key=len, reverse=True)
        self._known_pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """Return the text with ``[REDACTED]`` in place of each secret."""
        if self._known_pattern is not None:
            text = self._known_pattern.sub(REDACTED, text)
        lower = text.lower()
        if not any(hint in lower for hint in _HINTS):
            return text
        text = _WEBHOOK.sub(rf"\1{REDACTED}", text)
        text = _AUTHORIZATION.sub(_keep_scheme, text)
        text = _BEARER.sub(rf"\1{REDACTED}", text)
        return _USER_INFO.sub(rf"\1{REDACTED}@", text)


def _keep_scheme(match: re.Match[str]) -> str:
    return match[1] + (f"{match[2]} " if match[2] else "") + REDACTED


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return what JSON can say with each text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: each_text(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(item, change) for item in value]
    return value


def secrets_in(value: object) -> Iterator[Secret]:
    """Yield each secret of a configuration: models, maps and lists are looked through."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from secrets_in(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from secrets_in(item)
