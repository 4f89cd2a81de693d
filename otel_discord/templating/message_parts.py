"""What a template gives beside its embed, by Discord's rules for webhooks: name, picture, thread, buttons. Pure.

What breaks a rule is left out or cut, since a message must never be refused for its looks.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from otel_discord.templating.cutting import cut_end
from otel_discord.templating.output import ButtonOutput
from otel_discord.templating.text import neutralise

MAX_BUTTONS: Final = 25
"""Five rows of five."""
_MAX_USERNAME_CHARS: Final = 80
_MAX_THREAD_NAME_CHARS: Final = 100
_MAX_LABEL_CHARS: Final = 80
_MAX_BUTTON_URL_CHARS: Final = 512
_MAX_URL_CHARS: Final = 2_048
_FORBIDDEN_PARTS: Final = ("discord", "clyde")
_FORBIDDEN_NAMES: Final = ("everyone", "here")
_CUSTOM_EMOJI: Final = re.compile(r"<?(a?:?\w{2,32}:\d{5,25})>?", re.ASCII)
_MAX_EMOJI_CHARS: Final = 16
_ATTACHED: Final = re.compile(r"attachment://[\w.-]{1,200}", re.ASCII)


def usable_username(text: str) -> str:
    """Return a name that Discord takes, at most 80 code points; "" where it would refuse it."""
    name = cut_end(_one_line(text), _MAX_USERNAME_CHARS)
    folded = name.casefold()
    is_refused = folded in _FORBIDDEN_NAMES or any(part in folded for part in _FORBIDDEN_PARTS)
    return "" if is_refused else name


def usable_thread_name(text: str) -> str:
    """Return a name for a thread: one line of at most 100 code points."""
    return cut_end(_one_line(text), _MAX_THREAD_NAME_CHARS)


def usable_address(text: str, max_chars: int = _MAX_URL_CHARS) -> str:
    """Return an http(s) address with a host; "" for anything else and for one that is too long."""
    address = text.strip()
    if len(address) > max_chars or not address.isprintable() or " " in address:
        return ""
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return address if is_usable else ""


def usable_image(text: str) -> str:
    """Return an http(s) address, or the name of a file that goes along (``attachment://chart.png``); else ""."""
    address = text.strip()
    return address if _ATTACHED.fullmatch(address) else usable_address(address)


def usable_button(label: str, url: str, emoji: str = "") -> ButtonOutput | None:
    """Return a button that opens an address; None without a label and emoji, or without a usable address."""
    address = usable_address(url, _MAX_BUTTON_URL_CHARS)
    words, sign = cut_end(_one_line(label), _MAX_LABEL_CHARS), usable_emoji(emoji)
    return ButtonOutput(words, address, sign) if address and (words or sign) else None


def usable_emoji(text: str) -> str:
    """Return one emoji, or a server's own as ``name:id`` (``a:name:id`` where it moves); "" for anything else."""
    emoji = text.strip()
    custom = _CUSTOM_EMOJI.fullmatch(emoji)
    if custom:
        return custom[1].removeprefix(":")
    is_sign = 0 < len(emoji) <= _MAX_EMOJI_CHARS and not any(c.isalpha() or c.isspace() for c in emoji)
    return emoji if is_sign and not emoji.isascii() else ""


def _one_line(text: str) -> str:
    return " ".join(neutralise(text).split())
