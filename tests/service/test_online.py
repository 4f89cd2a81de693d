"""What the front desk asks of exporters without a running service."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import (
    ExporterFactory,
    Host,
    OnlineResult,
    Settings,
    Stability,
    StartError,
    TestResult,
)
from otel_discord.config import Secret, StrictModel
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.online import check_online, send_test
from otel_discord.service.registry import Registry
from otel_discord.signals import Signal


class MailConfig(StrictModel):
    token: Secret = Secret("hunter2hunter2")
    good: bool = True


class Mail:
    def __init__(self, config: MailConfig) -> None:
        self._config = config
        self.open = False

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        self.open = True
        yield
        self.open = False

    async def consume(self, batch: Any) -> Any:
        raise AssertionError

    async def check_online(self) -> Sequence[OnlineResult]:
        assert not self.open
        return [OnlineResult("ops", self._config.good, f"answered with {self._config.token.reveal()}")]

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        assert self.open
        return [TestResult(destination or "ops", self._config.good, "sent", "https://discord.com/channels/1/2/3")]


def _create(_settings: Settings, config: MailConfig) -> Mail:
    return Mail(config)


@pytest.fixture
def configuration(factories: Any) -> Configuration:
    mail = ExporterFactory(type_name="mail", config=MailConfig, signals={Signal.LOGS: Stability.ALPHA}, create=_create)
    text = """
receivers: {in: }
exporters: {out: , mail/a: , mail/b: {good: false, token: hunter2hunter2}, mail/unused: }
service:
  pipelines:
    logs: {receivers: [in], exporters: [out, mail/a, mail/b]}
"""
    return load_configuration([f"yaml:{text}"], [], Registry([*factories, mail]), {})


async def test_each_exporter_in_use_is_asked_and_no_secret_comes_back(configuration: Configuration) -> None:
    report = await check_online(configuration, version="0")
    assert [(result.name, result.ok) for result in report.results] == [("mail/a ops", True), ("mail/b ops", False)]
    assert all(result.text == "answered with [REDACTED]" for result in report.results)
    assert report.notes == []


async def test_a_test_message_through_one_open_exporter(configuration: Configuration) -> None:
    report = await send_test(configuration, version="0", exporter_id="", destination="errors")
    assert report.results == [TestResult("errors", True, "sent", "https://discord.com/channels/1/2/3")]
    report = await send_test(configuration, version="0", exporter_id="mail/b", destination=None)
    assert [result.ok for result in report.results] == [False]


@pytest.mark.parametrize("exporter_id", ["out", "mail/unused", "nothing"])
async def test_an_exporter_that_cannot(configuration: Configuration, exporter_id: str) -> None:
    with pytest.raises(StartError, match=f'exporter "{exporter_id}" cannot send a test message'):
        await send_test(configuration, version="0", exporter_id=exporter_id, destination=None)
