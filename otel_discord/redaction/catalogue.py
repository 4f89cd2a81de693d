"""Every built-in pattern, and how a user names them: one by one, or ``credentials``, ``personal``, ``all``."""

from collections.abc import Iterable
from typing import Final

from otel_discord.config.nearest import did_you_mean
from otel_discord.redaction.assignments import KEY_VALUE
from otel_discord.redaction.command_lines import COMMAND_LINE
from otel_discord.redaction.finding import Category, Pattern
from otel_discord.redaction.headers import BASIC, BEARER, URL_CREDENTIALS
from otel_discord.redaction.links import ONE_TIME_LINK
from otel_discord.redaction.one_time_codes import ONE_TIME_CODE
from otel_discord.redaction.password_hashes import PASSWORD_HASH
from otel_discord.redaction.personal import PERSONAL_DATA
from otel_discord.redaction.private_keys import PRIVATE_KEY
from otel_discord.redaction.protocols import PROTOCOL
from otel_discord.redaction.sentences import SENTENCE
from otel_discord.redaction.sql import SQL
from otel_discord.redaction.tokens import TOKENS

ALL: Final = "all"
PATTERNS: Final = (
    PRIVATE_KEY, *TOKENS, BEARER, BASIC, PASSWORD_HASH, URL_CREDENTIALS, KEY_VALUE, COMMAND_LINE, PROTOCOL, SQL,
    ONE_TIME_LINK, ONE_TIME_CODE, SENTENCE,
    *PERSONAL_DATA,
)  # fmt: skip
"""Where two find the same place, the word of the earlier one is shown."""

_GROUPS: Final = (ALL, *Category)


class UnknownPatternError(ValueError):
    """A name that no pattern has; the message says which one was meant, perhaps."""


def select_patterns(names: Iterable[str]) -> tuple[Pattern, ...]:
    """Return the patterns of these names and groups, each once, in the order of ``PATTERNS``.

    Raises:
        UnknownPatternError: one of the names is none.
    """
    wanted = set(names)
    known = [*_GROUPS, *(pattern.name for pattern in PATTERNS)]
    for name in sorted(wanted - set(known)):
        meant = did_you_mean(name, known) or f"known are {', '.join(known)}"
        raise UnknownPatternError(f"there is no pattern {name!r}; {meant}")
    return tuple(p for p in PATTERNS if ALL in wanted or p.category in wanted or p.name in wanted)
