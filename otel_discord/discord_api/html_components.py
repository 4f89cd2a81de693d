"""Rows of components below a message as HTML: buttons that are links work, all others are there to be seen.

https://docs.discord.com/developers/components/reference
"""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from otel_discord.discord_api.html_text import plain, safe_url

_ROW: Final = 1
_BUTTON: Final = 2
_LINK: Final = 5
_STYLES: Final = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}
_MOST: Final = 40


def render_components(components: object) -> str:
    """Return the rows of a message, "" where it has none."""
    rows = [item for item in components if isinstance(item, dict)] if isinstance(components, list) else []
    html = [_row(row) for row in rows[:_MOST] if row.get("type") == _ROW]
    return f'<div class="dv-components">{"".join(html)}</div>' if any(html) else ""


def _row(row: Mapping[str, Any]) -> str:
    inner = row.get("components")
    items = [item for item in inner if isinstance(item, dict)] if isinstance(inner, list) else []
    html = "".join(_button(item) if item.get("type") == _BUTTON else _menu(item) for item in items[:_MOST])
    return f'<div class="dv-row">{html}</div>' if html else ""


def _button(button: Mapping[str, Any]) -> str:
    style = button.get("style")
    name = _STYLES.get(style, "secondary") if isinstance(style, int) else "secondary"
    emoji = button.get("emoji")
    sign = plain(emoji.get("name")) if isinstance(emoji, dict) else ""
    words = escape(" ".join(part for part in (sign, plain(button.get("label")).strip()) if part))
    url = safe_url(button.get("url"))
    if style == _LINK and url and not button.get("disabled"):
        return (
            f'<a class="dv-button dv-{name}" href="{escape(url)}" rel="noopener noreferrer nofollow" target="_blank">'
            f'{words}<span aria-hidden="true"> ↗\N{VARIATION SELECTOR-15}</span></a>'
        )
    return f'<span class="dv-button dv-{name} dv-inert" aria-disabled="true">{words}</span>'


def _menu(menu: Mapping[str, Any]) -> str:
    words = plain(menu.get("placeholder")).strip() or "Make a selection"
    return (
        f'<span class="dv-menu dv-inert" aria-disabled="true">{escape(words)}<span aria-hidden="true"> ⌄</span></span>'
    )
