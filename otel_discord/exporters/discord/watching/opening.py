"""Opens what tells of a running exporter, and what looks at its webhooks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from otel_discord.component import Settings, WorkQueue
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.permits import RateLimits
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.mutes.gate import Gate
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.watching.checks import WebhookChecks
from otel_discord.exporters.discord.watching.watching import Watches, Watching


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedParts:
    """The parts of a running exporter that are of interest to those who watch it."""

    settings: Settings
    config: DiscordConfig
    outboxes: Mapping[str, Outbox]
    desk: FoldDesk
    queue: WorkQueue
    client: WebhookClient
    limits: RateLimits
    health: Health
    wall_clock: Callable[[], float]

    def watching(self, watches: Watches, gate: Gate) -> Watching:
        """Return who tells."""
        return Watching(
            watches=watches,
            outboxes=self.outboxes,
            books=self.desk.books,
            queue=self.queue,
            client=self.client,
            limits=self.limits,
            gate=gate,
            wall_clock=self.wall_clock,
        )

    def checks(self, watches: Watches) -> WebhookChecks:
        """Return who looks at the webhooks; a dry run has none."""
        return WebhookChecks(
            outboxes=self.outboxes,
            watches=watches.lanes,
            client=self.client,
            health=self.health,
            interval_s=0.0 if self.config.dry_run else self.config.webhook_check.interval,
            timeout_s=self.config.timeout,
            logger=self.settings.logger,
            wall_clock=self.wall_clock,
        )
