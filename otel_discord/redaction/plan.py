"""What is to be masked and how, as a user has chosen it. Checked here, compiled in ``text_masker`` and ``masker``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from otel_discord.config import Secret
from otel_discord.redaction.catalogue import select_patterns
from otel_discord.redaction.finding import Category, Pattern


class Action(StrEnum):
    """What becomes of a finding."""

    MASK = "mask"
    """A word in its place: ``[email]``."""
    HASH = "hash"
    """A pseudonym in its place, the same for the same value and key: ``email-3f9a2c51b07e``."""
    DROP = "drop"
    """The attribute that holds it is removed; of a body or a name, the finding is cut out."""


class PlanError(ValueError):
    """A plan that cannot be carried out; the message says what is missing."""


MIN_KEY_CHARS: Final = 16
"""A shorter key of a hash could be guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskingPlan:
    """What to look for and what to do with it.

    Raises:
        PlanError: a hash is asked for, and there is no key or a short one.
    """

    patterns: tuple[Pattern, ...] = field(default_factory=lambda: select_patterns([Category.CREDENTIALS]))
    action: Action = Action.MASK
    actions: Mapping[str, Action] = field(default_factory=dict)
    """Other actions for patterns by their names."""
    hash_key: Secret | None = None
    hash_user_ids: bool = False
    """Attributes of ``USER_ID_KEYS`` become pseudonyms, whatever their values are."""

    def __post_init__(self) -> None:
        hashes = Action.HASH in (self.action, *self.actions.values())
        if (hashes or self.hash_user_ids) and not self.hash_key:
            what = "hash_user_ids" if self.hash_user_ids else "action: hash"
            raise PlanError(f"{what} needs hash_key, so that nobody can find a value by hashing guesses")
        if self.hash_key and len(self.hash_key.reveal()) < MIN_KEY_CHARS:
            raise PlanError(f"hash_key is shorter than {MIN_KEY_CHARS} characters and could be guessed")

    def action_of(self, pattern: Pattern) -> Action:
        """Return what becomes of a pattern's findings."""
        return self.actions.get(pattern.name, self.action)
