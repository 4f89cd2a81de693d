"""Why a request is not carried out, in words for the caller: the one error of this room.

HTTP and gRPC translate it at their doors; ``code`` is for programs and is part of the API
(docs/reference/run-channels-api.md).
"""

from collections.abc import Mapping
from enum import StrEnum


class Code(StrEnum):
    """What is wrong, for programs. Behind each its HTTP status and gRPC code."""

    INVALID = "invalid_request"
    """400 INVALID_ARGUMENT; ``fields`` names each wrong or missing field by its JSON name."""
    UNAUTHENTICATED = "unauthenticated"
    """401 UNAUTHENTICATED: no token, a wrong one, an expired one."""
    FORBIDDEN = "forbidden"
    """403 PERMISSION_DENIED: the token may not do that, or not in this guild."""
    NOT_FOUND = "not_found"
    """404 NOT_FOUND: no such path, no such run."""
    UNKNOWN_GUILD = "unknown_guild"
    """404 NOT_FOUND: the bot is in no such guild."""
    NAME_TAKEN = "name_taken"
    """409 ALREADY_EXISTS: another channel has that name, and ``on_collision`` is ``refuse``."""
    RUN_ENDED = "run_ended"
    """409 FAILED_PRECONDITION: this run was finalized; another attempt is another run."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """429 RESOURCE_EXHAUSTED, with ``retry_after_s``: this token asks too often."""
    MISSING_PERMISSION = "missing_permission"
    """502 FAILED_PRECONDITION: the bot lacks a permission in Discord; the message names it and the invite that grants
    it."""
    DISCORD_FULL = "discord_full"
    """503 RESOURCE_EXHAUSTED, with ``retry_after_s``: no room for another channel or webhook."""
    DISCORD_REFUSED = "discord_refused"
    """502 FAILED_PRECONDITION: Discord will not do it; the message has its words."""
    DISCORD_LIMITED = "discord_rate_limited"
    """503 UNAVAILABLE, with ``retry_after_s``: Discord wants to wait; the work goes on behind, ask again then."""
    DISCORD_UNAVAILABLE = "discord_unavailable"
    """503 UNAVAILABLE, with ``retry_after_s``: no answer, or an error of Discord's; the work goes on behind."""
    NOT_READY = "not_ready"
    """503 UNAVAILABLE, with ``retry_after_s``: the service is starting or ending, or its storage cannot store now."""
    INTERNAL = "internal"
    """500 INTERNAL: our own fault; the log has the request's id."""


class RunProblem(Exception):  # noqa: N818 - a problem as in RFC 9457
    """A request that is not carried out. ``str()`` is for a person and holds no secret."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.fields = dict(fields or {})
        """JSON name of a field, as in ``metadata.commit``, and what is wrong with it."""
        self.retry_after_s = retry_after_s
