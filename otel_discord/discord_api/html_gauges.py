"""How much of each of Discord's limits a message uses, as values and as HTML.

Takes the JSON of a message as it is sent or as Discord returns it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from otel_discord.discord_api import limits

_NEARLY: Final = 0.9


@dataclass(frozen=True, slots=True)
class Gauge:
    """One limit; ``part`` names the embed where there are several: ``embed 2 title``."""

    part: str
    used: int
    limit: int
    unit: str = ""
    """"" counts code points or things; ``bytes``."""

    @property
    def share(self) -> float:
        """Used part of the limit; more than 1 where it is broken."""
        return self.used / self.limit

    @property
    def level(self) -> str:
        """``ok``, ``nearly`` (from 90 %) or ``over``."""
        return "over" if self.used > self.limit else "nearly" if self.share >= _NEARLY else "ok"

    def __str__(self) -> str:
        shown = (_size(self.used), _size(self.limit)) if self.unit == "bytes" else (f"{self.used:,}", str(self.limit))
        return f"{self.part} {shown[0]}/{shown[1]}"


def gauges(message: Mapping[str, Any], file_sizes: Sequence[int] = ()) -> list[Gauge]:
    """Return every limit that the message uses something of; of field values and names the fullest."""
    embeds = [item for item in message.get("embeds") or () if isinstance(item, Mapping)]
    found = [Gauge("content", _chars(message.get("content")), limits.CONTENT_CHARS)]
    total = 0
    for number, embed in enumerate(embeds, start=1):
        prefix = f"embed {number} " if len(embeds) > 1 else ""
        of_embed = list(_of_embed(embed, prefix))
        total += embed_chars(embed)
        found += of_embed
    found += [
        Gauge("total", total, limits.EMBEDS_TOTAL_CHARS),
        Gauge("embeds", len(embeds), limits.EMBEDS_PER_MESSAGE),
        Gauge("files", len(file_sizes), limits.FILES_PER_MESSAGE),
        Gauge("file bytes", sum(file_sizes), limits.FILES_TOTAL_BYTES, "bytes"),
        Gauge("username", _chars(message.get("username")), limits.USERNAME_CHARS),
        Gauge("thread name", _chars(message.get("thread_name")), limits.THREAD_NAME_CHARS),
    ]
    return [gauge for gauge in found if gauge.used]


def embed_chars(embed: Mapping[str, Any]) -> int:
    """Return what an embed counts towards the 6000 of a message."""
    fields = _fields(embed)
    texts = [embed.get("title"), embed.get("description"), _inner(embed, "footer", "text")]
    texts += [_inner(embed, "author", "name"), *(field.get(key) for field in fields for key in ("name", "value"))]
    return sum(map(_chars, texts))


def render_gauges(found: Sequence[Gauge]) -> str:
    """Return the gauges as HTML: a list of ``meter`` elements with their numbers in words. No style of its own."""
    items = [
        f'<li class="dv-gauge dv-{gauge.level}"><span>{escape(str(gauge))}</span>'
        f'<meter min="0" max="{gauge.limit}" high="{int(gauge.limit * _NEARLY)}" value="{min(gauge.used, gauge.limit)}"'
        f' aria-label="{escape(gauge.part)}"></meter></li>'
        for gauge in found
    ]
    return f'<ul class="dv-gauges">{"".join(items)}</ul>' if items else ""


def _of_embed(embed: Mapping[str, Any], prefix: str) -> Iterator[Gauge]:
    fields = _fields(embed)
    yield Gauge(f"{prefix}title", _chars(embed.get("title")), limits.EMBED_TITLE_CHARS)
    yield Gauge(f"{prefix}description", _chars(embed.get("description")), limits.EMBED_DESCRIPTION_CHARS)
    yield Gauge(f"{prefix}fields", len(fields), limits.EMBED_FIELDS)
    names = max((_chars(field.get("name")) for field in fields), default=0)
    values = max((_chars(field.get("value")) for field in fields), default=0)
    yield Gauge(f"{prefix}longest field name", names, limits.EMBED_FIELD_NAME_CHARS)
    yield Gauge(f"{prefix}longest field value", values, limits.EMBED_FIELD_VALUE_CHARS)
    yield Gauge(f"{prefix}footer", _chars(_inner(embed, "footer", "text")), limits.EMBED_FOOTER_CHARS)
    yield Gauge(f"{prefix}author", _chars(_inner(embed, "author", "name")), limits.EMBED_AUTHOR_CHARS)


def _fields(embed: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for item in embed.get("fields") or () if isinstance(item, Mapping)]


def _inner(value: Mapping[str, Any], key: str, inner: str) -> object:
    found = value.get(key)
    return found.get(inner) if isinstance(found, Mapping) else None


def _chars(value: object) -> int:
    return len(value.strip()) if isinstance(value, str) else 0


def _size(size_bytes: int) -> str:
    if size_bytes < 1024:
        return f"{size_bytes} B"
    kib = size_bytes / 1024
    return f"{kib:.1f} KiB" if kib < 1024 else f"{kib / 1024:.1f} MiB"
