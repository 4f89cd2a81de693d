"""The ``db_storage`` extension as a value behind its entry point."""

from otel_discord.component import Component, ExtensionFactory, Settings, Stability, StartError
from otel_discord.extensions.db_storage.config import DbStorageConfig


def _create(settings: Settings, config: DbStorageConfig) -> Component:
    """Make it; the driver is imported only where it is used."""
    try:
        from otel_discord.extensions.db_storage.extension import DbStorage
    except ImportError as error:
        raise StartError(
            f"{settings.id}: the driver of PostgreSQL is not there ({error}); pip install 'otel-discord[postgres]'"
        ) from None
    return DbStorage(settings, config)


FACTORY = ExtensionFactory(
    type_name="db_storage",
    config=DbStorageConfig,
    stability=Stability.ALPHA,
    create=_create,
)
