"""The component contract."""

import pytest

from otel_discord.exporters.debug.config import DebugConfig
from otel_discord.exporters.debug.factory import FACTORY
from otel_discord.testing.component_contract import check_component
from otel_discord.testing.telemetry import settings


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    await check_component(lambda: FACTORY.create(settings("debug"), DebugConfig()))
