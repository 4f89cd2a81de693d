"""What an answer of the API of run channels means to a script: words, exit code, and whether asking again helps. Pure.

The codes are those of docs/reference/run-channels-api.md.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.cli.exit_codes import FAILURE, TRY_AGAIN, USAGE
from otel_discord.cli.letter_lines import printable
from otel_discord.cli.runs_server import TOKEN_VARIABLE

_TRY_AGAIN_STATUSES: Final = frozenset({408, 429, 502, 503, 504})
"""A 502 of ours has an error code and is final; one without is a proxy's, whose service may be back in a moment."""
_FINAL_CODES: Final = frozenset({"missing_permission", "discord_refused"})
_BACKOFF_S: Final = (1.0, 2.0, 4.0, 8.0)
_OPTIONS: Final[Mapping[str, str]] = {
    "taskId": "--task-id",
    "attempt": "--attempt",
    "shortId": "--short-id",
    "guildId": "--guild-id",
    "retentionHours": "--retention-hours",
    "title": "--title",
    "metadata": "--metadata",
    "outcome": "--outcome",
    "channelId": "CHANNEL_ID",
    "state": "--state",
}
_MAX_WORDS_CHARS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service answered."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    """The JSON object; empty where there was none."""
    retry_after_s: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status < 300

    @property
    def error(self) -> Mapping[str, Any]:
        """The error of our API; empty where something else has answered."""
        error = self.body.get("error")
        return error if isinstance(error, Mapping) else {}

    @property
    def code(self) -> str:
        """The error's code; "" without one."""
        return str(self.error.get("code") or "")


class NoAnswerError(Exception):
    """Nothing that can be read came back. ``str()`` is for a person; ``is_lasting`` where asking again is no use."""

    def __init__(self, message: str, *, is_lasting: bool = False) -> None:
        super().__init__(message)
        self.is_lasting = is_lasting


def pause_s(reply: Answer | NoAnswerError, tries: int, dice: float) -> float | None:
    """Return how long to wait before asking again; None where it would not help.

    Args:
        reply: what came of the last try.
        tries: how many there were.
        dice: from 0 to 1; spreads clients that were told the same.
    """
    if isinstance(reply, NoAnswerError):
        known = None
        if reply.is_lasting:
            return None
    else:
        known = reply.retry_after_s
        if reply.status not in _TRY_AGAIN_STATUSES or reply.code in _FINAL_CODES:
            return None
    base = known if known is not None else _BACKOFF_S[min(tries, len(_BACKOFF_S)) - 1]
    return base + 0.25 * dice * min(max(base, 1.0), _BACKOFF_S[-1])


def retry_after(text: str | None) -> float | None:
    """Return the seconds of a ``Retry-After`` header; None where it has none (dates are not ours)."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def exit_code(reply: Answer | NoAnswerError) -> int:
    """Return what a command ends with after a reply that is not good."""
    if isinstance(reply, Answer) and reply.status == 400:
        return USAGE
    return FAILURE if pause_s(reply, 1, 0.0) is None else TRY_AGAIN


def words(reply: Answer | NoAnswerError) -> str:
    """Return what to tell a person about a reply that is not good: one line, and one more for each wrong field."""
    if isinstance(reply, NoAnswerError):
        return printable(str(reply))
    error = reply.error
    if not error:
        return f"something answered with status {reply.status} that is not the API of run channels; is this its place?"
    lines = [_cut(f"{printable(str(error.get('message') or 'it says no more'))} ({_origin(reply)})")]
    if reply.status == 401:
        lines.append(f"  The token comes from {TOKEN_VARIABLE} or --token-file.")
    fields = error.get("fields")
    if isinstance(fields, Mapping):
        lines += [f"  {_option(str(name))}: {_cut(printable(str(what)))}" for name, what in fields.items()]
    return "\n".join(lines)


def _origin(reply: Answer) -> str:
    parts = [printable(reply.code) or f"status {reply.status}"]
    if reply.retry_after_s is not None:
        parts.append(f"again in {math.ceil(reply.retry_after_s):,} s")
    if request_id := reply.error.get("requestId"):
        parts.append(f"request {printable(str(request_id))[:64]}")
    return ", ".join(parts)


def _option(name: str) -> str:
    top, _, key = name.partition(".")
    option = _OPTIONS.get(top, printable(top))
    return f"{option} {printable(key)}" if key else option


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_WORDS_CHARS else f"{text[: _MAX_WORDS_CHARS - 1]}…"
