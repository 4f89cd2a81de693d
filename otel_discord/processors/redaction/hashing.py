"""The Collector's hash functions for what is blocked. Ours for patterns is in ``redaction``: keyed, and short."""

import hashlib
import hmac
from enum import StrEnum
from typing import Final

from otel_discord.config import Secret

MASK: Final = "****"
"""Contrib's text in place of what is blocked."""


class HashFunction(StrEnum):
    """Contrib's names."""

    NONE = ""
    MD5 = "md5"
    SHA1 = "sha1"
    SHA3 = "sha3"
    HMAC_SHA256 = "hmac-sha256"
    HMAC_SHA512 = "hmac-sha512"

    @property
    def key_chars(self) -> int:
        """How long its key must be at least; 0 where it takes none."""
        return {HashFunction.HMAC_SHA256: 32, HashFunction.HMAC_SHA512: 64}.get(self, 0)


def hash_with(function: HashFunction, value: str, key: Secret | None) -> str:
    """Return what stands in place of a blocked value: asterisks, or its hash in hex."""
    data = value.encode()
    match function:
        case HashFunction.MD5:
            return hashlib.md5(data, usedforsecurity=False).hexdigest()
        case HashFunction.SHA1:
            return hashlib.sha1(data, usedforsecurity=False).hexdigest()
        case HashFunction.SHA3:
            return hashlib.sha3_256(data).hexdigest()
        case HashFunction.HMAC_SHA256 | HashFunction.HMAC_SHA512 if key is not None:
            name = "sha256" if function is HashFunction.HMAC_SHA256 else "sha512"
            return hmac.new(key.reveal().encode(), data, name).hexdigest()
        case _:
            return MASK
