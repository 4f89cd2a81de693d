"""What a user writes under `exporters: discord:`. Every key of DESIGN.md 5.2 is accepted from the first version on."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr, model_validator

from otel_discord.component.destination_source import DestinationSource
from otel_discord.component.extension_reference import NamesExtension
from otel_discord.config import Duration, Secret, StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.discord_api import limits
from otel_discord.discord_api.webhook_url import WebhookUrlError, parse_webhook_url, validate_endpoint
from otel_discord.exporterhelper.config import RetryConfig, SendingQueueConfig
from otel_discord.exporters.discord.config_destination import (
    DestinationConfig,
    MinSeverity,
    RenderConfig,
    Username,
    WebhookAddress,
)
from otel_discord.exporters.discord.config_maintenance import MaintenanceConfig
from otel_discord.exporters.discord.config_route import RouteConfig
from otel_discord.exporters.discord.foreign_keys import EXPORTER_KEYS
from otel_discord.exporters.discord.members.config import MembersConfig
from otel_discord.exporters.discord.mentions import MAX_NAMED_CHARS, Mention, named_chars
from otel_discord.exporters.discord.mutes.held_lanes import is_held
from otel_discord.exporters.discord.sourced.names import LABEL, PREFIX, is_sourced
from otel_discord.redaction import Action, MaskingPlan, select_patterns

if TYPE_CHECKING:  # templates see what the exporter works with, which in turn knows this configuration
    from otel_discord.exporters.discord.render_templates import Templates


class CriticalConfig(StrictModel):
    """What counts as critical: taken first, never shed, never dropped by `overflow`."""

    min_severity: MinSeverity = 21
    """What is critical: this severity and above."""
    to_all: bool = False
    """Send what is critical to every destination."""


class RateLimitConfig(StrictModel):
    """Our own pace; what Discord's headers say holds in any case."""

    requests_per_second: float = Field(default=45, gt=0, le=10_000)
    """Over all webhooks of this process; Discord allows 50 for one address."""
    channel_messages_per_minute: int = Field(default=30, ge=0, le=100_000)
    """Discord's hidden limit over all webhooks of a channel; 0 leaves it to Discord's 429."""


class BreakerConfig(StrictModel):
    """When a failing destination is left alone for a while."""

    failure_threshold: int = Field(default=5, ge=1)
    """Failures in a row that open it; a message that has used up its attempts opens it too."""
    cooldown: Duration = 30.0
    """Time until one message is tried again, up to a fifth longer by chance."""


class FoldConfig(StrictModel):
    """How repeats become one message."""

    enabled: bool = True
    """false: one card for each record; alerts and statuses live in their messages all the same."""
    window: Duration = 300.0
    """Time within which a repeat is counted into the message that is there."""
    edit_interval: Duration = 10.0
    """Time between two edits of one message."""


class AlertsConfig(StrictModel):
    """How alerts are grouped."""

    group_by: tuple[str, ...] = ("alert.name",)
    """Attributes that alerts of one message share."""
    group_wait: Duration = 5.0
    """How long a new group waits for more of its kind."""
    group_interval: Duration = 60.0
    """Time between two updates of a group."""
    charts: bool = True
    """Attach a chart of the values, where they are known and the extra `charts` is installed; else a line of text."""
    reply_on_resolve: bool = False
    """Say the end of an alert in a short message of its own too, with a link: an edit notifies nobody."""


class EvidenceConfig(StrictModel):
    """Log lines of the same service from before an alert, whatever their severity, to be shown with it."""

    window: Duration = Field(default=300.0, le=86_400)
    """How long before an alert began they may be; 0s: alerts have no evidence."""
    max_mib: float = Field(default=8, ge=0)
    """Memory for them: where it is full, the oldest of the service with the most go first. 0: alerts have none."""

    @property
    def is_on(self) -> bool:
        """Whether anything is kept."""
        return self.window > 0 and self.max_mib > 0


class RedactionConfig(StrictModel):
    """Masking before the queue."""

    enabled: bool = True
    """Mask what looks like a credential, and what else `patterns` names."""
    patterns: tuple[str, ...] = ("credentials",)
    """Patterns by name, or `credentials`, `personal`, `all`."""
    action: Action = Action.MASK
    """mask: a word in place of a finding; hash: a pseudonym, always the same; drop: the attribute is removed."""
    hash_key: Secret | None = None
    """Key of the pseudonyms, 16 characters at least."""
    hash_user_ids: bool = False
    """Make pseudonyms of `user.id` and the other attributes that say who a user is."""

    @model_validator(mode="after")
    def _can_be_carried_out(self) -> "RedactionConfig":
        self.plan()
        return self

    def plan(self) -> MaskingPlan:
        """Return what is to be masked, and how.

        Raises:
            ValueError: an unknown pattern, or a hash without a key.
        """
        return MaskingPlan(
            patterns=select_patterns(self.patterns),
            action=self.action,
            hash_key=self.hash_key,
            hash_user_ids=self.hash_user_ids,
        )


class TemplatesConfig(StrictModel):
    """Where a user's own templates are."""

    directory: str = ""
    """Directory with template files (`*.yaml`), which take the place of built-in ones of the same name or say under
    `match` which records they are for. Changes come in force with a reload. Relative to the working directory."""
    _files: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_used(self) -> "TemplatesConfig":
        """Read and check the files: two configurations with other files are other configurations."""
        if self.directory and Path(self.directory).exists():
            from otel_discord.exporters.discord.render_templates import read_templates, templates_from
            from otel_discord.templating.errors import TemplateErrors

            try:
                self._files = read_templates(self.directory)
                templates_from(self._files)
            except TemplateErrors as error:
                raise SeveralError([f"directory: {each}" for each in error.errors]) from None
        return self

    def templates(self, clock: Callable[[], int] | None = None) -> "Templates":
        """Return the built-in templates and the user's, each compiled once; ``clock`` gives Unix time in ns."""
        from otel_discord.exporters.discord.render_templates import templates_from

        return templates_from(self._files, clock)

    def advice(self) -> Sequence[str]:
        """Return that there is no such directory: a service goes on without it, and takes it with a reload."""
        if not self.directory or Path(self.directory).exists():
            return ()
        return [f"templates::directory: there is no {self.directory}: messages look as the built-in templates say"]

    def files_read(self) -> Sequence[Path]:
        """Return the files and the directory that were read; a file that is added or removed changes the directory."""
        return [Path(self.directory), *(Path(self.directory, name) for name in self._files)] if self.directory else []


class AttachmentsConfig(StrictModel):
    """Files that go along with a record (attribute `discord.attachments`)."""

    max_memory_mib: float = Field(default=8, ge=0)
    """Bytes held in memory at once; larger ones must be files in an allowed directory."""
    allowed_directories: tuple[str, ...] = ()
    """Directories from which a record's `path` may be read; none by default."""
    shed_above: float = Field(default=0.8, gt=0, le=1)
    """Share of the queue or of the memory above which the oldest attachments are let go; their cards stay."""
    max_file_mib: float = Field(default=10, gt=0, le=100)
    """Discord's limit for one file; more on boosted servers."""


class DeadLettersConfig(StrictModel):
    """Where records are kept that could not be delivered."""

    directory: str = "./dead-letters"
    """Directory of their JSON Lines, made with the first; where `sending_queue::storage` keeps files and this is not
    set, `dead-letters` beside them. Empty: no files."""
    max_mib: float = Field(default=256, gt=0)
    """Room for them; the oldest are removed first."""
    retention: Duration = 168 * 3600.0
    """How long they are kept; 0s: as long as there is room."""


class WebhookCheckConfig(StrictModel):
    """How often each webhook is looked at."""

    interval: Duration = 900.0
    """Time between two looks; 0s: each is looked at when it is first used, and not again."""


