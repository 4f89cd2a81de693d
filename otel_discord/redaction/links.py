"""Links that let in who has them: to reset a password, to confirm an address, back from a sign-in."""

import re
from typing import Final

from otel_discord.redaction.finding import Category, Pattern, found_by, found_by_any

_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _is_mixed(value: str) -> bool:
    return (
        any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and not value.endswith((".js", ".css", ".html"))
    )


def _is_code(value: str) -> bool:
    """Whether it is no name of an error, no UUID and no number."""
    return any(map(str.islower, value)) and _is_mixed(value) and not _UUID.fullmatch(value)


ONE_TIME_LINK: Final = Pattern(
    name="one_time_link",
    category=Category.CREDENTIALS,
    summary="what follows `/reset-password/`, `/verify-email/`, `/magic-link/` and the like in an address, and `code=` "
    "of a sign-in",
    find=found_by_any(
        found_by(
            r"(?i:/(?:(?:reset|forgot|recover|set|change)[-_]?(?:password)?|password[-_]?resets?|(?:verify|confirm|activate)"
            r"(?:[-_]?(?:e-?mail|account))?|magic(?:[-_]?link)?|invit(?:e|ation)s?|unsubscribe)/)(?P<s>[A-Za-z0-9._~%=-]{16,})",
            "token",
            _is_mixed,
        ),
        found_by(
            r"(?i:/[\w-]*(?:reset|verify|confirm|activate|magic|invit)[\w-]*/?\?(?:\w+=[\w.-]{0,64}&(?:amp;)?){0,4}"
            r"(?:t|k|h|c|tok|hash|sig|key|link)=)(?P<s>[A-Za-z0-9._~%=-]{12,})",
            "token",
            _is_mixed,
        ),
        found_by(r"[?&](?i:code|oauth_verifier|ticket)=(?P<s>[A-Za-z0-9._~/%-]{12,})", "one-time-code", _is_code),
    ),
    triggers=(
        r"/[\w-]*(?:reset|verify|confirm|activate|magic|invit)[\w-]*/?\?",
        r"/(?:reset|forgot|recover|set|change|password|verify|confirm|activate|magic|invit|unsubscribe)",
        r"[?&](?:code|oauth_verifier|ticket)=",
    ),
    shown=("token", "one-time-code"),
)
