"""A transport that sends nothing: it logs the exact JSON that would go out and says that all went well."""

import itertools
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from otel_discord.discord_api.http import HttpRequest, HttpResponse


@dataclass(slots=True)
class DryRunTransport:
    """``dry_run: true``."""

    logger: logging.Logger
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Log the request's body; the address, which holds the token, stays out of it."""
        if request.method != "GET":
            files = [f"{part.filename} ({part.size_bytes} bytes)" for part in request.files]
            body = json.dumps(request.json, ensure_ascii=False)
            self.logger.info("dry run, not sent: %s %s", body, files or "")
        answer = {"id": str(next(self._ids)), "channel_id": "0"}
        return HttpResponse(status=200, headers={"content-type": "application/json"}, body=json.dumps(answer).encode())
