"""Messages as Discord would show them, as HTML: for the demo, for previews and for the status page.

Takes the JSON of messages, both as Discord returns it and as we send it. Everything from a message is escaped; there
is no script, no inline style and no event handler, so a page runs under a strict policy (:data:`CONTENT_POLICY`).
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final

from otel_discord.discord_api.html_components import render_components
from otel_discord.discord_api.html_embed import picture, render_embed
from otel_discord.discord_api.html_markdown import blocks, link
from otel_discord.discord_api.html_style import STYLE
from otel_discord.discord_api.html_text import plain, safe_url, size_text
from otel_discord.discord_api.html_time import header_time, parse_time
from otel_discord.discord_api.models import Json

CONTENT_POLICY: Final = (
    "default-src 'none'; img-src https: http:; base-uri 'none'; form-action 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""For the header Content-Security-Policy of a page that holds ``<style>STYLE</style>`` as :func:`page` writes it."""

_SUPPRESS_EMBEDS: Final = 1 << 2
_SILENT: Final = 1 << 12
_SAME_SPEAKER: Final = timedelta(minutes=7)
_PREVIEW_CHARS: Final = 4000
_IMAGES: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_RUN: Final = '<div class="dv-run">'
_FILE_ICON: Final = '<svg viewBox="0 0 26 34" aria-hidden="true"><path d="M3 0h13l10 10v21a3 3 0 0 1-3 3H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/></svg>'  # fmt: skip  # noqa: E501

Preview = Callable[[Json], str]


def render_messages(
    messages: Sequence[Json], *, theme: str = "dark", now: float | None = None, preview: Preview | None = None
) -> str:
    """Return a fragment with the messages in the order given; its style is :data:`STYLE`.

    Args:
        messages: Discord's message objects, or the bodies that create them.
        theme: ``dark`` or ``light``.
        now: unix seconds, for "2 minutes ago" and "Today at"; without it times are absolute.
        preview: the text of an attachment, "" where there is none to show.
    """
    html: list[str] = []
    before: Json | None = None
    for message in messages:
        html.append(_message(message, _continues(before, message), now, preview))
        before = message
    return f'<div class="dv dv-{"light" if theme == "light" else "dark"}">{"".join(html)}</div>'


