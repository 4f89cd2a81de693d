"""What is answered, as values: status, headers, and a JSON body for a person. Pure."""

import math
from dataclasses import dataclass, field
from typing import Any

import orjson

from otel_discord.component import Receipt
from otel_discord.receivers.otlp.answers import HTTP_STATUSES, shorten
from otel_discord.receivers.otlp.refusal import Reason, Refusal

_MAX_MESSAGE_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def accepted(alerts: int, receipt: Receipt) -> Answer:
    """Return the answer to alerts that the pipeline has taken."""
    told: dict[str, Any] = {"accepted": alerts - min(max(receipt.rejected, 0), alerts)}
    if receipt.rejected > 0:
        told["rejected"] = min(receipt.rejected, alerts)
    if receipt.message:
        told["message"] = shorten(receipt.message, _MAX_MESSAGE_BYTES)
    return _json(200, told)


def refused(refusal: Refusal) -> Answer:
    """Return the answer to a request that was not taken; 503 says when to come back, which Alertmanager does."""
    answer = _json(HTTP_STATUSES[refusal.reason], {"error": shorten(refusal.message, _MAX_MESSAGE_BYTES)})
    if refusal.retryable:
        answer.headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after_s)))
    if refusal.reason is Reason.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = "POST, PUT"
    if refusal.reason is Reason.UNAUTHENTICATED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _json(status: int, told: dict[str, Any]) -> Answer:
    return Answer(status, orjson.dumps(told), {"Content-Type": "application/json"})
