"""One embed as HTML."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from otel_discord.discord_api.html_markdown import blocks, inline, link
from otel_discord.discord_api.html_text import plain, safe_url
from otel_discord.discord_api.html_time import header_time

_COLOR_MAX = 0xFFFFFF
_GALLERY = 4
"""Discord shows no more pictures of embeds with one url."""


def render_embed(embed: Mapping[str, Any], files: Mapping[str, str], now: float | None) -> str:
    """Return the embed. ``files`` gives the address of an attachment by name, for ``attachment://name``."""
    parts = [
        _author(_object(embed, "author"), files),
        _title(embed, now),
        _block("dv-description", blocks(plain(embed.get("description")), now=now)),
        _fields(embed.get("fields"), now),
        _image(embed, files),
        picture(_object(embed, "thumbnail").get("url"), files, "dv-thumbnail"),
        _footer(embed, files, now),
    ]
    return f'<div class="dv-embed">{_bar(embed.get("color"))}<div class="dv-inside">{"".join(parts)}</div></div>'


def _image(embed: Mapping[str, Any], files: Mapping[str, str]) -> str:
    """Return the large picture below, or a gallery where embeds with the same url bring more (``images``)."""
    first, more = _object(embed, "image"), embed.get("images")
    others = [item for item in more if isinstance(item, dict)] if isinstance(more, list) else []
    shown = [first, *others] if first else others
    if len(shown) < 2:
        return picture(shown[0].get("url") if shown else "", files, "dv-image")
    html = "".join(picture(item.get("url"), files, "dv-image") for item in shown[:_GALLERY])
    return f'<div class="dv-gallery">{html}</div>'


def picture(url: object, files: Mapping[str, str], css_class: str) -> str:
    """Return an image, or a box with its name where there is nothing to load."""
    text = plain(url)
    if not text:
        return ""
    name = text.removeprefix("attachment://")
    source = files.get(name, "") if text.startswith("attachment://") else safe_url(text)
    if not source:
        return f'<div class="{css_class} dv-absent">{escape(name)}</div>'
    return f'<img class="{css_class}" src="{escape(source)}" alt="" loading="lazy" referrerpolicy="no-referrer">'


def _bar(color: object) -> str:
    """Return the stripe. Its colour is an attribute of SVG, since a strict content policy forbids inline styles."""
    known = isinstance(color, int) and not isinstance(color, bool) and 0 < color <= _COLOR_MAX
    fill = f' fill="#{color:06x}"' if known else ""
    return f'<svg class="dv-bar" aria-hidden="true"><rect width="4" height="100%"{fill}></rect></svg>'


def _author(author: Mapping[str, Any], files: Mapping[str, str]) -> str:
    name = plain(author.get("name")).strip()
    if not name:
        return ""
    text = link(plain(author.get("url")), escape(name))
    return f'<div class="dv-author">{picture(author.get("icon_url"), files, "dv-icon")}<span>{text}</span></div>'


def _title(embed: Mapping[str, Any], now: float | None) -> str:
    title, url = plain(embed.get("title")).strip(), safe_url(embed.get("url"))
    text = inline(title, now=now, links=not url)
    return _block("dv-title", link(url, text) if url and text else text)


def _fields(fields: object, now: float | None) -> str:
    items = [item for item in fields if isinstance(item, dict)] if isinstance(fields, list) else []
    html = [
        f'<div class="dv-w{12 // len(row)}"><div class="dv-field-name">{inline(plain(item.get("name")), now=now)}</div>'
        f'<div class="dv-value">{blocks(plain(item.get("value")), now=now)}</div></div>'
        for row in _rows(items)
        for item in row
    ]
    return _block("dv-fields", "".join(html))


def _rows(items: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """Yield the fields that stand beside each other: up to three inline ones, any other alone."""
    row: list[Mapping[str, Any]] = []
    for item in items:
        if row and (len(row) == 3 or not item.get("inline")):
            yield row
            row = []
        if item.get("inline"):
            row.append(item)
        else:
            yield [item]
    if row:
        yield row


def _footer(embed: Mapping[str, Any], files: Mapping[str, str], now: float | None) -> str:
    footer = _object(embed, "footer")
    texts = [escape(plain(footer.get("text")).strip()), header_time(embed.get("timestamp"), now)]
    line = " • ".join(text for text in texts if text)
    if not line:
        return ""
    return f'<div class="dv-footer">{picture(footer.get("icon_url"), files, "dv-icon")}<span>{line}</span></div>'


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _block(css_class: str, html: str) -> str:
    return f'<div class="{css_class}">{html}</div>' if html else ""
