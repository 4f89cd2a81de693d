"""The attributes that say who a user is, which ``hash_user_ids`` makes pseudonyms of: one list, and no other."""

import re
from functools import lru_cache
from typing import Final

from otel_discord.redaction.disguise import unveil

USER_ID_KEYS: Final = (
    "user.id", "user.name", "user.email", "user.full_name", "user.username", "enduser.id", "enduser.pseudo.id",
    "enduser.name", "enduser.email", "client.address", "client.ip", "client.socket.address", "source.address",
    "http.client_ip", "net.sock.peer.addr", "username", "email",
)  # fmt: skip
"""Compared by their words: ``user_id`` and ``userId`` are ``user.id``."""

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _words(key: str) -> str:
    return ".".join(word.lower() for word in _WORD.findall(key))


_KNOWN: Final = frozenset(_words(key) for key in USER_ID_KEYS)


@lru_cache(maxsize=4096)
def is_user_id_key(key: str) -> bool:
    """Return whether an attribute of that key says who a user is."""
    return len(key) <= 64 and _words(unveil(key)) in _KNOWN
