"""What users write under ``extensions: {run_channels: …}``."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, field_validator, model_validator

from otel_discord.component import NamesExtension
from otel_discord.component.state_table import KeepsTables
from otel_discord.config import Duration, Secret, StrictModel
from otel_discord.config.host_port import parse_host_port
from otel_discord.config.server_tls import ServerTls
from otel_discord.discord_api.webhook_url import DEFAULT_ENDPOINT, is_snowflake, validate_endpoint
from otel_discord.extensions.run_channels.names import category_number
from otel_discord.extensions.run_channels.token_text import unfit_token

MOST_RETENTION_HOURS = 24 * 365


def _snowflake(value: object) -> str:
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not is_snowflake(text):
        raise ValueError("must be a Discord id: digits only, as 'Copy ID' gives it")
    return text


def _host_port(endpoint: str) -> str:
    parse_host_port(endpoint)
    return endpoint


Snowflake = Annotated[str, BeforeValidator(_snowflake)]
HostPort = Annotated[str, AfterValidator(_host_port)]


class TokenConfig(StrictModel):
    """Who may ask for runs."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    """Stands in the audit log, and on the run, for who asked."""
    token: Secret | None = None
    """The token itself, 16 characters or more, ASCII without blanks. Exactly one of ``token`` and ``token_file``."""
    token_file: str = ""
    """A file that holds the token, and nothing else; read again within a second of a change."""
    allow: tuple[Literal["create", "finalize", "read"], ...] = ("create", "finalize", "read")
    """What it may do."""
    guilds: tuple[Snowflake, ...] = ()
    """Guilds in which it may; empty: in all that the bot is in."""
    expires_at: AwareDatetime | None = None
    """After that it lets nobody in: ``2027-01-31T00:00:00Z``."""
    requests_per_minute: int = Field(default=120, ge=1, le=100_000)
    """More requests in a minute are answered 429."""

    @field_validator("token")
    @classmethod
    def _is_fit(cls, token: Secret | None) -> Secret | None:
        text = token.reveal().strip() if token is not None else ""
        if text and (wrong := unfit_token(text)):
            raise ValueError(f"the token {wrong}")
        return token

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        given = self.token.reveal().strip() if self.token is not None else ""
        if bool(given) == bool(self.token_file):
            raise ValueError("needs exactly one of token and token_file; an empty token would let everybody in")
        return self


class OverwriteConfig(StrictModel):
    """Who may see and do what in a run's channel, beyond what the category says."""

    role: Snowflake | None = None
    """Id of a role; the guild's own id means everyone. Exactly one of ``role`` and ``user``."""
    user: Snowflake | None = None
    """Id of a user."""
    allow: int = Field(default=0, ge=0, lt=2**53)
    """Permission bits, as https://docs.discord.com/developers/topics/permissions adds them up."""
    deny: int = Field(default=0, ge=0, lt=2**53)
    """Permission bits."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.role is None) == (self.user is None):
            raise ValueError("needs exactly one of role and user")
        if self.allow & self.deny:
            raise ValueError("allow and deny name the same permission")
        return self


class ResourceAttributes(StrictModel):
    """Resource attributes by which telemetry says whose it is; values are compared as text."""

    run_id: str = "run.id"
    """The ``runId`` of the answer."""
    task_id: str = "run.task_id"
    """The task; with the next two it names a run where there is no ``run_id``."""
    attempt: str = "run.attempt"
    """The attempt."""
    short_id: str = "run.short_id"
    """The short id."""
    guild_id: str = "run.guild_id"
    """Needed only where two guilds have runs of the same three."""


class RunChannelsConfig(StrictModel):
    """The run_channels extension."""

    endpoint: HostPort = "localhost:8080"
    """``host:port`` of the HTTP API, ``:port`` for every interface."""
    grpc_endpoint: HostPort | None = None
    """``host:port`` of the same API over gRPC; without it there is none."""
    tls: ServerTls | None = None
    """Encryption, for both; with ``client_ca_file`` callers must show a certificate as well."""
    tokens: tuple[TokenConfig, ...] = Field(min_length=1)
    """Who may ask."""
    bot_token: Secret | None = None
    """The bot's token. Exactly one of ``bot_token`` and ``bot_token_file``."""
    bot_token_file: str = ""
    """A file that holds it."""
    discord_endpoint: str = DEFAULT_ENDPOINT
    """Another base for a proxy or a test."""
    allow_insecure_endpoint: bool = False
    """``http://`` is refused unless true."""
    proxy_url: Secret | None = None
    """``http://[user:password@]host:port`` of a proxy on the way to Discord."""
    guilds: tuple[Snowflake, ...] = ()
    """Guilds in which runs may be made; they are looked at when the service starts. Empty: all that the bot is in."""
    category: str = Field(default="Agent Runs", min_length=1, max_length=90)
    """Where channels of runs are made. Full, it gets a second one: ``Agent Runs 2``."""
    archive_category: str = Field(default="Agent Runs Archive", min_length=1, max_length=90)
    """Where they go when their run has ended."""
    placement: Literal["channel", "thread", "forum_post"] = "channel"
    """What a run gets: a channel, or a thread (or forum post) of ``parent_channel_id``, which no 50 and 500 bound."""
    parent_channel_id: Snowflake | None = None
    """The text channel (or forum) for threads."""
    default_retention_hours: int = Field(default=24, ge=0, le=MOST_RETENTION_HOURS)
    """From its creation on a run's channel stays so long; 0: it goes when the run is finalized."""
    max_retention_hours: int = Field(default=24 * 30, ge=0, le=MOST_RETENTION_HOURS)
    """The longest that a caller may ask for."""
    after_retention: Literal["delete", "archive"] = "delete"
    """``archive`` leaves the channel where it is."""
    on_collision: Literal["suffix", "refuse"] = "suffix"
    """Another channel has the name: ``-2`` is put behind it, or the request is answered 409."""
    make_room: bool = True
    """In a guild of nearly 500 channels the oldest archived runs are deleted before their time."""
    permission_overwrites: tuple[OverwriteConfig, ...] = Field(default=(), max_length=50)
    """Who sees the channels, where that is not as the category says; the bot needs Manage Roles for it."""
    header_embed: bool = True
    """A first message by the bot: what the run is, and how it fares. Without it the webhook posts that card."""
    card_interval: Duration = 15.0
    """How often that message is edited at most."""
    drain_timeout: Duration = 5.0
    """How long a finalize waits for what is on its way to the run's channel before the webhook is deleted."""
    min_severity: Annotated[str | None, Field(pattern=r"(?i)^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)[1-4]?$")] = None
    """Lowest severity that goes to channels of runs; the exporter's own if not set."""
    resource_attributes: ResourceAttributes = ResourceAttributes()
    """How telemetry says whose it is."""
    request_timeout: Duration = 25.0
    """A create that takes longer is answered 503, and goes on behind."""
    max_runs: int = Field(default=10_000, ge=1, le=1_000_000)
    """Runs that are remembered; beyond, creates are refused."""
    storage: Annotated[str | None, NamesExtension(KeepsTables)] = None
    """Id of a storage extension. Without it runs are found again from Discord after a restart."""

    @field_validator("category", "archive_category")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if not name.strip():
            raise ValueError("is blank")
        return name.strip()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [item.name for item in self.tokens]
        if len(set(names)) < len(names):
            raise ValueError("tokens: two have the same name")
        if bool(self.bot_token) == bool(self.bot_token_file):
            raise ValueError("needs exactly one of bot_token and bot_token_file")
        if (self.placement == "channel") != (self.parent_channel_id is None):
            raise ValueError("placement thread and forum_post need parent_channel_id, and channel has none")
        if category_number(self.category, self.archive_category) or category_number(
            self.archive_category, self.category
        ):
            raise ValueError("category and archive_category must differ by more than a number at the end")
        if self.default_retention_hours > self.max_retention_hours:
            raise ValueError("default_retention_hours is more than max_retention_hours")
        validate_endpoint(self.discord_endpoint, allow_insecure=self.allow_insecure_endpoint)
        return self
