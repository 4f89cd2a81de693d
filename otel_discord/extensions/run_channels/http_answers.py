"""What the HTTP API answers: statuses, headers, documents. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from otel_discord.extensions.run_channels.asked import Result
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Created, Finalized, Page, Run, State

STATUSES: Final[Mapping[Code, HTTPStatus]] = MappingProxyType(
    {
        Code.INVALID: HTTPStatus.BAD_REQUEST,
        Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
        Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
        Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
        Code.UNKNOWN_GUILD: HTTPStatus.NOT_FOUND,
        Code.NAME_TAKEN: HTTPStatus.CONFLICT,
        Code.RUN_ENDED: HTTPStatus.CONFLICT,
        Code.TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
        Code.MISSING_PERMISSION: HTTPStatus.BAD_GATEWAY,
        Code.DISCORD_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
        Code.DISCORD_REFUSED: HTTPStatus.BAD_GATEWAY,
        Code.DISCORD_LIMITED: HTTPStatus.SERVICE_UNAVAILABLE,
        Code.DISCORD_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
        Code.NOT_READY: HTTPStatus.SERVICE_UNAVAILABLE,
        Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
LONGEST_RETRY_S: Final = 7 * 86_400
MOST_MESSAGE_CHARS: Final = 1000
MOST_FIELDS: Final = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send; ``document`` becomes JSON. Only a create's answer holds a secret."""

    status: HTTPStatus
    document: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


class HttpRefusal(Exception):  # noqa: N818 - a refusal, as a problem is one
    """A request that is not carried out for a reason that only HTTP knows. ``code`` is part of the API."""

    def __init__(self, status: HTTPStatus, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


HTTP_CODES: Final = ("bad_request", "method_not_allowed", "timed_out", "too_large", "unsupported_media_type")
"""Codes of :class:`HttpRefusal`, besides those of :class:`Code`."""


def result_answer(result: Result) -> Answer:
    """Return the answer to a request that was carried out."""
    match result:
        case Created():
            run = result.run
            status = HTTPStatus.CREATED if result.is_new else HTTPStatus.OK
            document = {
                "channelId": run.channel_id,
                "webhookUrl": result.webhook_url.reveal(),
                "runId": run.run_id,
                "expiresAt": time_text(run.expires_ms),
            }
            return Answer(status, document, {"Location": f"/runs/{run.channel_id}"})
        case Finalized():
            status = HTTPStatus.OK if result.is_cleaned else HTTPStatus.ACCEPTED
            return Answer(status, _finalized_document(result))
        case Page():
            return Answer(
                HTTPStatus.OK, {"runs": [run_document(run) for run in result.runs], "nextPageToken": result.next_token}
            )
        case Run():
            return Answer(HTTPStatus.OK, run_document(result))


def run_document(run: Run) -> dict[str, Any]:
    """Return a run as callers see it: without its webhook. Times that have not come are null."""
    return {
        "runId": run.run_id,
        "channelId": run.channel_id or None,
        "guildId": run.key.guild_id,
        "taskId": run.key.task_id,
        "attempt": run.key.attempt,
        "shortId": run.key.short_id,
        "title": run.title,
        "state": run.state.value,
        "outcome": run.outcome,
        "createdAt": time_text(run.created_ms),
        "finalizedAt": time_text(run.finalized_ms),
        "expiresAt": time_text(run.expires_ms),
        "channelName": run.channel_name,
        "metadata": dict(run.metadata),
        "records": run.tally.records,
        "warnings": run.tally.warnings,
        "errors": run.tally.errors,
        "steps": run.tally.steps,
        "lastStep": run.tally.last_step,
    }


def finalized_status(result: Finalized) -> str:
    """Return what is left of a run: ``cleaned``, ``archived``, or ``finishing`` while the work goes on behind."""
    if result.is_cleaned:
        return "cleaned"
    return "archived" if result.run.state is State.ARCHIVED else "finishing"


def problem_answer(problem: RunProblem, request_id: str) -> Answer:
    """Return the answer to a request that is not carried out."""
    headers: dict[str, str] = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_whole_s(problem.retry_after_s))
    if problem.code is Code.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="run channels"'
    document = _error(problem.code.value, str(problem), request_id, problem.fields)
    return Answer(STATUSES[problem.code], document, headers)


def refusal_answer(refusal: HttpRefusal, request_id: str) -> Answer:
    """Return the answer to what HTTP itself refuses."""
    return Answer(refusal.status, _error(refusal.code, str(refusal), request_id), refusal.headers)


def retry_after_whole_s(retry_after_s: float) -> int:
    """Return the seconds of ``Retry-After``: whole ones, rounded up, from 1 to a week."""
    if not retry_after_s < LONGEST_RETRY_S:  # NaN too
        return LONGEST_RETRY_S
    return max(1, math.ceil(retry_after_s))


def time_text(unix_ms: int) -> str | None:
    """Return a time as RFC 3339 says, in UTC and whole seconds; None for 0: it has not come."""
    if unix_ms <= 0:
        return None
    return datetime.fromtimestamp(unix_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _finalized_document(result: Finalized) -> dict[str, Any]:
    run = result.run
    return {
        "status": finalized_status(result),
        "channelId": run.channel_id,
        "runId": run.run_id or None,
        "expiresAt": time_text(run.expires_ms) if run.created_ms else None,
    }


def _error(code: str, message: str, request_id: str, fields: Mapping[str, str] | None = None) -> dict[str, Any]:
    error: dict[str, Any] = {"code": code, "message": message[:MOST_MESSAGE_CHARS], "requestId": request_id}
    if fields:
        error["fields"] = dict(list(fields.items())[:MOST_FIELDS])
    return {"error": error}
