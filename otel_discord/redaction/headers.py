"""Credentials by the way they are written: Bearer and Basic, user:password@ in URLs."""

import base64
import re
from typing import Final

from otel_discord.redaction.finding import BOUNDARY, Category, Pattern, found_by, found_by_any
from otel_discord.redaction.placeholders import is_placeholder

_PLAIN_WORD: Final = re.compile(r"[A-Za-z][a-z]*[.,;:]?|[a-z]+(?:[-_][a-z]+)*(?:=[0-9]*)?[.,;:]?")


def _is_bearer(value: str) -> bool:
    return not is_placeholder(value) and not _PLAIN_WORD.fullmatch(value)


def _is_basic(value: str) -> bool:
    """Whether it is the base64 of ``user:password``, as much as there is of it."""
    whole = value.rstrip("=")
    whole = whole[:-1] if len(whole) % 4 == 1 else whole  # cut: six bits make no byte
    decoded = base64.b64decode(whole + "=" * (-len(whole) % 4))
    return b":" in decoded and all(byte >= 32 for byte in decoded)


def _is_password(value: str) -> bool:
    return not is_placeholder(value)


def _is_lone_user(value: str) -> bool:
    """Whether a user without a password is long and mixed enough to be a token."""
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


_GAP: Final = r"(?:[\s:=+\"']|%20|%3[aAdD]|\\+[\"'])"
BEARER: Final = Pattern(
    name="bearer",
    category=Category.CREDENTIALS,
    summary="the token after `Bearer`",
    find=found_by(rf"{BOUNDARY}(?i:bearer){_GAP}{{1,6}}(?P<s>[A-Za-z0-9._~+/=%:|-]{{8,}})", "token", _is_bearer),
    triggers=("bearer",),
    shown=("token",),
)
BASIC: Final = Pattern(
    name="basic",
    category=Category.CREDENTIALS,
    summary="base64 of `user:password` after `Basic`, and as `auth` of registries of packages and images",
    find=found_by_any(
        found_by(rf"{BOUNDARY}(?i:basic){_GAP}{{1,6}}(?P<s>[A-Za-z0-9+/]{{4,}}={{0,2}})", "credentials", _is_basic),
        found_by(
            r"(?:[\"']_?auth\\*[\"']\s?:|\b_auth\s?=)\s?\\*[\"']?(?P<s>[A-Za-z0-9+/]{8,}={0,2})",
            "credentials",
            _is_basic,
        ),
    ),
    triggers=("basic", r"\bauth\\*[\"']", "_auth"),
    shown=("credentials",),
)

_SLASHES: Final = r"(?::|%3[aA]|%253[aA])(?:/|\\+/|%2[fF]|%252[fF]|\\+u002[fF]){2}"
_USER: Final = r"(?:[^\s/:@\"'<>%?#,]|%[013-9A-Fa-f][0-9B-Eb-e]|%2[0-9A-Ea-e])*"
URL_CREDENTIALS: Final = Pattern(
    name="url_credentials",
    category=Category.CREDENTIALS,
    summary="the password of `scheme://user:password@host`, and a token in the user's place",
    find=found_by_any(
        found_by(rf"{_SLASHES}[^\s/:@\"'<>?#,%]*:(?P<s>[^\s/\"'<>]+)@", "password", _is_password),
        found_by(rf"{_SLASHES}{_USER}(?::|%3[aA])(?P<s>[^\s/\"'<>@:]+?)(?:@|%40)", "password", _is_password),
        found_by(rf"{_SLASHES}(?P<s>[A-Za-z0-9_.~-]{{20,}})(?::(?:x-oauth-basic)?)?(?:@|%40)", "token", _is_lone_user),
        found_by(  # with a slash in it; a port is none
            rf"{_SLASHES}[^\s/:@\"'<>?#,%]*:(?P<s>[^\s\"'<>@/]*[^\s\"'<>@/0-9][^\s\"'<>@/]*/[^\s\"'<>@]*)@",
            "password",
            _is_password,
        ),
        found_by(rf"(?i:nats){_SLASHES}(?P<s>[^\s/:@\"'<>,]+)(?:@|%40)", "token", _is_password),
        found_by(r"(?:\A|[^\w.-])[\w.-]*:(?P<s>[^\s\"'@]+)@(?:tcp|unix|udp)\(", "password", _is_password),  # Go's MySQL
        found_by(r"(?i:ldapi?s?://)[^\s\"'<>@]*:(?P<s>[^\s\"'<>@:/]+)@", "password", _is_password),
        found_by(r"(?i:jdbc:oracle:[a-z]+:)[^/\s@]+/(?P<s>[^@\s]+)@", "password", _is_password),
    ),
    triggers=(_SLASHES, "jdbc:oracle", r"@(?:tcp|unix|udp)\("),
    shown=("password", "token"),
)
