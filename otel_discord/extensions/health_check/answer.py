"""The answers as status and JSON document, made from the status board. Pure: ``now_s`` is Unix time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeAlias

from otel_discord.component import ComponentStatus, Status, StatusBoard
from otel_discord.extensions.health_check.aggregation import aggregate, http_status
from otel_discord.extensions.health_check.config import ComponentHealthConfig

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send."""

    status: HTTPStatus
    document: Json


def status_answer(
    board: StatusBoard, config: ComponentHealthConfig, now_s: float, *, pipeline: str, verbose: bool, closing: bool
) -> Answer:
    """Return the answer for the whole service, or for one pipeline; 404 for one that there is not."""
    view = _View(board, config, now_s, verbose)
    parts: Mapping[str, Json]
    if pipeline:
        if pipeline not in board.pipelines:
            return Answer(HTTPStatus.NOT_FOUND, {"error": "no such pipeline", "pipelines": sorted(board.pipelines)})
        whole = _stage(board, aggregate(view.of_pipeline(pipeline).values(), config), closing)
        parts = {name: view.shown(status) for name, status in view.of_pipeline(pipeline).items()}
    else:
        whole = _stage(board, aggregate(board.statuses.values(), config), closing)
        parts = view.groups()
    head = {"start_time": _time(board.started_at_unix_s)}
    return Answer(http_status(whole, config, now_s), head | view.shown(whole, parts))


def ready_answer(board: StatusBoard, now_s: float) -> Answer:
    """Return the first version's answer: open or not."""
    if not board.ready:
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "Server not available"})
    up_s = max(now_s - board.started_at_unix_s, 0.0)
    return Answer(
        HTTPStatus.OK,
        {"status": "Server available", "upSince": _time(board.started_at_unix_s), "uptime": f"{up_s:.3f}s"},
    )


@dataclass(frozen=True, slots=True)
class _View:
    board: StatusBoard
    config: ComponentHealthConfig
    now_s: float
    verbose: bool

    def of_pipeline(self, pipeline: str) -> Mapping[str, ComponentStatus]:
        statuses = self.board.statuses
        return {name: statuses[name] for name in self.board.pipelines[pipeline] if name in statuses}

    def groups(self) -> Mapping[str, Json]:
        groups = {f"pipeline:{pipeline}": self.of_pipeline(pipeline) for pipeline in sorted(self.board.pipelines)}
        groups["extensions"] = {
            name: status for name, status in self.board.statuses.items() if name.startswith("extension:")
        }
        shown = {}
        for group, members in groups.items():
            whole = aggregate(members.values(), self.config)
            if whole is not None:
                shown[group] = self.shown(whole, {name: self.shown(status) for name, status in members.items()})
        return shown

    def shown(self, status: ComponentStatus, parts: Mapping[str, Json] | None = None) -> Json:
        document: Json = {
            "healthy": http_status(status, self.config, self.now_s) is HTTPStatus.OK,
            "status": status.status.value,
        }
        if status.error:
            document["error"] = status.error
        document["status_time"] = _time(status.since_unix_s)
        if self.verbose and parts is not None:
            document["components"] = parts
        return document


def _stage(board: StatusBoard, whole: ComponentStatus | None, closing: bool) -> ComponentStatus:
    """Return the status of the whole: before everything is open, and once it closes, the stage counts."""
    stage = Status.STOPPING if closing else Status.STARTING
    if whole is None:
        return ComponentStatus(Status.OK if board.ready else stage, "", board.started_at_unix_s)
    if board.ready or whole.status in {Status.FATAL, Status.STARTING, Status.STOPPING, Status.STOPPED}:
        return whole
    return ComponentStatus(stage, whole.error, whole.since_unix_s)


def _time(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
