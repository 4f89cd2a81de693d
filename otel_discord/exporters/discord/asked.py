"""What others ask of a running exporter: its dead letters, mutes, how destinations fare, and test messages."""

from collections.abc import Sequence

from otel_discord.component import RetryableError
from otel_discord.component.dead_letters import DeadLetters
from otel_discord.component.maintenance import MaintenanceRequest, MaintenanceWindow
from otel_discord.component.silences import Silence, SilenceRequest
from otel_discord.component.test_message import TestResult
from otel_discord.component.watched_exporter import DestinationState, ShownMessage
from otel_discord.discord_api.client import WebhookClient
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.greetings import send_test_messages
from otel_discord.exporters.discord.maintenance import Maintenance
from otel_discord.exporters.discord.silences import Silences
from otel_discord.exporters.discord.watching.watching import Watching
from otel_discord.signals.alert_event import AlertEvent


class Asked:
    """Answers while the exporter runs: it sets what is None until then, and again at its end."""

    def __init__(self, config: DiscordConfig) -> None:
        self._config = config
        self._destinations: list[Destination] = []
        self._client: WebhookClient | None = None
        self._letters: DeadLetters | None = None
        self._maintenance: Maintenance | None = None
        self._silences: Silences | None = None
        self._watching: Watching | None = None

    def dead_letters(self) -> DeadLetters:
        """Return the dead letters of the running exporter.

        Raises:
            RetryableError: it is not running.
        """
        if self._letters is None:
            raise RetryableError("the exporter is not running")
        return self._letters

    # ------------------------------------------------------------------------------------------------- maintenance

    async def start_maintenance(self, request: MaintenanceRequest) -> MaintenanceWindow:
        """Begin maintenance now."""
        return await self._running_maintenance().start(request)

    async def end_maintenance(self, name: str) -> MaintenanceWindow:
        """End maintenance now."""
        return await self._running_maintenance().stop(name)

    async def maintenance_windows(self) -> Sequence[MaintenanceWindow]:
        """Return what is configured and what was started."""
        return await self._running_maintenance().windows()

    def _running_maintenance(self) -> Maintenance:
        if self._maintenance is None:
            raise RetryableError("the exporter is not running")
        return self._maintenance

    # ---------------------------------------------------------------------------------------------------- silences

    async def add_silence(self, request: SilenceRequest) -> Silence:
        """Show nothing of what matches until it ends."""
        return await self._running_silences().add(request)

    async def expire_silence(self, silence_id: str) -> Silence:
        """End a silence now."""
        return await self._running_silences().expire(silence_id)

    async def silences(self) -> Sequence[Silence]:
        """Return the silences that hold or will."""
        return await self._running_silences().list()

    def _running_silences(self) -> Silences:
        if self._silences is None:
            raise RetryableError("the exporter is not running")
        return self._silences

    # ------------------------------------------------------------------------------------------------ being watched

    def destination_states(self) -> Sequence[DestinationState]:
        """Return how each destination fares; empty while it is not running."""
        return self._watching.destination_states() if self._watching is not None else []

    def recent_messages(self, limit: int = 50) -> Sequence[ShownMessage]:
        """Return the messages that changed last, newest first; empty while it is not running."""
        return self._watching.recent_messages(limit) if self._watching is not None else []

    def firing_alerts(self) -> Sequence[tuple[AlertEvent, Sequence[str]]]:
        """Return the alerts that fire; empty while it is not running."""
        return self._watching.firing_alerts() if self._watching is not None else []

    # ------------------------------------------------------------------------------------------- what is in Discord

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        """Send one message marked as a test to one destination, or to each."""
        if self._client is None:
            raise RetryableError("the exporter is not running")
        return await send_test_messages(self._client, self._destinations, destination, 3 * self._config.timeout)
