"""Recent messages, made fit for a page that loads nothing from elsewhere and shows no secret. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from otel_discord.component import Component
from otel_discord.component.watched_exporter import ShownMessage, Step, Watched
from otel_discord.extensions.status_page.mutes import offering

MOST_MESSAGES: Final = 25
_MOST_STEPS: Final = 40
_IMAGE_PARTS: Final = ("image", "thumbnail")
_ICON_PARTS: Final = ("author", "footer")


@dataclass(frozen=True, slots=True)
class RecentMessage:
    """A message and its exporter; ``html`` once it is drawn."""

    exporter: str
    shown: ShownMessage
    html: str = ""


def recent_messages(
    components: Mapping[str, Component], redact: Callable[[str], str], destination: str = ""
) -> Sequence[RecentMessage]:
    """Return the last messages of all exporters, newest change first."""
    found = [
        RecentMessage(name, each)
        for name, exporter in offering(components, Watched).items()
        for each in exporter.recent_messages(MOST_MESSAGES * (4 if destination else 1))
        if not destination or each.destination == destination
    ]
    found.sort(key=lambda each: _changed_ns(each.shown), reverse=True)
    return [RecentMessage(each.exporter, _fit(each.shown, redact)) for each in found[:MOST_MESSAGES]]


def _changed_ns(shown: ShownMessage) -> int:
    return max((step.at_ns for step in shown.journey), default=0)


def _fit(shown: ShownMessage, redact: Callable[[str], str]) -> ShownMessage:
    return replace(
        shown,
        message=without_pictures(_redacted(shown.message, redact)),
        files=tuple(redact(name) for name in shown.files),
        journey=tuple(Step(step.at_ns, step.what, redact(step.detail)[:500]) for step in shown.journey[-_MOST_STEPS:]),
    )


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(each, redact) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(each, redact) for each in value]
    return value


def without_pictures(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose pictures are boxes with their names, since the page loads nothing from elsewhere."""
    fit = {key: value for key, value in message.items() if key != "avatar_url"}
    if isinstance(embeds := fit.get("embeds"), list):
        fit["embeds"] = [_embed(each) for each in embeds if isinstance(each, Mapping)]
    if isinstance(attachments := fit.get("attachments"), list):
        fit["attachments"] = [
            {key: value for key, value in each.items() if key not in {"url", "proxy_url"}}
            for each in attachments
            if isinstance(each, Mapping)
        ]
    return fit


def _embed(embed: Mapping[str, Any]) -> dict[str, Any]:
    fit = dict(embed)
    for part in _IMAGE_PARTS:
        if isinstance(fit.get(part), Mapping):
            fit[part] = {"url": f"attachment://{_picture_name(fit[part].get('url'))}"}
    for part in _ICON_PARTS:
        if isinstance(fit.get(part), Mapping):
            fit[part] = {key: value for key, value in fit[part].items() if key not in {"icon_url", "proxy_icon_url"}}
    return fit


def _picture_name(url: object) -> str:
    text = url if isinstance(url, str) else ""
    if text.startswith("attachment://"):
        return text.removeprefix("attachment://")[:100]
    try:
        return f"picture of {urlsplit(text).hostname or 'elsewhere'}"[:100]
    except ValueError:
        return "picture"
