"""The ``bearer_token_auth`` extension as a value behind its entry point."""

from otel_discord.component import ExtensionFactory, Stability
from otel_discord.extensions.bearer_token_auth.config import BearerTokenAuthConfig
from otel_discord.extensions.bearer_token_auth.extension import BearerTokenAuth

FACTORY = ExtensionFactory(
    type_name="bearer_token_auth",
    config=BearerTokenAuthConfig,
    stability=Stability.ALPHA,
    create=BearerTokenAuth,
)
