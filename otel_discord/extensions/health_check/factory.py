"""The ``health_check`` extension as a value behind its entry point."""

from otel_discord.component import ExtensionFactory, Stability
from otel_discord.extensions.health_check.config import HealthCheckConfig
from otel_discord.extensions.health_check.extension import HealthCheck

FACTORY = ExtensionFactory(
    type_name="health_check",
    config=HealthCheckConfig,
    stability=Stability.ALPHA,
    create=HealthCheck,
)
