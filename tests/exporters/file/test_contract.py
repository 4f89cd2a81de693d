"""The component contract."""

from pathlib import Path

from otel_discord.component.component import Exporter
from otel_discord.exporters.file.config import FileConfig
from otel_discord.exporters.file.factory import FACTORY
from otel_discord.testing.component_contract import check_component, check_failed_start
from otel_discord.testing.telemetry import settings


async def test_its_lifetime_is_as_it_must_be(tmp_path: Path) -> None:
    def make(**keys: str) -> Exporter:
        written = {"path": str(tmp_path / "out.json"), **keys}
        return FACTORY.create(settings("file"), FileConfig.model_validate(written))

    await check_component(make)
    await check_component(lambda: make(flush_interval="10ms"))
    assert "cannot open" in await check_failed_start(lambda: make(path=str(tmp_path)))
