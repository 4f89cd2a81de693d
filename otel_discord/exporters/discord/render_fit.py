"""What a template says, brought within Discord's limits. Pure functions.

https://docs.discord.com/developers/resources/message#embed-object-embed-limits
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from otel_discord.discord_api import limits
from otel_discord.discord_api.models import Embed, EmbedAuthor, EmbedField, EmbedFooter
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.invisible import without_invisible
from otel_discord.templating.output import TemplateOutput

RESERVE_CHARS: Final = 16
"""Kept free in a description, so that the packer may give its files other names."""
_LEAST_VALUE_CHARS: Final = 40
"""Of a field that has no room for its whole value; with less it is left out."""
_HOST: Final = re.compile(r"[A-Za-z0-9.:-]+")
_PLAIN_SIGN: Final = re.compile("[!-~]")
_PICTURE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_embed(output: TemplateOutput, *, card_chars: int, description_chars: int, time_unix_ns: int) -> Embed:
    """Return an embed that keeps every limit on its own.

    Args:
        output: of the template.
        card_chars: bound of all texts together.
        description_chars: bound of the description; 0 for none beyond Discord's.
        time_unix_ns: for the time stamp beside the footer, shown if the template says so.
    """
    title = _fitted(output.title, limits.EMBED_TITLE_CHARS)
    footer_text = _plain_fitted(output.footer_text, limits.EMBED_FOOTER_CHARS)
    author_name = _plain_fitted(output.author_name, limits.EMBED_AUTHOR_CHARS)
    room = min(card_chars, limits.EMBEDS_TOTAL_CHARS - RESERVE_CHARS) - len(title) - len(footer_text) - len(author_name)
    bound = min(limits.EMBED_DESCRIPTION_CHARS - RESERVE_CHARS, description_chars or limits.EMBED_DESCRIPTION_CHARS)
    fields = _fields_within(output, max(0, room - min(bound, len(output.description), room // 2)))
    room -= sum(len(item.name) + len(item.value) for item in fields)
    description = _fitted(output.description, max(0, min(bound, room)))
    if not (title or description or fields):
        title = "\u200b"
    return Embed(
        title=title,
        description=description,
        url=web_address(output.url),
        color=output.color,
        timestamp=moment(time_unix_ns) if output.show_time else None,
        fields=fields,
        author=EmbedAuthor(author_name, web_address(output.author_url), _picture(output.author_icon_url))
        if author_name
        else None,
        footer=EmbedFooter(footer_text, _picture(output.footer_icon_url)) if footer_text else None,
        image_url=_picture(output.image_url),
        thumbnail_url=_picture(output.thumbnail_url),
    )


def to_content(output: TemplateOutput, *, card_chars: int, content_chars: int) -> str:
    """Return message text that fits on its own."""
    return _fitted(output.content, min(card_chars, content_chars or card_chars, limits.CONTENT_CHARS - RESERVE_CHARS))


def moment(time_unix_ns: int) -> datetime | None:
    """Return the time to the millisecond, None for no time."""
    return _EPOCH + timedelta(milliseconds=time_unix_ns // 1_000_000) if time_unix_ns > 0 else None


def _fields_within(output: TemplateOutput, room: int) -> tuple[EmbedField, ...]:
    fields = []
    for item in output.fields[: limits.EMBED_FIELDS]:
        name = _fitted(item.name, limits.EMBED_FIELD_NAME_CHARS)
        value = _fitted(item.value, limits.EMBED_FIELD_VALUE_CHARS)
        left = room - len(name)
        if len(value) > left and left >= _LEAST_VALUE_CHARS:
            value = _fitted(value, left)
        room = left - len(value)
        if room < 0:
            break
        if _is_seen(name) and _is_seen(value):
            fields.append(EmbedField(name, value, item.inline))
    return tuple(fields)


def _is_seen(text: str) -> bool:
    """Return whether a reader sees anything: Discord refuses a field without a name or a value."""
    if _PLAIN_SIGN.search(text):  # as in most: hidden are other characters alone
        return True
    return any(each.isprintable() and not each.isspace() for each in without_invisible(text))


def _fitted(text: str, limit: int) -> str:
    return cut_middle(text.strip(), limit, markdown=True).strip()


def _plain_fitted(text: str, limit: int) -> str:
    return cut_middle(text.strip(), limit).strip()


def web_address(url: str) -> str:
    """Return the address if Discord takes it, else ""."""
    if not url or len(url) > limits.URL_CHARS or not url.startswith(("https://", "http://")):
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    return url if parts.hostname and _HOST.fullmatch(parts.hostname) and url.isprintable() and " " not in url else ""


def _picture(url: str) -> str:
    if url.startswith("attachment://"):
        return url if len(url) <= limits.URL_CHARS and url.lower().endswith(_PICTURE_ENDINGS) else ""
    return web_address(url)
