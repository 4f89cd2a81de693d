"""The ``status_page`` extension as a value behind its entry point."""

from otel_discord.component import ExtensionFactory, Stability
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.extension import StatusPage

FACTORY = ExtensionFactory(
    type_name="status_page",
    config=StatusPageConfig,
    stability=Stability.ALPHA,
    create=StatusPage,
)
