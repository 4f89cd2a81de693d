"""What ``otel-discord runs create`` prints, for people, programs, shells and GitHub Actions. Pure.

What a service answers is checked before a shell or a workflow reads it: a line break there would be another variable.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.config import Secret

_FORMS: Final[Mapping[str, str]] = {
    "channelId": r"[0-9]{1,20}",
    "runId": r"[A-Za-z0-9_-]{1,64}",
    "expiresAt": r"[0-9T:.Z+-]{10,40}",
    "webhookUrl": r"https?://[!-~]{1,500}",
}
ATTRIBUTES: Final = "OTEL_RESOURCE_ATTRIBUTES"
_RUN_ID: Final = "run.id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The run that a create has answered with."""

    channel_id: str
    run_id: str
    expires_at: str
    """RFC 3339."""
    webhook_url: Secret
    guild_id: str
    is_new: bool

    @property
    def link(self) -> str:
        """Return where the channel is shown."""
        return f"https://discord.com/channels/{self.guild_id}/{self.channel_id}"


def created(body: Mapping[str, Any], *, guild_id: str, is_new: bool) -> Created:
    """Return what an answer says.

    Raises:
        ValueError: it does not look like an answer of this API; the message names the field.
    """
    for name, form in _FORMS.items():
        if not isinstance(body.get(name), str) or re.fullmatch(form, body[name]) is None:
            raise ValueError(f"the answer's {name} is not as the API of run channels gives it")
    return Created(
        channel_id=body["channelId"],
        run_id=body["runId"],
        expires_at=body["expiresAt"],
        webhook_url=Secret(body["webhookUrl"]),
        guild_id=guild_id,
        is_new=is_new,
    )


def text_lines(run: Created, *, shows_webhook: bool) -> list[str]:
    """Return lines for a person."""
    return [
        f"channel  {run.channel_id}{'' if run.is_new else '  (it was there already)'}",
        f"run      {run.run_id}",
        f"expires  {run.expires_at}",
        f"link     {run.link}",
        *([f"webhook  {run.webhook_url.reveal()}"] if shows_webhook else []),
    ]


def variables(run: Created, attributes: str, *, shows_webhook: bool) -> dict[str, str]:
    """Return environment variables by name: ``attributes`` is the ``OTEL_RESOURCE_ATTRIBUTES`` that there is."""
    return {
        "RUN_CHANNEL_ID": run.channel_id,
        "RUN_ID": run.run_id,
        "RUN_EXPIRES_AT": run.expires_at,
        "RUN_LINK": run.link,
        ATTRIBUTES: with_run_id(attributes, run.run_id),
        **({"RUN_WEBHOOK_URL": run.webhook_url.reveal()} if shows_webhook else {}),
    }


def with_run_id(attributes: str, run_id: str) -> str:
    """Return ``OTEL_RESOURCE_ATTRIBUTES`` with this run's id and no other's; line breaks become %0A, as it wants."""
    one_line = attributes.replace("\r", "%0D").replace("\n", "%0A")
    kept = [part for part in one_line.split(",") if part.strip() and part.partition("=")[0].strip() != _RUN_ID]
    return ",".join([*kept, f"{_RUN_ID}={run_id}"])


def shell_lines(values: Mapping[str, str]) -> list[str]:
    """Return ``NAME=value`` lines that a shell may evaluate."""
    return [f"{name}={shlex.quote(value)}" for name, value in values.items()]


def github_lines(run: Created, values: Mapping[str, str], *, shows_webhook: bool) -> tuple[list[str], list[str]]:
    """Return the lines for the files ``GITHUB_ENV`` and ``GITHUB_OUTPUT``."""
    outputs = {
        "channel-id": run.channel_id,
        "run-id": run.run_id,
        "expires-at": run.expires_at,
        "link": run.link,
        **({"webhook-url": run.webhook_url.reveal()} if shows_webhook else {}),
    }
    return [f"{name}={value}" for name, value in values.items()], [f"{name}={value}" for name, value in outputs.items()]