class DiscordConfig(StrictModel):
    """Log records become messages in Discord."""

    foreign_keys: ClassVar = EXPORTER_KEYS

    webhook_url: WebhookAddress | None = None
    """The only destination, named `default`."""
    webhook_url_file: str = ""
    """A file that holds this URL and nothing else."""
    destinations: dict[str, DestinationConfig] = Field(default_factory=dict)
    """Several destinations by name. Exactly one of `webhook_url`, `webhook_url_file` and `destinations`."""
    destinations_from: Annotated[str | None, NamesExtension(DestinationSource)] = None
    """An extension that names destinations at run time, such as `run_channels`: telemetry of a run goes to the run's
    channel alone, everything else where the other keys say. The destinations above are then also the fallback for what
    a run does not take any more; without any, that becomes dead letters."""
    routes: tuple[RouteConfig, ...] = ()
    """Rules by condition: the first that is met decides where a record goes; where none is, it goes to every
    destination."""
    username: Username = ""
    """Name that messages are sent under; the webhook's own if empty. Discord refuses some, such as "discord"."""
    avatar_url: str = Field(default="", max_length=limits.URL_CHARS, pattern=r"^(https://.*)?$")
    """Picture beside the name; the webhook's own if empty."""
    min_severity: MinSeverity = 13
    """Records below it go nowhere: TRACE, DEBUG, INFO, WARN, ERROR, FATAL, or a number from 0 to 24."""
    critical: CriticalConfig = CriticalConfig()
    endpoint: str = "https://discord.com/api/v10"
    """Where requests go; another base for a proxy or a test."""
    allow_insecure_endpoint: bool = False
    """Allow an http:// endpoint."""
    proxy_url: Secret | None = None
    """HTTP proxy on the way to Discord."""
    timeout: Duration = Field(default=10.0, gt=0)
    """Longest time for one request, connecting included."""
    connect_timeout: Duration = Field(default=2.0, gt=0)
    """Longest time for connecting."""
    sending_queue: SendingQueueConfig = SendingQueueConfig()
    retry_on_failure: RetryConfig = RetryConfig()
    max_age: Duration = 0.0
    """A record that waits longer becomes a dead letter when its turn comes; 0s: none does."""
    rate_limit: RateLimitConfig = RateLimitConfig()
    circuit_breaker: BreakerConfig = BreakerConfig()
    fold: FoldConfig = FoldConfig()
    maintenance: tuple[MaintenanceConfig, ...] = ()
    """Windows in which messages are held, dropped or come without a ping."""
    alerts: AlertsConfig = AlertsConfig()
    evidence: EvidenceConfig = EvidenceConfig()
    redaction: RedactionConfig = RedactionConfig()
    members: MembersConfig = MembersConfig()
    render: RenderConfig = RenderConfig()
    templates: TemplatesConfig = TemplatesConfig()
    attachments: AttachmentsConfig = AttachmentsConfig()
    dead_letters: DeadLettersConfig = DeadLettersConfig()
    webhook_check: WebhookCheckConfig = WebhookCheckConfig()
    shutdown_timeout: Duration = 10.0
    """How long what waits may still be sent at the end; `service::shutdown_timeout` bounds it too."""
    dry_run: bool = False
    """Print what would be sent instead of sending it."""

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, data: Any) -> Any:
        """Take a key without a value (`webhook_url:`) for a key that is not there, and an empty name for none."""
        if isinstance(data, dict):
            none = {"destinations_from": ""}
            return {key: value for key, value in data.items() if value is not None and none.get(key) != value}
        return data

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> "DiscordConfig":
        ways = [bool(self.webhook_url), bool(self.webhook_url_file), bool(self.destinations)]
        if sum(ways) > 1:
            raise ValueError("takes exactly one of webhook_url, webhook_url_file and destinations")
        if not any(ways) and not self.destinations_from:
            if self.webhook_url is not None:
                raise ValueError("webhook_url: needs the address of a webhook")
            raise ValueError("needs a webhook: set webhook_url, webhook_url_file or destinations")
        return self

    @model_validator(mode="after")
    def _addresses(self) -> "DiscordConfig":
        validate_endpoint(self.endpoint, allow_insecure=self.allow_insecure_endpoint)
        urls = {"webhook_url": self.webhook_url}
        urls |= {f"destinations::{name}::webhook_url": item.webhook_url for name, item in self.destinations.items()}
        wrong = []
        for path, url in urls.items():
            try:
                if url is not None:
                    parse_webhook_url(url.reveal(), endpoint=self.endpoint, allow_insecure=self.allow_insecure_endpoint)
            except WebhookUrlError as error:
                wrong.append(f"{path}: {error}")
        if wrong:
            raise SeveralError(wrong)
        return self

    @model_validator(mode="after")
    def _names_of_runs(self) -> "DiscordConfig":
        for name in self.destinations if self.destinations_from else ():
            if name == LABEL or is_sourced(name):
                raise ValueError(
                    f"destinations::{name}: with destinations_from `{LABEL}` and names that begin with `{PREFIX}` are"
                    " those of runs; choose another"
                )
        return self

    @model_validator(mode="after")
    def _names(self) -> "DiscordConfig":
        known = set(self.destinations) or {"default"}
        for name, item in self.destinations.items():
            if item.fallback and item.fallback not in known:
                raise ValueError(f"destinations::{name}::fallback: there is no destination {item.fallback!r}")
            if item.fallback == name:
                raise ValueError(f"destinations::{name}::fallback: a destination cannot be its own fallback")
        for index, route in enumerate(self.routes):
            for name in route.destinations:
                if name not in known and not self.destinations_from:
                    raise ValueError(f"routes::{index}::destinations: there is no destination {name!r}")
        return self

    @model_validator(mode="after")
    def _maintenance_can_be(self) -> "DiscordConfig":
        known = set(self.destinations) or {"default"}
        names = [item.name for item in self.maintenance]
        for index, item in enumerate(self.maintenance):
            if item.name in names[:index]:
                raise ValueError(f"maintenance::{index}::name: there is another window {item.name!r}")
            for name in item.destinations:
                if name not in known and not self.destinations_from:
                    raise ValueError(f"maintenance::{index}::destinations: there is no destination {name!r}")
        for name in self.destinations:
            if is_held(name):
                raise ValueError(f"destinations::{name}: a name must not contain '#held/'")
        return self

    @model_validator(mode="after")
    def _mentions_fit(self) -> "DiscordConfig":
        for name in self.destinations or ("default",):
            if named_chars(self.mentions_of(name)) > MAX_NAMED_CHARS:
                raise ValueError(
                    f"destinations::{name}: its mention and those of its routes name more than a message has room for "
                    f"({MAX_NAMED_CHARS} characters); name a role"
                )
        return self

    def mentions_of(self, destination: str) -> tuple[Mention, ...]:
        """Return who is pinged in a destination: by its own word first, then by its routes'."""
        written = self.destinations.get(destination)
        own = (written.mention.mention(),) if written is not None and written.mention is not None else ()
        of_routes = (
            route.mention.mention(route.mark)
            for route in self.routes
            if route.mention is not None and destination in route.destinations
        )
        return (*own, *of_routes)

    def advice(self) -> Sequence[str]:
        """Return what is not wrong but will not be what was meant, in plain words."""
        from otel_discord.exporters.discord.destinations import faults_of_files
        from otel_discord.exporters.discord.storm_warnings import storm_warnings

        return [*faults_of_files(self), *storm_warnings(self), *self.templates.advice()]
