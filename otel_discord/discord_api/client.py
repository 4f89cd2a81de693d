"""The webhook client: wait for a turn, ask Discord one thing, get an outcome.

A turn is entered when the limiter grants it, so that a message is packed as late as possible::

    async with client.turn(webhook, Operation.EXECUTE) as turn:
        outcome = await turn.execute(message)

No retries here and no exceptions for what Discord or the network does: whoever sends decides, by the outcome.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from otel_discord.discord_api import limits as discord_limits
from otel_discord.discord_api.http import Transport
from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.routes import Operation, Route
from otel_discord.discord_api.turn import Turn, TurnSettings, WebhookInfo
from otel_discord.discord_api.urgency import Urgency
from otel_discord.discord_api.webhook_url import DEFAULT_ENDPOINT, WebhookUrl
from otel_discord.discord_api.wire import AttemptFacts, ClientObserver, Wire

__all__ = ["AttemptFacts", "ClientObserver", "Turn", "Urgency", "WebhookClient", "WebhookInfo"]


class WebhookClient:
    """Sends webhook operations within Discord's limits, each by way of a turn.

    Args:
        transport: carries the requests; its lifetime is the caller's.
        limits: says when; one for all clients of the process.
        endpoint: the base, as :func:`webhook_url.validate_endpoint` returns it.
        user_agent: ``DiscordBot (url, version)``; Discord refuses others.
        observer: is told of waits and attempts.
        file_max_bytes: what Discord takes as one file.
    """

    def __init__(
        self,
        transport: Transport,
        limits: RateLimits,
        *,
        endpoint: str = DEFAULT_ENDPOINT,
        user_agent: str,
        observer: ClientObserver | None = None,
        file_max_bytes: int = discord_limits.FILE_MAX_BYTES,
    ) -> None:
        self._limits = limits
        self._observer = observer
        self._wire = Wire(transport, endpoint=endpoint, user_agent=user_agent, observer=observer)
        self._turn_settings = TurnSettings(file_max_bytes=file_max_bytes, learn_channel=limits.learn_channel)

    def turn(
        self, webhook: WebhookUrl, operation: Operation, *, priority: int | None = None, urgency: Urgency | None = None
    ) -> AbstractAsyncContextManager[Turn]:
        """Wait for the right to one request; leaving the turn unused hands it back.

        The wait can last as long as a ban does, so give it a deadline. A higher ``priority`` goes first, never around
        a limit; ``urgency`` can raise it while it waits. See :meth:`RateLimits.permit`.
        """
        return self._turn(webhook, operation, priority, urgency)

    def ready_at(self, webhook: WebhookUrl, operation: Operation, priority: int = 0) -> float:
        """Return the loop time at which a turn asked for now would come; see :meth:`RateLimits.ready_at`."""
        return self._limits.ready_at(Route(operation, webhook.id), priority=priority)

    @asynccontextmanager
    async def _turn(
        self, webhook: WebhookUrl, operation: Operation, priority: int | None, urgency: Urgency | None
    ) -> AsyncIterator[Turn]:
        route = Route(operation, webhook.id)
        async with self._limits.permit(route, priority=priority, urgency=urgency) as permit:
            if self._observer is not None:
                self._observer.waited(operation, permit.waited_s)
            yield Turn(self._wire, webhook, operation, permit, self._turn_settings)
