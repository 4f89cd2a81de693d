"""The mark by which a channel is known to be a run's, made by us: a topic that people can read, and its signed end.

It is set when the channel is made and never changed, holds all that is needed to go on with an empty storage, and is
believed only with our signature and in the guild that it was made for. A channel that a person clones carries it too:
of several the one with the lowest id is the run's.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from otel_discord.config import Secret
from otel_discord.extensions.run_channels.identity import RUN_ID_CHARS, SEAL_CHARS, is_sealed, run_id_of, seal_of
from otel_discord.extensions.run_channels.runs import Run, RunKey
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import break_mentions

TOPIC_CHARS: Final = 1024
_SHOWN_TASK_CHARS: Final = 60
_MACHINE: Final = re.compile(
    rf"(?<![A-Za-z0-9._-])(?P<signed>otel-discord\.run1\.(?P<body>[A-Za-z0-9_-]{{8,900}}))"
    rf"\.(?P<seal>[a-z2-7]{{{SEAL_CHARS}}})(?![A-Za-z0-9_-])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What a marked channel says about its run."""

    run_id: str
    key: RunKey
    created_ms: int
    retention_hours: int


def marker_of(run: Run) -> Marker:
    """Return what a run's channel says."""
    return Marker(run_id=run.run_id, key=run.key, created_ms=run.created_ms, retention_hours=run.retention_hours)


def machine_part(marker: Marker, signing_key: Secret) -> str:
    """Return the signed part: letters, digits, ``.``, ``_`` and ``-`` only, so that it can stand in an address."""
    key = marker.key
    values = [marker.run_id, key.task_id, key.attempt, key.short_id, marker.created_ms, marker.retention_hours]
    body = base64.urlsafe_b64encode(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode())
    signed = f"otel-discord.run1.{body.decode().rstrip('=')}"
    return f"{signed}.{seal_of(_bound(signed, key.guild_id), signing_key)}"


def topic_of(marker: Marker, signing_key: Secret) -> str:
    """Return the topic of the run's channel, at most 1024 characters."""
    key = marker.key
    task = cut_middle(key.task_id, _SHOWN_TASK_CHARS)
    words = f"Run {task}, attempt {key.attempt} ({key.short_id}), {_time(marker.created_ms)}{_kept(marker)}"
    return f"{break_mentions(words)} · made and kept by otel-discord, please leave: {machine_part(marker, signing_key)}"


def parse_marker(text: str, guild_id: str, signing_key: Secret) -> Marker | None:
    """Return what a text (a topic, an address) says about one of our runs of this guild; None for all others' texts."""
    found = None
    for match in _MACHINE.finditer(text):
        found = match  # the last one is ours: what is before it holds words of callers
    if found is None or not is_sealed(_bound(found["signed"], guild_id), found["seal"], signing_key):
        return None
    return _parse_body(found["body"], guild_id, signing_key)


def marker_in_message(message: Mapping[str, Any], guild_id: str, signing_key: Secret) -> Marker | None:
    """Return what a message (Discord's JSON) says that :func:`with_marker` made; of threads, which have no topic."""
    embeds = message.get("embeds")
    texts = [embed.get("url") for embed in embeds if isinstance(embed, dict)] if isinstance(embeds, list) else []
    for text in (*texts, message.get("content")):
        marker = parse_marker(text, guild_id, signing_key) if isinstance(text, str) else None
        if marker is not None:
            return marker
    return None


def with_marker(message: Mapping[str, Any], marker: Marker, parent_id: str, signing_key: Secret) -> dict[str, Any]:
    """Return a thread's header that carries the mark: its title links to the parent channel, the mark follows the #.

    Of a message without an embed's title the link stands in the content, as the last line.
    """
    link = f"https://discord.com/channels/{marker.key.guild_id}/{parent_id}#{machine_part(marker, signing_key)}"
    embeds = list(message.get("embeds") or ())
    if embeds and embeds[0].get("title"):
        return {**message, "embeds": [{**embeds[0], "url": link}, *embeds[1:]]}
    content = cut_middle(str(message.get("content") or ""), 2000 - len(link) - 4, markdown=True)
    return {**message, "content": f"{content}\n<{link}>".strip()}


def _bound(signed: str, guild_id: str) -> str:
    return f"{guild_id} {signed}"


def _parse_body(body: str, guild_id: str, signing_key: Secret) -> Marker | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    match values:
        case [str(run_id), str(task_id), int(attempt), str(short_id), int(created_ms), int(retention_hours)]:
            key = RunKey(guild_id=guild_id, task_id=task_id, attempt=attempt, short_id=short_id)
            if len(run_id) != RUN_ID_CHARS or run_id != run_id_of(key, signing_key):
                return None
            return Marker(run_id=run_id, key=key, created_ms=created_ms, retention_hours=retention_hours)
        case _:
            return None


def _time(unix_ms: int) -> str:
    return f"{datetime.fromtimestamp(unix_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _kept(marker: Marker) -> str:
    if not marker.retention_hours:
        return ", kept until it ends"
    return f", kept {marker.retention_hours:,} h"
