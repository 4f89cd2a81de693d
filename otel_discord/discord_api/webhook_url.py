"""The address of a webhook: what a person pasted, checked and taken apart; only id, token and thread survive.

The parts are sent to the configured endpoint and nowhere else, so an address can never choose the host that a
request goes to. No message of an error repeats the token.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from otel_discord.config import Secret

API_VERSION: Final = "v10"
DEFAULT_ENDPOINT: Final = f"https://discord.com/api/{API_VERSION}"
SNOWFLAKE_MAX: Final = 2**64 - 1

_URL_MAX_CHARS: Final = 2048
_HOSTS: Final = frozenset(
    f"{prefix}{host}" for host in ("discord.com", "discordapp.com") for prefix in ("", "ptb.", "canary.")
)
_SNOWFLAKE: Final = re.compile(r"[1-9][0-9]{0,19}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")
_DISCORD_PATH: Final = re.compile(r"/api(?:/v[0-9]{1,2})?/webhooks(?P<rest>/.*)?")
_ENDPOINT_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*?/webhooks(?P<rest>/.*)?")
_VISIBLE_ASCII: Final = re.compile(r"[!-~]+")
_BEGIN: Final = "https://discord.com/api/webhooks/"
_SHAPE: Final = f"{_BEGIN}<id>/<token>"
_HOW: Final = "copy it in Discord: channel settings → Integrations → Webhooks → Copy Webhook URL"


class WebhookUrlError(ValueError):
    """An address is not that of a Discord webhook; the message says what to do and holds no token."""


class ForeignHostError(WebhookUrlError):
    """The host is neither Discord's nor that of the endpoint."""


@dataclass(frozen=True, slots=True)
class WebhookUrl:
    """What identifies a webhook. ``thread_id`` is "" where messages go to the channel itself."""

    id: str
    token: Secret
    thread_id: str = ""

    def __str__(self) -> str:
        thread = f" (thread {self.thread_id})" if self.thread_id else ""
        return f"webhook {self.id}/{self.token.hint()}{thread}"


def is_snowflake(text: str) -> bool:
    """Return whether ``text`` is a Discord id: decimal digits, 1 to 2**64 - 1."""
    return bool(_SNOWFLAKE.fullmatch(text)) and int(text) <= SNOWFLAKE_MAX


def parse_webhook_url(text: str, *, endpoint: str = DEFAULT_ENDPOINT, allow_insecure: bool = False) -> WebhookUrl:
    """Return the parts of a webhook's address.

    Accepts discord.com and discordapp.com, their ptb. and canary. hosts, any API version or none, a trailing slash and
    any query, of which ``thread_id`` is kept. The host of ``endpoint`` is accepted as well, over http only with
    ``allow_insecure``.

    Raises:
        WebhookUrlError: anything else.
    """
    parts = _split(text.strip(), what="webhook URL")
    host = _host(parts)
    is_discord = host in _HOSTS
    is_endpoint = not is_discord and host == urlsplit(endpoint).hostname
    if not (is_discord or is_endpoint):
        raise ForeignHostError(
            f"{_shown(host)} is not the address of a Discord webhook: those begin with {_BEGIN}; {_HOW}"
        )
    if parts.scheme != "https" and not (is_endpoint and allow_insecure):
        insecure = "; http needs allow_insecure_endpoint: true" if is_endpoint else ""
        raise WebhookUrlError(f"a webhook URL starts with https://{insecure}")
    if is_discord and parts.port not in {None, 443}:
        raise WebhookUrlError("a webhook URL of Discord names no port")
    if parts.fragment:
        raise WebhookUrlError("a webhook URL has no part after #; remove it")
    webhook_id, token = _id_and_token(parts.path, _DISCORD_PATH if is_discord else _ENDPOINT_PATH)
    return WebhookUrl(webhook_id, Secret(token), _thread_id(parts.query))


