"""The ``file_storage`` extension as a value behind its entry point."""

from otel_discord.component import ExtensionFactory, Stability
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage

FACTORY = ExtensionFactory(
    type_name="file_storage",
    config=FileStorageConfig,
    stability=Stability.ALPHA,
    create=FileStorage,
)
