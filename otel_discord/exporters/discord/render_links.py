"""Addresses from templates such as ``https://grafana/explore?trace={trace_id}``. Pure functions.

A link of which a value is missing is not shown; values are percent-encoded, so that telemetry cannot change where a
link leads.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

PLACEHOLDERS: Final = frozenset(
    ("trace_id", "span_id", "service", "environment", "namespace", "host", "severity", "event_name", "scope", "time_ms")
)
RUNBOOK_KEYS: Final = ("runbook.url", "runbook_url")
RUNBOOK_ATTRIBUTE_ONLY: Final = "attribute"
"""A runbook link that comes from a record's attribute or not at all."""
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?(?:[/?#][!-~]*)?")
_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_]\w*)\}")
_MAX_URL_CHARS: Final = 1_500
_LITERAL_SAFE: Final = ":/?#@!$&'*+,;=%~-._[]"


@dataclass(frozen=True, slots=True)
class LinkTemplate:
    """A link's text and its address in parts: literals at even places, placeholders at odd ones."""

    name: str
    parts: tuple[str, ...]

    def url(self, values: Mapping[str, str]) -> str:
        """Return the address, or "" when a value is missing or it would be too long."""
        pieces = []
        for index, part in enumerate(self.parts):
            if index % 2:
                value = values.get(part, "")
                if not value:
                    return ""
                pieces.append(quote(value, safe="", errors="replace"))
            else:
                pieces.append(part)
        url = "".join(pieces)
        return url if len(url) <= _MAX_URL_CHARS else ""


def parse_link(name: str, template: str) -> LinkTemplate:
    """Parse a link template.

    Raises:
        ValueError: it is not http(s), or names a placeholder that does not exist.
    """
    if not re.match(r"https?://[^\s/{}]", template):
        raise ValueError(
            f"the address of the link '{name}' must begin with https:// or http:// and a host: {template!r}"
        )
    parts = _PLACEHOLDER.split(template)
    unknown = sorted(set(parts[1::2]) - PLACEHOLDERS)
    if unknown:
        raise ValueError(
            f"unknown placeholder {{{unknown[0]}}} in the link '{name}'; known are "
            + ", ".join(f"{{{known}}}" for known in sorted(PLACEHOLDERS))
        )
    literals = [quote(part, safe=_LITERAL_SAFE, errors="replace") for part in parts[0::2]]
    return LinkTemplate(name, tuple(literals[i // 2] if i % 2 == 0 else part for i, part in enumerate(parts)))


def address_of(value: object) -> str:
    """Return the address that an attribute holds, in a form that cannot break out of a link; "" where it holds none."""
    if not isinstance(value, str) or len(value) > _MAX_URL_CHARS or not _ADDRESS.fullmatch(value.strip()):
        return ""
    url = quote(value.strip(), safe=_LITERAL_SAFE)
    return url if len(url) <= _MAX_URL_CHARS else ""
