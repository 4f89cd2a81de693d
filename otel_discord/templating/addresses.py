"""Addresses in a line that is too long: host and end of the path stay, so that words need not go. Pure functions."""

import re
from functools import partial
from typing import Final

from otel_discord.templating.cutting import ELLIPSIS, cut_end

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s<>\"'`|]+")
_TRAILING: Final = ".,:;!?)]}"
_MAX_HOST_CHARS: Final = 48
_LAST_PIECE_CHARS: Final = (32, 0)
"""First with the last piece of the path, then without."""


def shorten_addresses(text: str, limit: int) -> str:
    """Return a text longer than ``limit`` with its addresses as ``api.example.com/…/charges``; it may still be longer.

    Without a scheme they are not links any more: half an address leads nowhere. What they say of a user is left out.
    """
    if len(text) <= limit or "://" not in text:
        return text
    shorter = text
    for piece_chars in _LAST_PIECE_CHARS:
        shorter = _ADDRESS.sub(partial(_short, piece_chars), text)
        if len(shorter) <= limit:
            break
    return shorter


def _short(piece_chars: int, match: re.Match[str]) -> str:
    found = match[0]
    address = found.rstrip(_TRAILING)
    host_and_path, *query = re.split(r"[?#]", address.split("://", 1)[1], maxsplit=1)
    authority, _, path = host_and_path.partition("/")
    host = authority.rpartition("@")[2]
    if len(host) > _MAX_HOST_CHARS:
        host = ELLIPSIS + host[1 - _MAX_HOST_CHARS :]
    pieces = [piece for piece in path.split("/") if piece]
    last = cut_end(pieces[-1], piece_chars) if pieces else ""
    middle = [ELLIPSIS] if len(pieces) > 1 or (not last and (pieces or query)) else []
    short = "/".join([host, *middle, *([last] if last else [])])
    return short + found[len(address) :] if host and len(short) < len(address) else found
