"""One HTTP request from its head to its answer, without any HTTP library."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from otel_discord.extensions.run_channels.asked import Asked
from otel_discord.extensions.run_channels.attendant import Attendant
from otel_discord.extensions.run_channels.audit import Visit
from otel_discord.extensions.run_channels.http_answers import (
    Answer,
    HttpRefusal,
    problem_answer,
    refusal_answer,
    result_answer,
)
from otel_discord.extensions.run_channels.http_api import Head, OpenPage, asked_of, check_body, route_of
from otel_discord.extensions.run_channels.problems import RunProblem

ReadBody = Callable[[], Awaitable[bytes]]
"""Reads a request's body, bounded in size and time; raises HttpRefusal."""
_NOT_READY_RETRY_S = "5"


@dataclass(slots=True)
class HttpFront:
    """Answers requests."""

    attendant: Attendant
    max_retention_hours: int
    document: Mapping[str, Any] = field(repr=False)
    """The OpenAPI document."""

    async def answer(self, head: Head, read_body: ReadBody) -> Answer:
        """Return the answer to any request; raises nothing but CancelledError."""
        try:
            route = route_of(head)
            if route.open_page is not None:
                return self._open(route.open_page)
        except HttpRefusal as refusal:
            return refusal_answer(refusal, head.request_id)
        visit = Visit("http", head.peer, head.request_id, route.action)
        asked: Asked | None = None
        try:
            assert route.asked_type is not None  # noqa: S101 - a route is one of the two
            caller = self.attendant.admit(visit, head.headers.get("authorization", ""), route.asked_type)
            body = b""
            if route.has_body:
                check_body(head)
                body = await read_body()
            asked = asked_of(route, head, body, max_retention_hours=self.max_retention_hours)
            return result_answer(await self.attendant.carry_out(visit, asked, caller))
        except HttpRefusal as refusal:
            self.attendant.audit.refused(visit, asked, refusal.code)
            return refusal_answer(refusal, head.request_id)
        except RunProblem as problem:
            self.attendant.audit.refused(visit, asked, problem.code.value)
            return problem_answer(problem, head.request_id)

    def _open(self, page: OpenPage) -> Answer:
        match page:
            case "health":
                return Answer(HTTPStatus.OK, {"status": "ok"})
            case "document":
                return Answer(HTTPStatus.OK, self.document)
            case "ready":
                reasons = self.attendant.not_ready_because()
                if not reasons:
                    return Answer(HTTPStatus.OK, {"status": "ready"})
                headers = {"Retry-After": _NOT_READY_RETRY_S}
                document = {"status": "not ready", "reasons": list(reasons)}
                return Answer(HTTPStatus.SERVICE_UNAVAILABLE, document, headers)