def page(
    messages: Sequence[Json],
    *,
    title: str = "Messages",
    theme: str = "dark",
    now: float | None = None,
    preview: Preview | None = None,
) -> str:
    """Return a whole document with :func:`render_messages` in it."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(CONTENT_POLICY)}">'
        f'<title>{escape(plain(title))}</title><style>{STYLE}</style></head><body class="dv-page">'
        f"{render_messages(messages, theme=theme, now=now, preview=preview)}</body></html>"
    )


def _message(message: Json, same_speaker: bool, now: float | None, preview: Preview | None) -> str:
    name, when = _name(message), header_time(message.get("timestamp"), now)
    flags = message.get("flags") if isinstance(message.get("flags"), int) else 0
    silent = ' <span class="dv-small" title="sent without a notification">🔕</span>' if (flags or 0) & _SILENT else ""
    if same_speaker:
        short = parse_time(message.get("timestamp"))
        side, head = f'<div class="dv-gutter">{short:%H:%M}</div>' if short else "<div></div>", silent
    else:
        side = _avatar(message, name)
        head = (
            f'<div class="dv-head"><span class="dv-name">{escape(name)}</span><span class="dv-app">APP</span>'
            f'<span class="dv-small">{when}</span>{silent}</div>'
        )
    said = _said(message, now)
    attachments = _objects(message, "attachments")
    files = {plain(item.get("filename")): safe_url(item.get("url")) for item in attachments}
    embeds = [] if (flags or 0) & _SUPPRESS_EMBEDS else _visible(_objects(message, "embeds"))
    shown = "".join(render_embed(embed, files, now) for embed in embeds)
    boxes = f'<div class="dv-embeds">{shown}</div>' if shown else ""
    used = {name for name in files if f"attachment://{name}" in _pictures(embeds)}
    below = "".join(_file(item, preview) for item in attachments if plain(item.get("filename")) not in used)
    css_class = "dv-message dv-same" if same_speaker else "dv-message"
    rows = render_components(message.get("components"))
    inside = f"{head}{_thread(message)}{said}{below}{boxes}{rows}"
    return f'<article class="{css_class}">{side}<div>{inside}</div></article>'


def _thread(message: Json) -> str:
    """Return the title of the forum post, or the name of the thread, that a message opens."""
    thread = message.get("thread")
    name = plain(thread.get("name")) if isinstance(thread, dict) else plain(message.get("thread_name"))
    return f'<div class="dv-thread">{escape(name.strip())}</div>' if name.strip() else ""


def _said(message: Json, now: float | None) -> str:
    content = blocks(plain(message.get("content")).strip(), now=now)
    if message.get("edited_timestamp"):
        mark = '<span class="dv-edited"> (edited)</span>'
        last = content[content.rfind("<div ") :] if content.endswith("</div>") else ""
        content = content[: -len("</div>")] + f"{mark}</div>" if last.startswith(_RUN) else content + mark
    return f'<div class="dv-content">{content}</div>' if content else ""


def _continues(before: Json | None, message: Json) -> bool:
    """Return whether Discord would leave out name and picture, since the same speaker spoke just before."""
    if before is None or _name(before) != _name(message):
        return False
    earlier, later = parse_time(before.get("timestamp")), parse_time(message.get("timestamp"))
    return isinstance(earlier, datetime) and later is not None and timedelta(0) <= later - earlier < _SAME_SPEAKER


def _name(message: Json) -> str:
    author = message.get("author")
    told = plain(author.get("username")) if isinstance(author, dict) else plain(message.get("username"))
    return told.strip() or "Webhook"


def _avatar(message: Json, name: str) -> str:
    source = safe_url(message.get("avatar_url"))
    if source:
        return picture(source, {}, "dv-avatar")
    tint = zlib.crc32(name.encode("utf-8", "replace")) % 6
    return f'<div class="dv-avatar dv-tint-{tint}" aria-hidden="true">{escape(name[:1].upper())}</div>'


def _visible(embeds: list[Json]) -> list[Json]:
    """Return the embeds that Discord shows: of several with one url the first, with up to four pictures of them all."""
    first: dict[str, Json] = {}
    shown: list[Json] = []
    for embed in embeds:
        url = plain(embed.get("url"))
        if not url or url not in first:
            first[url] = {**embed, "images": []}
            shown.append(first[url])
        elif isinstance(embed.get("image"), dict):
            first[url]["images"].append(embed["image"])
    return shown


def _pictures(embeds: list[Json]) -> set[str]:
    return {
        plain(inner.get(key))
        for embed in embeds
        for inner, key in (
            *((each, "url") for each in embed.get("images") or ()),
            (embed.get("image"), "url"),
            (embed.get("thumbnail"), "url"),
            (embed.get("author"), "icon_url"),
            (embed.get("footer"), "icon_url"),
        )
        if isinstance(inner, dict)
    }


def _file(item: Json, preview: Preview | None) -> str:
    name, url = plain(item.get("filename")) or "file", safe_url(item.get("url"))
    if url and name.lower().endswith(_IMAGES):
        return picture(url, {}, "dv-image")
    text = plain(preview(item)) if preview else ""
    size = size_text(item.get("size"))
    label = f'<span class="dv-file-name">{escape(name)}</span>'
    notes = " · ".join(part for part in (size, escape(plain(item.get("description")))) if part)
    card = f'<div class="dv-file">{_FILE_ICON}<div>{link(url, label)}<span class="dv-small">{notes}</span></div></div>'
    if not text:
        return card
    rest = f"\n… {len(text) - _PREVIEW_CHARS:,} more characters" if len(text) > _PREVIEW_CHARS else ""
    shown = f'<pre class="dv-fence dv-preview"><code>{escape(text[:_PREVIEW_CHARS] + rest)}</code></pre>'
    return shown + card


def _objects(message: Mapping[str, Any], key: str) -> list[Json]:
    values = message.get(key)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []
