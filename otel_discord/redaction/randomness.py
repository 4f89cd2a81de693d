"""Whether a word looks drawn by lot or chosen with care, rather than to be one of a language or a program."""

import re
from typing import Final

from otel_discord.redaction.placeholders import is_placeholder

_ALGORITHM: Final = re.compile(r"(?i)(?:sha|md|base|utf|pbkdf|bcrypt|s?crypt|argon|aes|rsa|hmac|hs|rs|es|v)-?[0-9]+.*")
_JOINING: Final = frozenset("-_./:#+")
_ORDINARY: Final = re.compile(
    r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a UUID
    r"|0x[0-9a-f]{1,16}|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9:.,/+-]+[a-z%]{0,3}"  # a date, an amount with its unit
    r"|(?:[a-z]+://|[./~]|[a-z]:\\).*"
    r"|(?:[a-z]+[-_.:/#])*[a-z]+[-_.:/#]?[0-9]{0,4}"  # words, numbered perhaps
    r"|(?:[A-Z]?[a-z]+){1,6}[0-9]?(?:[A-Z][a-z]+)*|.*[\[{}=(|].*"  # names in programs, and code
)
_ENDING: Final = re.compile(
    r"(?i)\.(?:py|go|rs|jsx?|tsx?|java|json|ya?ml|txt|log|csv|html?|pem|key|crt|toml|conf|xml|zip|gz|png|jpe?g|pdf)\Z"
)
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{12,}|[0-9A-F]{12,}")
_RANDOM_CHARS: Final = 20


def looks_random(value: str) -> bool:
    """Return whether a word is none of a language: letters of both cases, digits and signs, or letters and digits long.

    UUIDs, dates, amounts, paths, addresses, and names with a number are none.
    """
    value = _ENDING.sub("", value)
    if len(value) < 8 or _ORDINARY.fullmatch(value) or _ALGORITHM.fullmatch(value):
        return False
    has_digit, has_letter = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    kinds = (
        has_digit
        + any(map(str.isupper, value))
        + any(map(str.islower, value))
        + any(not c.isalnum() and c not in _JOINING for c in value)
    )
    return has_digit and has_letter and (kinds >= 3 or len(value) >= _RANDOM_CHARS)


def has_digit(value: str) -> bool:
    """Return whether it is no word alone."""
    return any(map(str.isdigit, value))


def is_algorithm(value: str) -> bool:
    """Return whether it names an algorithm or an encoding, which stand where passwords are spoken of."""
    return _ALGORITHM.fullmatch(value) is not None


def looks_chosen(value: str) -> bool:
    """Return whether somebody may have chosen it for a password: not a word alone."""
    if is_placeholder(value) or is_algorithm(value) or value.isalpha():
        return False
    has_digit, has_letter = any(map(str.isdigit, value)), any(map(str.isalpha, value))
    return (has_digit and has_letter) or (value.isdigit() and len(value) >= 6) or not value.replace("-", "").isalnum()


def is_hexadecimal(value: str) -> bool:
    """Return whether it is a number of twelve hexadecimal digits at least, some of them letters, some not."""
    return _HEXADECIMAL.fullmatch(value) is not None and not value.isdigit() and not value.isalpha()
