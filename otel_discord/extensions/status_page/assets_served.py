"""Style sheets, scripts and the icon, from the package."""

from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from otel_discord.extensions.status_page.exchange import Answer
from otel_discord.extensions.status_page.pages.messages_page import message_style

ASSETS: Final = {
    "/static/status.css": "text/css",
    "/static/messages.css": "text/css",
    "/static/status.js": "text/javascript",
    "/static/theme.js": "text/javascript",
    "/static/icon.svg": "image/svg+xml",
}
"""Paths and their kinds; nothing else is read from the disk."""


@cache
def asset(path: str) -> Answer:
    """Return one of :data:`ASSETS`."""
    name = path.rpartition("/")[2]
    if name == "messages.css":
        body = message_style().encode()
    else:
        body = (files("otel_discord.extensions.status_page") / "assets" / name).read_bytes()
    return Answer(HTTPStatus.OK, body, ASSETS[path])
