"""What a user writes about one destination: a webhook under a name."""

from contextlib import suppress
from datetime import time
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from otel_discord.config import Duration, Secret, StrictModel
from otel_discord.discord_api import limits
from otel_discord.discord_api.username import parse_username
from otel_discord.discord_api.webhook_url import ForeignHostError, parse_webhook_url
from otel_discord.exporters.discord.foreign_keys import DESTINATION_KEYS, MENTION_KEYS, QUIET_HOURS_KEYS
from otel_discord.exporters.discord.mentions import MAX_NAMED_CHARS, Mention, named_chars
from otel_discord.exporters.discord.quiet_hours import QuietHours, zone_named
from otel_discord.exporters.discord.render_links import RUNBOOK_ATTRIBUTE_ONLY, parse_link
from otel_discord.exporters.discord.thread_names import ThreadName, cleaned
from otel_discord.signals import parse_min_severity
from otel_discord.templating.errors import TemplateError

MinSeverity = Annotated[int, BeforeValidator(parse_min_severity)]
"""A severity name (WARN, error2, critical) or number, as a number."""


def _snowflake(value: object) -> str:
    text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**64:
        raise ValueError("must be a Discord id: digits only, as 'Copy ID' gives it")
    return text


Snowflake = Annotated[str, BeforeValidator(_snowflake)]


Username = Annotated[str, BeforeValidator(parse_username)]


def _of_discord(url: Secret) -> Secret:
    """Check an address as far as it can be without the endpoint, whose host may stand in it as well."""
    if url:
        with suppress(ForeignHostError):
            parse_webhook_url(url.reveal())
    return url


WebhookAddress = Annotated[Secret, AfterValidator(_of_discord)]


class MentionConfig(StrictModel):
    """Who is pinged; nobody is unless named here."""

    foreign_keys: ClassVar = MENTION_KEYS

    min_severity: MinSeverity = 21
    """Records below it ping nobody."""
    roles: tuple[Snowflake, ...] = Field(default=(), max_length=limits.ALLOWED_MENTION_IDS)
    """Ids of roles to ping."""
    users: tuple[Snowflake, ...] = Field(default=(), max_length=limits.ALLOWED_MENTION_IDS)
    """Ids of users to ping."""
    max_per_hour: int = Field(default=6, ge=0, le=1_800)
    """More messages than this in an hour go without the mention, and say so; 0: none pings."""

    @model_validator(mode="after")
    def _fits_in_a_message(self) -> "MentionConfig":
        if named_chars([self.mention()]) > MAX_NAMED_CHARS:
            raise ValueError(f"names more than a message has room for ({MAX_NAMED_CHARS} characters); name a role")
        return self

    def mention(self, key: str = "") -> Mention:
        """Return it as the exporter works with it; ``key`` is the mark of a route."""
        return Mention(
            key=key,
            min_severity=self.min_severity,
            roles=tuple(dict.fromkeys(self.roles)),
            users=tuple(dict.fromkeys(self.users)),
            max_per_hour=self.max_per_hour,
        )