def validate_endpoint(endpoint: str, *, allow_insecure: bool = False) -> str:
    """Return the base that requests go to, ending in ``/api/v10`` and without a trailing slash.

    Raises:
        WebhookUrlError: not an https address (http with ``allow_insecure``) of a host and, if need be, a path.
    """
    parts = _split(endpoint.strip(), what="endpoint")
    _host(parts)
    if parts.scheme != "https" and not allow_insecure:
        raise WebhookUrlError("the endpoint must start with https://; http needs allow_insecure_endpoint: true")
    if parts.query or parts.fragment:
        raise WebhookUrlError("the endpoint has no query and no part after #; remove it")
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)*/?", parts.path):
        raise WebhookUrlError(f"the endpoint has an unusual path; it looks like {DEFAULT_ENDPOINT}")
    if "/webhooks" in parts.path:
        raise WebhookUrlError(f"the endpoint is a base such as {DEFAULT_ENDPOINT}; the webhook goes to webhook_url")
    prefix = re.sub(r"/api(?:/v[0-9]{1,2})?$", "", parts.path.rstrip("/"))
    return f"{parts.scheme}://{parts.netloc}{prefix}/api/{API_VERSION}"


def _split(text: str, *, what: str) -> SplitResult:
    if not text:
        raise WebhookUrlError(f"the {what} is empty")
    if len(text) > _URL_MAX_CHARS:
        raise WebhookUrlError(f"the {what} is longer than {_URL_MAX_CHARS} characters")
    # urlsplit drops tabs and line breaks silently, so they are looked for first.
    if not _VISIBLE_ASCII.fullmatch(text):
        raise WebhookUrlError(f"the {what} holds a space, a line break or a character that is not ASCII")
    if text[0] in "\"'<`" or text.startswith("${"):
        raise WebhookUrlError(f"the {what} is wrapped in quotes or brackets, or is a variable that was not resolved")
    if "\\" in text:
        raise WebhookUrlError(f"the {what} holds a backslash")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise WebhookUrlError(f"the {what} is not a well-formed URL") from None
    if parts.scheme not in {"https", "http"} or not parts.netloc:
        raise WebhookUrlError(f"the {what} does not start with https:// and a host")
    if "@" in parts.netloc:
        raise WebhookUrlError(f"the {what} holds a user name or password before the host; remove it")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not host or host.endswith(".") or "%" in host or parts.netloc.endswith(":"):
        raise WebhookUrlError("the host of the URL is not well-formed")
    return host


def _shown(host: str) -> str:
    """Return the host for an error, unless it could be a token that was pasted in the wrong place."""
    return repr(host) if len(host) <= 60 and all(len(label) <= 30 for label in host.split(".")) else "that host"


def _id_and_token(path: str, shape: re.Pattern[str]) -> tuple[str, str]:
    match = shape.fullmatch(path)
    if not match:
        if path.startswith("/channels/"):
            raise WebhookUrlError(f"this is the link of a channel, not of a webhook; {_HOW}")
        raise WebhookUrlError(f"the path is not that of a webhook, which has the form {_SHAPE}; {_HOW}")
    segments = (match["rest"] or "").removesuffix("/").split("/")[1:]
    if len(segments) == 3 and segments[2] in {"slack", "github"}:
        raise WebhookUrlError(f"the URL ends in /{segments[2]}, a form for other programs; remove that ending")
    if not segments or not is_snowflake(segments[0]):
        raise WebhookUrlError(f"the id of the webhook is not a number as Discord gives them; the form is {_SHAPE}")
    if len(segments) == 1 or segments[1:] in (["slack"], ["github"], [""]):
        raise WebhookUrlError(f"the token is missing after the webhook's id; the form is {_SHAPE}")
    if len(segments) > 2:
        raise WebhookUrlError(f"something follows the token; the URL ends after {_SHAPE}")
    if not _TOKEN.fullmatch(segments[1]):
        raise WebhookUrlError("the token holds a character other than letters, digits, - and _")
    return segments[0], segments[1]


def _thread_id(query: str) -> str:
    values = [value for key, value in parse_qsl(query, keep_blank_values=True) if key == "thread_id"]
    if not values:
        return ""
    if len(values) > 1:
        raise WebhookUrlError("the URL names thread_id more than once")
    if not is_snowflake(values[0]):
        raise WebhookUrlError("thread_id in the URL is not a number as Discord gives them")
    return values[0]
