"""Single values of a form: texts, numbers, URLs, times, each checked as Discord checks it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.form_errors import FormErrors, Path
from otel_discord.testing.fake_discord.rules import Switches

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:[Zz]|[+-]\d\d:\d\d)?")
_NUMBER = re.compile(r"-?[0-9]{1,30}")
_HOST = re.compile(r"[^\s/?#@]+")


class Form:
    """One form under examination: its errors, and how to decide what is not established."""

    def __init__(self, switches: Switches) -> None:
        self.errors = FormErrors()
        self.switches = switches

    def required(self, path: Path) -> None:
        """Note that something needed is absent."""
        self.errors.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def too_long(self, path: Path, limit: int) -> None:
        """Note a text or list beyond its limit."""
        self.errors.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")

    def text(self, owner: Mapping[str, Any], key: str, path: Path, limit: int) -> str:
        """Return a text as Discord stores it: trimmed; "" where it is absent, null or blank.

        Code points are counted after trimming (discord/discord-api-docs#1315).
        """
        trimmed = self._trimmed(owner, key, (*path, key))
        if len(trimmed) > limit:
            self.too_long((*path, key), limit)
        return trimmed

    def bounded_text(self, owner: Mapping[str, Any], key: str, path: Path, low: int, high: int) -> str | None:
        """Return a text of ``low`` to ``high`` code points; None where it is absent or null."""
        if owner.get(key) is None:
            return None
        trimmed = self._trimmed(owner, key, (*path, key))
        if not low <= len(trimmed) <= high:
            words = f"Must be between {low} and {high} in length."
            self.errors.add((*path, key), "BASE_TYPE_BAD_LENGTH", words)
        return trimmed

    def mapping(self, owner: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any] | None:
        """Return an object; None where it is absent, null or of another type (then noted)."""
        value = owner.get(key)
        if value is None or isinstance(value, dict):
            return value
        self.errors.add((*path, key), "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return None

    def items(self, owner: Mapping[str, Any], key: str, path: Path, limit: int) -> list[Any]:
        """Return a list of at most ``limit``; [] where it is absent, null or of another type (then noted)."""
        value = owner.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.errors.add((*path, key), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if len(value) > limit:
            self.too_long((*path, key), limit)
        return value

    def integer(self, owner: Mapping[str, Any], key: str, path: Path, high: int) -> int | None:
        """Return a whole number of 0 to ``high``; None where it is absent or null."""
        value = owner.get(key)
        if value is None:
            return None
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.errors.add((*path, key), "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return None
        if value > high:
            words = f"int value should be less than or equal to {high}."
            self.errors.add((*path, key), "NUMBER_TYPE_MAX", words)
        if value < 0:
            words = "int value should be greater than or equal to 0."
            self.errors.add((*path, key), "NUMBER_TYPE_MIN", words)
        return value

    def flag(self, owner: Mapping[str, Any], key: str, path: Path) -> bool:
        """Return a truth value; False where it is absent or null."""
        value = owner.get(key)
        if value is not None and not isinstance(value, bool):
            self.errors.add((*path, key), "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return value is True

    def url(self, owner: Mapping[str, Any], key: str, path: Path, *, attachment: bool = False) -> str:
        """Return a URL; "" where it is absent or null. An empty text is an error (discord/discord-api-docs#5837)."""
        value = owner.get(key)
        if value is None:
            return ""
        here = (*path, key)
        if not isinstance(value, str):
            self.errors.add(here, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
            return ""
        value = value.strip()
        if len(value) > limits.URL:
            self.too_long(here, limits.URL)
            return value
        schemes = ("http", "https", "attachment") if attachment else ("http", "https")
        scheme, colon, rest = value.partition(":")
        if not colon or scheme.lower() not in schemes:
            named = scheme if colon else ""
            told = ", ".join(repr(each) for each in ("http", "https"))
            words = f'Scheme "{named}" is not supported. Scheme must be one of ({told}).'
            self.errors.add(here, "URL_TYPE_INVALID_SCHEME", words)
        elif not _well_formed(rest):
            self.errors.add(here, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
        return value

    def timestamp(self, owner: Mapping[str, Any], key: str, path: Path) -> str:
        """Return an RFC 3339 time; "" where it is absent or null."""
        value = owner.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or fraction_digits(value) is None:
            self.errors.add((*path, key), "DATE_TIME_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601.")
            return ""
        return value

    def _trimmed(self, owner: Mapping[str, Any], key: str, here: Path) -> str:
        value = owner.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.errors.add(here, "STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
            return ""
        if "\0" in value:
            if self.switches.nul == "reject":
                self.errors.add(here, "STRING_TYPE_INVALID", "Text must not hold NUL.")
            value = value.replace("\0", "")
        return value.strip()


def fraction_digits(text: str) -> int | None:
    """Return how many digits of a second's fraction an RFC 3339 time has; None where it is no such time."""
    match = _RFC3339.fullmatch(text)
    if not match:
        return None
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", text).upper())
    except ValueError:
        return None
    return len(match[1] or "")


def _well_formed(rest: str) -> bool:
    if not rest.startswith("//") or any(char.isspace() for char in rest):
        return False
    try:
        split = urlsplit(f"http:{rest}")
        return bool(split.hostname and _HOST.fullmatch(split.hostname)) and (split.port is None or split.port >= 0)
    except ValueError:
        return False
