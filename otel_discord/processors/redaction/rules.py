"""What a key and a value are by the configured lists: ignored, removed, allowed, blocked, or to be looked at."""

from enum import Enum, auto

from otel_discord.processors.redaction.config import RedactionProcessorConfig
from otel_discord.processors.redaction.hashing import hash_with
from otel_discord.processors.redaction.tally import SUMMARY_KEYS
from otel_discord.redaction import Expression


class Verdict(Enum):
    """In the order in which the Collector asks."""

    IGNORED = auto()
    REMOVED = auto()
    ALLOWED = auto()
    BLOCKED = auto()
    EXAMINED = auto()


class Rules:
    """The lists, compiled. ``is_plain``: none of them says anything."""

    def __init__(self, config: RedactionProcessorConfig) -> None:
        self.config = config
        self._allows_all = config.allows_all_keys
        self._allowed = SUMMARY_KEYS.union(config.allowed_keys)
        self._ignored = frozenset(config.ignored_keys)
        self._ignored_patterns = [Expression(each) for each in config.ignored_key_patterns]
        self._blocked_keys = [Expression(each) for each in config.blocked_key_patterns]
        self._allowed_values = [Expression(each) for each in config.allowed_values]
        self.is_plain = self._allows_all and not (
            config.ignored_keys
            or config.ignored_key_patterns
            or config.blocked_key_patterns
            or config.allowed_values
            or config.redact_all_types
            or not config.bodies
        )

    def of_key(self, key: str) -> Verdict:
        """Return what the key alone says: IGNORED, REMOVED, BLOCKED or EXAMINED."""
        if key in self._ignored or any(each.is_in(key) for each in self._ignored_patterns):
            return Verdict.IGNORED
        if not self._allows_all and key not in self._allowed:
            return Verdict.REMOVED
        return Verdict.BLOCKED if any(each.is_in(key) for each in self._blocked_keys) else Verdict.EXAMINED

    def allows_value(self, text: str) -> bool:
        """Return whether a value is left as it is."""
        return any(each.is_in(text) for each in self._allowed_values)

    def masked(self, text: str) -> str:
        """Return what stands in place of a blocked value."""
        return hash_with(self.config.hash_function, text, self.config.hmac_key)
