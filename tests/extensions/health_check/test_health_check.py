"""Health as load balancers see it: codes by status, pages on a real port."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.metrics import NoOpMeter
from opentelemetry.trace import NoOpTracer
from pydantic import ValidationError

from otel_discord.component import ComponentId, ComponentStatus, Listening, Settings, StartError, Status, StatusBoard
from otel_discord.extensions.health_check.aggregation import aggregate, http_status
from otel_discord.extensions.health_check.answer import ready_answer, status_answer
from otel_discord.extensions.health_check.config import ComponentHealthConfig, HealthCheckConfig
from otel_discord.extensions.health_check.factory import FACTORY

SETTINGS = Settings(ComponentId("health_check"), NoOpMeter("t"), NoOpTracer(), logging.getLogger("test"), "0")
LENIENT = ComponentHealthConfig()
STRICT = ComponentHealthConfig(include_permanent_errors=True, include_recoverable_errors=True)


@dataclass
class Board:
    """A host of the service, as far as this extension sees it."""

    statuses: Mapping[str, ComponentStatus] = field(default_factory=dict)
    pipelines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ready: bool = True
    started_at_unix_s: float = 1_700_000_000.0
    drain_deadline_s: float | None = None

    def extension(self, component_id, protocol):
        raise StartError("none")

    def report_status(self, status, component="", error=""):
        raise AssertionError("health_check reports nothing")


def at(status: Status, since_unix_s: float = 1_700_000_001.0, error: str = "") -> ComponentStatus:
    return ComponentStatus(status, error, since_unix_s)


RUNNING = Board(
    statuses={
        "receiver:otlp": at(Status.OK, 1_700_000_002.0),
        "exporter:discord": at(Status.RECOVERABLE, 1_700_000_100.0, "503 for a minute"),
        "exporter:debug": at(Status.OK),
        "extension:health_check": at(Status.OK),
    },
    pipelines={"logs": ("receiver:otlp", "exporter:discord"), "traces/all": ("receiver:otlp", "exporter:debug")},
)


def test_the_board_of_these_tests_is_one():
    assert isinstance(Board(), StatusBoard)


@pytest.mark.parametrize(
    ("status", "lenient", "strict"),
    [
        (Status.STARTING, 503, 503),
        (Status.OK, 200, 200),
        (Status.RECOVERABLE, 200, 500),
        (Status.PERMANENT, 200, 500),
        (Status.FATAL, 500, 500),
        (Status.STOPPING, 503, 503),
        (Status.STOPPED, 503, 503),
    ],
)
def test_codes(status, lenient, strict):
    now_s = 1_700_000_001.0 + STRICT.recovery_duration
    assert http_status(at(status), LENIENT, now_s) == lenient
    assert http_status(at(status), STRICT, now_s) == strict


def test_an_error_that_may_pass_is_put_up_with_for_a_while():
    ago = at(Status.RECOVERABLE, 1000.0)
    assert http_status(ago, STRICT, 1000.0 + STRICT.recovery_duration - 0.001) is HTTPStatus.OK
    assert http_status(ago, STRICT, 1000.0 + STRICT.recovery_duration) is HTTPStatus.INTERNAL_SERVER_ERROR


def test_which_status_stands_for_all():
    recoverable, permanent = at(Status.RECOVERABLE), at(Status.PERMANENT)
    only_recoverable = ComponentHealthConfig(include_recoverable_errors=True)
    assert aggregate([], LENIENT) is None
    assert aggregate([at(Status.OK), recoverable, permanent], LENIENT) == permanent
    assert aggregate([at(Status.OK), recoverable, permanent], only_recoverable) == recoverable
    assert aggregate([at(Status.OK), permanent, at(Status.STARTING)], LENIENT) == at(Status.STARTING)
    assert aggregate([at(Status.FATAL), at(Status.STARTING)], LENIENT) == at(Status.FATAL)
    assert aggregate([at(Status.RECOVERABLE, 9), at(Status.RECOVERABLE, 5)], LENIENT) == at(Status.RECOVERABLE, 5)
    assert aggregate([at(Status.OK, 5), at(Status.OK, 9)], LENIENT) == at(Status.OK, 9)


@given(st.lists(st.builds(at, st.sampled_from(Status), st.floats(0, 1e9)), min_size=1))
def test_order_does_not_matter_and_the_answer_is_one_of_them(statuses):
    whole = aggregate(statuses, STRICT)
    assert whole in statuses
    assert aggregate(statuses[::-1], STRICT) == whole


def answer(board: Board, pipeline: str = "", *, verbose: bool = False, config: ComponentHealthConfig = LENIENT):
    closing = board.drain_deadline_s is not None
    return status_answer(board, config, 1_700_000_200.0, pipeline=pipeline, verbose=verbose, closing=closing)


def test_the_whole_in_short():
    short = answer(RUNNING)
    assert short.status == 200
    assert short.document == {
        "start_time": "2023-11-14T22:13:20.000Z",
        "healthy": True,
        "status": "StatusRecoverableError",
        "error": "503 for a minute",
        "status_time": "2023-11-14T22:15:00.000Z",
    }


def test_the_whole_at_length():
    components = answer(RUNNING, verbose=True).document["components"]
    assert set(components) == {"pipeline:logs", "pipeline:traces/all", "extensions"}
    assert components["pipeline:logs"]["status"] == "StatusRecoverableError"
    assert components["pipeline:logs"]["components"]["receiver:otlp"] == {
        "healthy": True,
        "status": "StatusOK",
        "status_time": "2023-11-14T22:13:22.000Z",
    }
    assert components["pipeline:traces/all"]["status"] == "StatusOK"
    assert set(components["extensions"]["components"]) == {"extension:health_check"}


def test_one_pipeline():
    assert answer(RUNNING, "traces/all").document["status"] == "StatusOK"
    at_length = answer(RUNNING, "logs", verbose=True).document
    assert set(at_length["components"]) == {"receiver:otlp", "exporter:discord"}
    missing = answer(RUNNING, "metrics")
    assert missing.status == 404
    assert missing.document["pipelines"] == ["logs", "traces/all"]


@pytest.mark.parametrize(
    ("board", "status", "code"),
    [
        (Board(ready=False), "StatusStarting", 503),
        (Board(ready=False, statuses={"receiver:otlp": at(Status.OK)}), "StatusStarting", 503),
        (Board(ready=False, statuses={"receiver:otlp": at(Status.OK)}, drain_deadline_s=1.0), "StatusStopping", 503),
        (Board(ready=False, statuses={"receiver:otlp": at(Status.FATAL)}), "StatusFatalError", 500),
        (Board(), "StatusOK", 200),
    ],
)
def test_before_everything_is_open_and_after(board, status, code):
    whole = answer(board)
    assert (whole.document["status"], whole.status) == (status, code)
    assert whole.document["healthy"] is (code == 200)
    assert ready_answer(board, 0.0).status == (200 if board.ready else 503)


async def get(address: str, path: str, method: str = "GET") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.request(method, f"http://{address}{path}") as response:
        return response.status, await response.text()


async def test_pages_on_a_real_port():
    board = Board(RUNNING.statuses, RUNNING.pipelines, ready=False)
    check = FACTORY.create(SETTINGS, HealthCheckConfig(endpoint="127.0.0.1:0"))
    async with check.lifespan(board):
        assert isinstance(check, Listening)
        address = check.endpoints["http"]
        assert (await get(address, "/"))[0] == 503
        assert (await get(address, "/status"))[0] == 503
        board.ready = True
        status, text = await get(address, "/")
        assert (status, "Server available" in text) == (200, True)
        assert (await get(address, "/status?verbose&pipeline=logs"))[1].count("exporter:discord") == 1
        assert "components" not in (await get(address, "/status?verbose=false"))[1]
        assert (await get(address, "/status?pipeline=nope"))[0] == 404
        assert (await get(address, "/config"))[0] == 404
        assert (await get(address, "/status", "POST"))[0] == 405
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(address, "/")


async def test_second_version_alone_and_texts_of_the_first():
    config = HealthCheckConfig.model_validate(
        {"use_v2": True, "http": {"endpoint": "127.0.0.1:0", "status": {"path": "/health"}}}
    )
    check = FACTORY.create(SETTINGS, config)
    async with check.lifespan(RUNNING):
        assert (await get(check.endpoints["http"], "/health"))[0] == 200
        assert (await get(check.endpoints["http"], "/"))[0] == 404
    first = HealthCheckConfig.model_validate(
        {"endpoint": "127.0.0.1:0", "path": "/live", "response_body": {"healthy": "fine"}}
    )
    check = FACTORY.create(SETTINGS, first)
    async with check.lifespan(RUNNING):
        assert await get(check.endpoints["http"], "/live") == (200, "fine")


async def test_start_errors():
    check = FACTORY.create(SETTINGS, HealthCheckConfig(endpoint="127.0.0.1:0"))
    async with check.lifespan(RUNNING):
        again = FACTORY.create(SETTINGS, HealthCheckConfig(endpoint=check.endpoints["http"]))
        with pytest.raises(StartError, match="the port is taken"):
            async with again.lifespan(RUNNING):
                pass


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"endpoint": "localhost"}, "host:port"),
        ({"http": {"endpoint": "localhost:70000"}}, "host:port"),
        ({"http": {"config": {"enabled": True}}}, "print-config"),
        ({"path": "status"}, "must be a path"),
        ({"path": "/status"}, "must differ"),
        ({"use_v2": True, "http": {"status": {"enabled": False}}}, "nothing would be served"),
        ({"endpont": "x"}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_said(config, message):
    with pytest.raises(ValidationError, match=message):
        HealthCheckConfig.model_validate(config)
