"""``status``: how the service and its components fare, at any time of its life."""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from otel_discord.component import StatusBoard
from otel_discord.service.control.command import Command


def status(board: StatusBoard, version: str, phase: Callable[[], str], now_unix_s: Callable[[], float]) -> Command:
    """Return the command; its answer is one line, :func:`status_document`."""

    async def run(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        yield status_document(board, version=version, phase=phase(), now_unix_s=now_unix_s(), pid=os.getpid())

    return Command("status", run, at_any_time=True)


def status_document(board: StatusBoard, *, version: str, phase: str, now_unix_s: float, pid: int) -> dict[str, Any]:
    """Return what the command answers. Pure."""
    return {
        "version": version,
        "pid": pid,
        "phase": phase,
        "started_at": _time(board.started_at_unix_s),
        "uptime_s": round(max(0.0, now_unix_s - board.started_at_unix_s), 3),
        "pipelines": {pipeline: list(members) for pipeline, members in board.pipelines.items()},
        "components": {
            name: {"status": each.status.value, "since": _time(each.since_unix_s)}
            | ({"error": each.error} if each.error else {})
            for name, each in board.statuses.items()
        },
    }


def _time(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
