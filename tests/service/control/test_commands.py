"""What the commands of the socket answer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import Host, OnlineResult, StartError, Status, TestResult
from otel_discord.service.control.command import Command, RefusedError
from otel_discord.service.control.front_desk import check_online, send_test
from otel_discord.service.control.reload import reload
from otel_discord.service.control.status import status, status_document
from otel_discord.service.host import ServiceHost
from otel_discord.service.reload_result import ReloadResult
from otel_discord.testing import NopHost


class Mail:
    """An exporter that can be asked."""

    def __init__(self) -> None:
        self.host: Host | None = None

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield

    async def check_online(self, host: Host | None = None) -> Sequence[OnlineResult]:
        self.host = host
        return [OnlineResult("ops", True, "answers"), OnlineResult("errors", False, "gone")]

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        return [TestResult(destination or "ops", True, "sent", "https://discord.com/channels/1/2/3")]


class Other:
    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        yield


async def answer(command: Command, **arguments: Any) -> list[Mapping[str, Any]]:
    return [line async for line in command.run(arguments)]


async def test_each_exporter_looks_and_takes_note() -> None:
    mail, host = Mail(), NopHost()
    components = {"extension:x": Mail(), "exporter:other": Other(), "exporter:mail/a": mail}
    assert await answer(check_online(lambda: components, lambda _: host)) == [
        {"name": "mail/a ops", "ok": True, "text": "answers", "fingerprint": ""},
        {"name": "mail/a errors", "ok": False, "text": "gone", "fingerprint": ""},
    ]
    assert mail.host is host


async def test_a_test_message() -> None:
    components = {"exporter:other": Other(), "exporter:mail/a": Mail(), "exporter:mail/b": Mail()}
    command = send_test(lambda: components)
    sent = {"ok": True, "text": "sent", "link": "https://discord.com/channels/1/2/3"}
    assert await answer(command) == [{"destination": "ops", **sent}]
    assert await answer(command, exporter="mail/b", destination="errors") == [{"destination": "errors", **sent}]
    with pytest.raises(StartError, match='exporter "other" cannot send a test message'):
        await answer(command, exporter="other")
    with pytest.raises(StartError, match="no exporter that a pipeline uses can send a test message"):
        await answer(send_test(dict))
    with pytest.raises(RefusedError, match="are text"):
        await answer(command, exporter=["mail"])


async def test_components_are_looked_up_anew() -> None:
    components: dict[str, Any] = {}
    command = send_test(lambda: components)
    components["exporter:mail"] = Mail()
    assert len(await answer(command)) == 1


async def test_a_reload_is_told() -> None:
    reasons: list[str] = []

    async def take_over(reason: str) -> ReloadResult:
        reasons.append(reason)
        return ReloadResult(ok=False, text="the configuration has 1 problem", problems=("exporters: missing",))

    lines = await answer(reload(take_over))
    assert reasons == ["the control socket"]
    assert [(line["ok"], line["problems"]) for line in lines] == [(False, ("exporters: missing",))]


async def test_status() -> None:
    host = ServiceHost({"logs": ("receiver:in", "exporter:out")}, now_unix_s=lambda: 1_700_000_000.5)
    host.report_status(Status.OK, "receiver:in")
    host.report_status(Status.RECOVERABLE, "exporter:out", "Discord does not answer")
    document = status_document(host, version="1.2", phase="ready", now_unix_s=1_700_000_061.75, pid=7)
    assert document == {
        "version": "1.2",
        "pid": 7,
        "phase": "ready",
        "started_at": "2023-11-14T22:13:20.500Z",
        "uptime_s": 61.25,
        "pipelines": {"logs": ["receiver:in", "exporter:out"]},
        "components": {
            "receiver:in": {"status": "StatusOK", "since": "2023-11-14T22:13:20.500Z"},
            "exporter:out": {
                "status": "StatusRecoverableError",
                "since": "2023-11-14T22:13:20.500Z",
                "error": "Discord does not answer",
            },
        },
    }
    command = status(host, "1.2", lambda: "starting", lambda: 0.0)
    assert command.at_any_time
    assert (await answer(command))[0]["uptime_s"] == 0.0
