"""Destinations as the exporter works with them: addresses read, defaults filled in."""

from dataclasses import dataclass
from pathlib import Path

from otel_discord.component import StartError
from otel_discord.component.destination_source import SourcedDestination
from otel_discord.discord_api.webhook_url import WebhookUrl, WebhookUrlError, parse_webhook_url
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.config_destination import DestinationConfig
from otel_discord.exporters.discord.mentions import Mention
from otel_discord.exporters.discord.quiet_hours import QuietHours
from otel_discord.exporters.discord.render_options import Preset
from otel_discord.exporters.discord.thread_names import ThreadName

DEFAULT_NAME = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A webhook under the name that the user gave. Queue, cards and counts follow the name, not the URL."""

    name: str
    webhook: WebhookUrl
    min_severity: int
    preset: Preset
    username: str = ""
    avatar_url: str = ""
    thread_name: ThreadName | None = None
    """Forum channels: the post that a card belongs to."""
    mentions: tuple[Mention, ...] = ()
    """Who is pinged there, by the destination's own word and by its routes'."""
    quiet_hours: QuietHours | None = None
    resend_ambiguous: bool = True
    """Send again after a failure that leaves open whether Discord has the message."""
    fallback: str = ""
    """The destination that takes over."""
    label: str = ""
    """What people call it where that is not its name."""
    retention_s: float = 0.0
    """Age at which our own messages are deleted; 0: never."""


def resolve_destinations(config: DiscordConfig) -> list[Destination]:
    """Return the configured destinations, in the order of the file; reads ``webhook_url_file``.

    Raises:
        StartError: a file cannot be read or does not hold a webhook URL.
    """
    if not (config.destinations or config.webhook_url or config.webhook_url_file):
        return []  # an extension names them all
    written = config.destinations or {
        DEFAULT_NAME: DestinationConfig(webhook_url=config.webhook_url, webhook_url_file=config.webhook_url_file)
    }
    return [_resolve(name, item, config) for name, item in written.items()]


def sourced_destination(item: SourcedDestination, config: DiscordConfig) -> Destination:
    """Return a destination that an extension names, with what the configuration says of all.

    Raises:
        StartError: its address is not that of a webhook; the message holds no token.
    """
    return Destination(
        name=item.name,
        webhook=_parse(item.webhook_url.reveal(), item.name, config),
        min_severity=config.min_severity if item.min_severity is None else item.min_severity,
        preset=config.render.preset if config.render.embeds else "plain",
        username=config.username,
        avatar_url=config.avatar_url,
        label=item.label,
    )


def _resolve(name: str, item: DestinationConfig, config: DiscordConfig) -> Destination:
    try:
        webhook = _webhook_of(item, config)
    except ValueError as error:
        raise StartError(f"destination {name!r}: {error}") from None
    if item.thread_id:
        webhook = WebhookUrl(webhook.id, webhook.token, item.thread_id)
    return Destination(
        name=name,
        webhook=webhook,
        min_severity=config.min_severity if item.min_severity is None else item.min_severity,
        preset=item.preset or item.render.preset or (config.render.preset if config.render.embeds else "plain"),
        username=item.username or config.username,
        avatar_url=item.avatar_url or config.avatar_url,
        thread_name=ThreadName(item.thread_name) if item.thread_name else None,
        mentions=config.mentions_of(name),
        quiet_hours=item.quiet_hours.hours() if item.quiet_hours is not None else None,
        resend_ambiguous=item.delivery == "at_least_once",
        fallback=item.fallback,
        retention_s=item.retention,
    )


def faults_of_files(config: DiscordConfig) -> list[str]:
    """Return what is wrong with each ``webhook_url_file``, its key path first; reads them."""
    written: dict[str, DestinationConfig | DiscordConfig] = {"": config}
    written |= {f"destinations::{name}::": item for name, item in config.destinations.items()}
    faults: list[str] = []
    for path, item in written.items():
        if item.webhook_url_file:
            try:
                _webhook_of(item, config)
            except ValueError as error:
                faults.append(f"{path}{error}; the service will not start with it")
    return faults


def _webhook_of(item: DestinationConfig | DiscordConfig, config: DiscordConfig) -> WebhookUrl:
    """Return the webhook that a section names.

    Raises:
        ValueError: its file cannot be read or does not hold the address of a webhook; names the file, never a token.
    """
    if item.webhook_url is not None and not item.webhook_url_file:
        return _read(item.webhook_url.reveal(), config)
    if "://" in item.webhook_url_file:
        raise ValueError("webhook_url_file: is an address, not the name of a file; it belongs to webhook_url")
    try:
        text = Path(item.webhook_url_file).read_text(encoding="utf-8").strip()
        if not text:
            raise ValueError("is empty")
        return _read(text, config)
    except UnicodeDecodeError:
        problem = "cannot be read: it is not UTF-8 text"
    except OSError as error:
        problem = f"cannot be read: {error.strerror or type(error).__name__}"
    except ValueError as error:
        problem = str(error)
    raise ValueError(f"webhook_url_file: {item.webhook_url_file}: {problem}")


def _read(text: str, config: DiscordConfig) -> WebhookUrl:
    return parse_webhook_url(text, endpoint=config.endpoint, allow_insecure=config.allow_insecure_endpoint)


def _parse(text: str, name: str, config: DiscordConfig) -> WebhookUrl:
    try:
        return _read(text, config)
    except WebhookUrlError as error:
        raise StartError(f"destination {name!r}: {error}") from None
