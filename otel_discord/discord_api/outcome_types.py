"""What can become of one request to Discord, as values with reasons.

``outcomes.classify`` makes them of a status, headers and a body; ``Unavailable`` also of a connection that failed.
Metrics and logs use the same words: ``reason`` is a label, ``detail`` a sentence without secrets (≤ 500 characters).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class Scope(StrEnum):
    """Whose limit a 429 speaks of; Discord's words, and ``host`` for a ban of this address."""

    USER = "user"
    GLOBAL = "global"
    SHARED = "shared"
    HOST = "host"


class Reason(StrEnum):
    """Why a message was not delivered (label ``reason`` of otel_discord_messages_failed_total)."""

    INVALID_FORM = "invalid_form"
    """400 with code 50035: the form has errors by path."""
    EMPTY_MESSAGE = "empty_message"
    CONTENT_BLOCKED = "content_blocked"
    """Refused by AutoMod or a link filter."""
    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    """The webhook or its channel is gone."""
    MESSAGE_GONE = "message_gone"
    """404 with code 10008: the message to edit was deleted; the webhook is well."""
    MISCONFIGURED = "misconfigured"
    """A forum without a thread name, an archived thread: the destination's settings must change."""
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    """Refused, reset, name not resolved, TLS."""
    BAD_ANSWER = "bad_answer"
    """A redirect, HTML where JSON was due, a status that means nothing."""
    SHUTDOWN = "shutdown"
    AMBIGUOUS = "ambiguous"
    """Discord may have it or not, and the destination asks for no repeats (`delivery: at_most_once`)."""
    EXPIRED = "expired"
    """It waited longer than `max_age`."""
    NO_DESTINATION = "no_destination"
    """The configuration does not have its destination any more."""
    POISON = "poison"
    """The process that handles it ends, again and again."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One leaf of Discord's error tree: ``embeds[0].fields[3].value``, BASE_TYPE_MAX_LENGTH, its words."""

    path: tuple[str | int, ...]
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """Discord has it. ``message_id`` is "" where the answer was cut after its status."""

    message_id: str = ""
    channel_id: str = ""
    body: Any = None


@dataclass(frozen=True, slots=True)
class RateLimited:
    """429: nothing was created; wait and send the same. Never counted as an attempt."""

    retry_after_s: float
    scope: Scope
    code: int = 0
    detail: str = ""
    reason: Reason = Reason.RATE_LIMITED


@dataclass(frozen=True, slots=True)
class Refused:
    """Discord will not have this message; the same again would be refused again. The webhook itself is well."""

    reason: Reason
    status: int
    code: int = 0
    detail: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """The destination is unusable until a person changes something; not one more request to it."""

    reason: Reason
    status: int
    code: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """It may work later. ``ambiguous``: the body had gone out, so the message may exist."""

    reason: Reason
    ambiguous: bool
    status: int = 0
    detail: str = ""
    retry_after_s: float | None = None
    """The least to wait, where the answer said so."""


Outcome: TypeAlias = Delivered | RateLimited | Refused | Gone | Unavailable
