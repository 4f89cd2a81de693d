"""Draining ends in time, and a second signal ends it at once."""

import signal
import time
from pathlib import Path
from typing import Any

import pytest

SLOW = """
import asyncio
from contextlib import asynccontextmanager

from otel_discord.component import ExporterFactory, Stability, ACCEPTED
from otel_discord.config import StrictModel
from otel_discord.signals import Signal


class SlowConfig(StrictModel):
    start_takes_s: float = 0
    close_takes_s: float = 0
    breaks_after_s: float = 0


class Slow:
    def __init__(self, config):
        self.config = config

    @asynccontextmanager
    async def lifespan(self, host):
        await asyncio.sleep(self.config.start_takes_s)
        async with asyncio.TaskGroup() as group:
            if self.config.breaks_after_s:
                group.create_task(self.break_down())
            yield
            await asyncio.sleep(self.config.close_takes_s)

    async def break_down(self):
        await asyncio.sleep(self.config.breaks_after_s)
        raise OSError("the disk is gone")

    async def consume(self, batch):
        return ACCEPTED


FACTORY = ExporterFactory(
    type_name="slow",
    config=SlowConfig,
    signals={Signal.LOGS: Stability.DEVELOPMENT},
    create=lambda settings, config: Slow(config),
)
"""


@pytest.fixture
def slow_package(tmp_path: Path) -> str:
    site = tmp_path / "site"
    info = site / "slow-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "slow_component.py").write_text(SLOW)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[otel_discord.exporters]\nslow = slow_component:FACTORY\n")
    return str(site)


def arguments(nop_config: str, *sets: str) -> list[str]:
    pipeline = ["exporters.slow=", "service.pipelines.logs.exporters=[slow, nop]"]
    return ["--config", nop_config, *(part for each in [*pipeline, *sets] for part in ("--set", each))]


def test_a_drain_ends_at_its_deadline(start: Any, nop_config: str, slow_package: str) -> None:
    sets = ("exporters.slow.close_takes_s=3600", "service.shutdown_timeout=300ms")
    service = start(*arguments(nop_config, *sets), PYTHONPATH=slow_package)
    service.wait_for("Everything is ready.")
    started_s = time.monotonic()
    service.send(signal.SIGTERM)
    assert service.ended() == 1
    assert time.monotonic() - started_s < 8
    assert "exporter:slow did not close in time" in service.log


def test_a_drain_that_fits_is_good(start: Any, nop_config: str, slow_package: str) -> None:
    service = start(*arguments(nop_config, "exporters.slow.close_takes_s=0.5"), PYTHONPATH=slow_package)
    service.wait_for("Everything is ready.")
    service.send(signal.SIGTERM)
    assert service.ended() == 0, service.log


def test_the_second_signal_ends_at_once(start: Any, nop_config: str, slow_package: str) -> None:
    sets = ("exporters.slow.close_takes_s=3600", "service.shutdown_timeout=1h")
    service = start(*arguments(nop_config, *sets), PYTHONPATH=slow_package)
    service.wait_for("Everything is ready.")
    service.send(signal.SIGTERM)
    service.wait_for("Shutting down")
    started_s = time.monotonic()
    service.send(signal.SIGINT)
    assert service.ended() == 1
    assert time.monotonic() - started_s < 3
    assert "exiting at once" in service.log


def test_a_signal_ends_a_start(start: Any, nop_config: str, slow_package: str) -> None:
    service = start(*arguments(nop_config, "exporters.slow.start_takes_s=3600"), PYTHONPATH=slow_package)
    service.wait_for("Starting otel-discord")
    service.send(signal.SIGTERM)
    assert service.ended() == 0
    assert "Stopped while starting." in service.log


def test_a_component_that_breaks_ends_the_service(start: Any, nop_config: str, slow_package: str) -> None:
    service = start(*arguments(nop_config, "exporters.slow.breaks_after_s=0.1"), PYTHONPATH=slow_package)
    assert service.ended() == 1
    assert "exporter:slow: OSError: the disk is gone" in service.log
    assert "Traceback" not in service.log