class QuietHoursConfig(StrictModel):
    """When messages arrive without a sound, critical ones excepted."""

    foreign_keys: ClassVar = QUIET_HOURS_KEYS

    from_: str = Field(alias="from", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Begin, as in `22:00`."""
    to: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """End, as in `07:00`; the same as `from`: all day."""
    time_zone: str = "UTC"
    """As in `Europe/Berlin`."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        zone_named(name)
        return name

    def hours(self) -> QuietHours:
        """Return them as the exporter works with them."""
        begin, end = time.fromisoformat(self.from_), time.fromisoformat(self.to)
        return QuietHours(begin, end, zone_named(self.time_zone))


class RenderConfig(StrictModel):
    """How a card looks."""

    preset: Literal["compact", "standard", "full", "plain"] = "compact"
    """`plain` is text only, without an embed."""
    embeds: bool = True
    """false: as the preset `plain`."""
    timestamps: bool = True
    """Show when it happened."""
    resource: bool = True
    """Show where a record comes from: service, environment, host."""
    stack_traces: bool = True
    """Show the innermost frames, and attach the whole trace."""
    max_message_length: int = Field(default=0, ge=0)
    """Cut a record's text to this many characters; 0 leaves it to Discord's limits."""
    trace_link: str = ""
    """Address of a trace, with {trace_id}, {span_id} and {service}."""
    logs_link: str = ""
    """Address of the service's logs, with {service}, {trace_id}."""

    runbook_link: str = ""
    """Address of what to do, with {service}, {event_name}; where a record has an attribute `runbook.url` or
    `runbook_url` with an http(s) address, it leads there instead. `attribute`: nowhere else."""

    @field_validator("trace_link", "logs_link", "runbook_link")
    @classmethod
    def _is_a_link(cls, template: str, info: ValidationInfo) -> str:
        if template and not (info.field_name == "runbook_link" and template == RUNBOOK_ATTRIBUTE_ONLY):
            parse_link(info.field_name or "", template)
        return template


class DestinationRenderConfig(StrictModel):
    """How the cards of one destination look, where that differs from the exporter's `render`."""

    preset: Literal["compact", "standard", "full", "plain"] | None = None
    """As `render.preset`, for this destination."""


class DestinationConfig(StrictModel):
    """One webhook, and what goes there."""

    foreign_keys: ClassVar = DESTINATION_KEYS

    webhook_url: WebhookAddress | None = None
    """The webhook, as Discord's "Copy Webhook URL" gives it."""
    webhook_url_file: str = ""
    """A file that holds the URL; exactly one of the two."""
    min_severity: MinSeverity | None = None
    """Lowest severity that goes there; the exporter's own if not set."""
    thread_id: Snowflake | None = None
    """Thread, or forum post, that messages go to."""
    thread_name: str = ""
    """Forum channels: the title of the post that messages go to, opened by the first of them. A template such as
    `{{ service }}` or `{{ problem }}` gives each service or problem a post of its own."""
    username: Username = ""
    """As the exporter's `username`, for this destination."""
    avatar_url: str = Field(default="", max_length=limits.URL_CHARS, pattern=r"^(https://.*)?$")
    """As the exporter's `avatar_url`, for this destination."""
    mention: MentionConfig | None = None
    """Who is pinged; nobody without it."""
    quiet_hours: QuietHoursConfig | None = None
    """When messages arrive without a sound, critical ones excepted."""
    delivery: Literal["at_least_once", "at_most_once"] = "at_least_once"
    """After a failure that leaves open whether Discord has the message: send it again, or not."""
    fallback: str = ""
    """Destination that takes over: what is critical while this one cannot be reached, everything once its webhook is
    gone."""
    retention: Duration = 0.0
    """Longer than 0: our own messages are deleted after that age."""
    preset: Literal["compact", "standard", "full", "plain"] | None = None
    """As `render.preset`, for this destination."""
    render: DestinationRenderConfig = DestinationRenderConfig()
    """The same, spelled as in the exporter."""

    @field_validator("thread_name")
    @classmethod
    def _is_a_title(cls, text: str) -> str:
        if not text:
            return text
        try:
            name = ThreadName(text)
        except TemplateError as error:
            raise ValueError(error.reason) from None
        if name.is_constant and not cleaned(text):
            raise ValueError("is blank")
        return text

    @model_validator(mode="after")
    def _one_address(self) -> "DestinationConfig":
        if self.webhook_url is not None and not self.webhook_url and not self.webhook_url_file:
            raise ValueError("webhook_url: needs the address of a webhook")
        if bool(self.webhook_url) == bool(self.webhook_url_file):
            raise ValueError("needs exactly one of webhook_url and webhook_url_file")
        if self.thread_id and self.thread_name:
            raise ValueError("takes thread_id or thread_name, not both: Discord refuses a message with both")
        return self
