"""What is in the file, and what the sender hears when the disk refuses."""

import asyncio
import json
import os
import stat
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from pydantic import ValidationError

from otel_discord.component.errors import PermanentError, RetryableError, ShutdownError, StartError
from otel_discord.component.host import Status
from otel_discord.exporters.file.config import FileConfig
from otel_discord.exporters.file.factory import FACTORY
from otel_discord.signals import otlp_json
from otel_discord.signals.batch import LogsBatch
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

Opened = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
def telemetry() -> InMemoryTelemetry:
    return InMemoryTelemetry()


@pytest.fixture
def host() -> NopHost:
    return NopHost()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "telemetry.json"


@pytest.fixture
def opened(path: Path, telemetry: InMemoryTelemetry, host: NopHost) -> Opened:
    @asynccontextmanager
    async def open_exporter(**keys: Any) -> Any:
        config = FileConfig.model_validate({"path": str(path), **keys})
        exporter = FACTORY.create(settings("file", telemetry), config)
        async with exporter.lifespan(host):
            yield exporter

    return open_exporter


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Make the disk full, after half of each write, or well again."""
    write = os.write
    state = {"full": False, "half": True}

    def scripted(descriptor: int, data: Any) -> int:
        if not state["full"]:
            return write(descriptor, data)
        state["half"] = not state["half"]
        if state["half"]:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr("otel_discord.exporters.file.rotating_file.os.write", scripted)
    return lambda full: state.update(full=full, half=True)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_each_request_is_a_line_before_it_is_answered(opened: Opened, path: Path, telemetry: Any) -> None:
    batches = [logs_batch(3), metrics_batch(2), traces_batch(4)]
    async with opened() as exporter:
        for count, batch in enumerate(batches, 1):
            await exporter.consume(batch)
            assert len(lines(path)) == count
    for line, batch in zip(path.read_bytes().splitlines(), batches, strict=True):
        assert otlp_json.decode(line, type(batch.request)) == batch.request
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert telemetry.value("otelcol_exporter_sent_log_records") == 3
    assert telemetry.value("otelcol_exporter_sent_metric_points") == 2
    assert telemetry.value("otelcol_exporter_sent_spans") == 4


async def test_proto_has_a_length_before_each_request(opened: Opened, path: Path) -> None:
    async with opened(format="proto") as exporter:
        for number in range(2):
            await exporter.consume(logs_batch(2, first=number))
    data, found = path.read_bytes(), []
    while data:
        length = int.from_bytes(data[:4], "big")
        found.append(ExportLogsServiceRequest.FromString(data[4 : 4 + length]))
        data = data[4 + length :]
    assert found == [logs_batch(2, first=number).request for number in range(2)]


@pytest.mark.parametrize(("append", "expected"), [(False, 1), (True, 2)])
async def test_append_keeps_what_an_earlier_run_wrote(append: bool, expected: int, opened: Opened, path: Path) -> None:
    for _ in range(2):
        async with opened(append=append) as exporter:
            await exporter.consume(logs_batch())
    assert len(lines(path)) == expected


async def test_many_at_once_stay_whole_lines(opened: Opened, path: Path) -> None:
    async with opened() as exporter:
        await asyncio.gather(*(exporter.consume(logs_batch(5, first=number)) for number in range(50)))
    assert len(lines(path)) == 50


async def test_a_full_disk_is_told_and_leaves_no_half_line(
    opened: Opened, path: Path, full_disk: Callable[[bool], None], telemetry: Any
) -> None:
    async with opened() as exporter:
        await exporter.consume(logs_batch(1))
        full_disk(True)
        with pytest.raises(RetryableError, match=r"cannot write .*telemetry\.json: No space left") as raised:
            await exporter.consume(logs_batch(2))
        assert raised.value.reason == "disk"
        full_disk(False)
        await exporter.consume(logs_batch(3))
    assert [len(line["resourceLogs"][0]["scopeLogs"][0]["logRecords"]) for line in lines(path)] == [1, 3]
    assert telemetry.value("otelcol_exporter_send_failed_log_records") == 2


async def test_what_has_no_json_form_is_refused_for_good(opened: Opened, path: Path) -> None:
    request = ExportLogsServiceRequest()
    value = request.resource_logs.add().scope_logs.add().log_records.add().body
    for _ in range(200):
        value = value.array_value.values.add()
    value.string_value = "deep"
    async with opened() as exporter:
        with pytest.raises(PermanentError):
            await exporter.consume(LogsBatch(request))
    assert path.read_bytes() == b""


async def test_batches_may_wait_in_memory(opened: Opened, path: Path) -> None:
    async with opened(flush_interval="50ms") as exporter:
        await exporter.consume(logs_batch())
        assert path.read_bytes() == b""
        async with asyncio.timeout(5):
            while not path.read_bytes():
                await asyncio.sleep(0.01)
        await exporter.consume(logs_batch())
    assert len(lines(path)) == 2


async def test_waiting_batches_outlast_a_full_disk(
    opened: Opened, path: Path, full_disk: Callable[[bool], None], host: NopHost
) -> None:
    async with opened(flush_interval="20ms") as exporter:
        full_disk(True)
        await exporter.consume(logs_batch())
        async with asyncio.timeout(5):
            while Status.RECOVERABLE not in host.statuses:
                await asyncio.sleep(0.01)
        full_disk(False)
        async with asyncio.timeout(5):
            while Status.OK not in host.statuses:
                await asyncio.sleep(0.01)
    assert len(lines(path)) == 1


async def test_what_cannot_be_written_at_the_end_is_said(
    opened: Opened, full_disk: Callable[[bool], None], caplog: Any
) -> None:
    async with opened(flush_interval="1h") as exporter:
        await exporter.consume(logs_batch())
        full_disk(True)
    assert "1 batch not written (reason: shutdown)" in caplog.text


async def test_a_file_that_cannot_be_opened_is_said_at_the_start(opened: Opened, path: Path) -> None:
    with pytest.raises(StartError, match=r"cannot open .*: No such file or directory"):
        async with opened(path=str(path.parent / "no" / "file.json")):
            pass
    async with opened(path=str(path.parent / "made" / "file.json"), create_directory=True) as exporter:
        await exporter.consume(logs_batch())
    assert len(lines(path.parent / "made" / "file.json")) == 1


async def test_closed_it_takes_nothing(opened: Opened) -> None:
    async with opened() as exporter:
        pass
    with pytest.raises(ShutdownError):
        await exporter.consume(logs_batch())


async def test_fsync_is_asked_for_each_batch(opened: Opened, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    synced: list[int] = []
    monkeypatch.setattr("otel_discord.exporters.file.rotating_file.os.fsync", synced.append)
    async with opened(fsync=True) as exporter:
        await exporter.consume(logs_batch())
        await exporter.consume(logs_batch())
    assert len(synced) == 2


@pytest.mark.parametrize(
    "keys",
    [
        {"path": ""},
        {"path": "a", "format": "xml"},
        {"path": "a", "rotation": {"max_megabytes": 0}},
        {"path": "a", "rotation": {"max_backups": -1}},
        {"path": "a", "flush_interval": "-1s"},
        {},
    ],
)
def test_what_is_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FileConfig.model_validate(keys)


def test_an_empty_rotation_is_one() -> None:
    assert FileConfig.model_validate({"path": "a", "rotation": None}).rotation is not None
    assert FileConfig.model_validate({"path": "a"}).rotation is None
