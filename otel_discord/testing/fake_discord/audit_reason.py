"""The header ``X-Audit-Log-Reason``: 1 to 512 characters, URL-encoded UTF-8.

https://docs.discord.com/developers/resources/audit-log
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.form_errors import FormErrors, invalid_form

_HEADER: Final = "x-audit-log-reason"
_ENCODED: Final = re.compile(r"(?:[\x20-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*")
_WANTED_BY: Final = frozenset(
    ["create_guild_channel", "delete_channel", "create_webhook", "delete_webhook", "update_channel", "create_thread"]
)


def audit_reason(request: FakeRequest) -> str:
    """Return the reason as people will read it; "" where there is none."""
    return unquote(request.headers.get(_HEADER, "")).strip()


def check_audit_reason(request: FakeRequest) -> None:
    """Check the length of a reason.

    Raises:
        RefusedError: 50035.
    """
    if _HEADER in request.headers and not 1 <= len(audit_reason(request)) <= limits.AUDIT_REASON:
        errors = FormErrors()
        words = f"Must be between 1 and {limits.AUDIT_REASON} in length."
        errors.add(("X-Audit-Log-Reason",), "BASE_TYPE_BAD_LENGTH", words)
        raise invalid_form(errors)


def find_in_reason(request: FakeRequest, operation: str) -> Iterator[tuple[str, str]]:
    """Yield what a careful client does otherwise: rule and sentence."""
    if operation in _WANTED_BY and _HEADER not in request.headers:
        yield "missing_audit_reason", f"{operation} without X-Audit-Log-Reason"
    if not _ENCODED.fullmatch(request.headers.get(_HEADER, "")):
        yield "audit_reason_encoding", "X-Audit-Log-Reason is not URL-encoded UTF-8"
