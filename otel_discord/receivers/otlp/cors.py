"""CORS for browsers that send telemetry: which headers an answer gets. Pure.

Source: Fetch standard, "CORS protocol"; defaults as in the Collector's ``confighttp``.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from otel_discord.receivers.otlp.config import CorsConfig

_ALWAYS_ALLOWED_HEADERS = ("accept", "content-type", "x-requested-with")


def is_preflight(method: str, headers: Mapping[str, str]) -> bool:
    """Return whether a browser asks first whether it may send."""
    return method == "OPTIONS" and "Origin" in headers and "Access-Control-Request-Method" in headers


def cors_headers(config: CorsConfig | None, headers: Mapping[str, str], *, preflight: bool) -> dict[str, str]:
    """Return the headers that allow this request's origin; none of them where it is not allowed or CORS is off."""
    if config is None or not config.allowed_origins:
        return {}
    answer = {"Vary": "Origin"}
    origin = headers.get("Origin", "")
    if not origin or not _matches(origin, config.allowed_origins):
        return answer
    asked = headers.get("Access-Control-Request-Headers", "")
    if preflight and not (
        headers.get("Access-Control-Request-Method", "").upper() == "POST" and _headers_allowed(asked, config)
    ):
        return answer
    answer["Access-Control-Allow-Origin"] = origin
    answer["Access-Control-Allow-Credentials"] = "true"
    if not preflight:
        if config.exposed_headers:
            answer["Access-Control-Expose-Headers"] = ", ".join(config.exposed_headers)
        return answer
    answer["Access-Control-Allow-Methods"] = "POST"
    if asked:
        answer["Access-Control-Allow-Headers"] = asked
    if config.max_age:
        answer["Access-Control-Max-Age"] = str(config.max_age)
    return answer


def _headers_allowed(asked: str, config: CorsConfig) -> bool:
    allowed = {name.lower() for name in config.allowed_headers}
    names = {name.strip().lower() for name in asked.split(",") if name.strip()}
    return "*" in allowed or names <= allowed | set(_ALWAYS_ALLOWED_HEADERS)


def _matches(origin: str, patterns: tuple[str, ...]) -> bool:
    return _pattern(patterns).fullmatch(origin.lower()) is not None


@lru_cache(maxsize=32)
def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(pattern.lower()).replace(r"\*", ".*") for pattern in patterns))
