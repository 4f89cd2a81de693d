"""What a user writes under ``processors::redaction``: contrib's keys, and ours for patterns by name."""

from enum import StrEnum
from typing import Any, Final

from pydantic import Field, model_validator

from otel_discord.config import Secret, StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.processors.redaction.hashing import HashFunction, hash_with
from otel_discord.redaction import (
    Action,
    Expression,
    MaskingPlan,
    PatternError,
    PlanError,
    UnknownPatternError,
    blocked_value,
    custom_pattern,
    select_patterns,
)

_OURS: Final = frozenset({"patterns", "custom", "action", "actions", "hash_key", "hash_user_ids", "bodies"})
_LISTS: Final = frozenset(
    {
        "allowed_keys", "ignored_keys", "ignored_key_patterns", "blocked_key_patterns", "blocked_values",
        "allowed_values", "redact_all_types", "hash_function",
    }
)  # fmt: skip
_SANITIZERS: Final = ("url_sanitizer", "db_sanitizer")
_EXPRESSIONS: Final = ("ignored_key_patterns", "blocked_key_patterns", "blocked_values", "allowed_values")


class Summary(StrEnum):
    """What a record says of what was done to it, contrib's words."""

    DEBUG = "debug"
    INFO = "info"
    SILENT = "silent"


class CustomPatternConfig(StrictModel):
    """A regular expression of one's own."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    """What stands in place of a finding: `[name]`."""
    regex: str = Field(min_length=1)
    """In RE2's syntax; a group `s`, as in `id=(?P<s>[0-9]+)`, says which part of it is masked."""
    action: Action | None = None
    """mask, hash or drop; without it the processor's `action`."""


class RedactionProcessorConfig(StrictModel):
    """Masks values, and removes attributes that are not allowed."""

    allow_all_keys: bool | None = None
    """false: attributes that are in neither `allowed_keys` nor `ignored_keys` are removed. Unset, it is
    false as in the Collector where one of the lists below is written, and true where none is, or where `patterns` or a
    key after it is written and `allowed_keys` is not."""
    allowed_keys: tuple[str, ...] = ()
    """Attributes that are kept, and looked through."""
    ignored_keys: tuple[str, ...] = ()
    """Attributes that are kept and not looked at."""
    ignored_key_patterns: tuple[str, ...] = ()
    """The same by regular expressions."""
    blocked_key_patterns: tuple[str, ...] = ()
    """Attributes with such a key have their whole value masked."""
    blocked_values: tuple[str, ...] = ()
    """Regular expressions; what matches in a value becomes `****`, or its hash."""
    allowed_values: tuple[str, ...] = ()
    """Regular expressions; a value with a match is left as it is."""
    redact_all_types: bool = False
    """Look at numbers and booleans as texts, too."""
    hash_function: HashFunction = HashFunction.NONE
    """Hash what `blocked_values` and `blocked_key_patterns` find: md5, sha1, sha3, hmac-sha256, hmac-sha512."""
    hmac_key: Secret | None = None
    """Key of the two HMACs: 32 characters at least, 64 for hmac-sha512."""
    summary: Summary = Summary.SILENT
    """debug: attributes `redaction.…` with counts and keys of what was changed; info: counts; silent: none."""
    patterns: tuple[str, ...] = ("credentials",)
    """Built-in patterns by name, or `credentials`, `personal`, `all`; `[]` for none."""
    custom: tuple[CustomPatternConfig, ...] = ()
    """Patterns of one's own, each with a name."""
    action: Action = Action.MASK
    """mask: a word in place of a finding; hash: a pseudonym, always the same; drop: the attribute is removed."""
    actions: dict[str, Action] = Field(default_factory=dict)
    """Other actions for patterns by their names, as in `{email: hash}`."""
    hash_key: Secret | None = None
    """Key of the pseudonyms, 16 characters at least."""
    hash_user_ids: bool = False
    """Make pseudonyms of `user.id` and the other attributes that say who a user is."""
    bodies: bool = True
    """false: the bodies of log records are left as they are."""

    @model_validator(mode="before")
    @classmethod
    def _explain_what_is_not_here(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for name in _SANITIZERS:
                if name in data:
                    raise ValueError(f"{name} of the Collector is not supported: use blocked_values or custom patterns")
        return data

    @model_validator(mode="after")
    def _can_be_carried_out(self) -> "RedactionProcessorConfig":
        wrong = []
        for name in _EXPRESSIONS:
            for index, expression in enumerate(getattr(self, name)):
                try:
                    Expression(expression).check()
                except PatternError as error:
                    wrong.append(f"{name}::{index}: {error}")
        for index, custom in enumerate(self.custom):
            try:
                custom_pattern(custom.name, custom.regex)
            except PatternError as error:
                wrong.append(f"custom::{index}::regex: {error}")
        for key, names in (("patterns", self.patterns), ("actions", self._built_in_actions())):
            try:
                select_patterns(names)
            except UnknownPatternError as error:
                wrong.append(f"{key}: {error}")
        key_chars = len(self.hmac_key.reveal()) if self.hmac_key else 0
        if key_chars < self.hash_function.key_chars:
            wrong.append(
                f"hmac_key: {self.hash_function} needs one of {self.hash_function.key_chars} characters at least"
            )
        if wrong:
            raise SeveralError(wrong)
        try:
            self.plan()
        except PlanError as error:
            raise ValueError(str(error)) from None
        return self

    def _built_in_actions(self) -> list[str]:
        own = {custom.name for custom in self.custom}
        return [name for name in self.actions if name not in own]

    @property
    def allows_all_keys(self) -> bool:
        """Whether attributes that nobody named are kept."""
        if self.allow_all_keys is not None:
            return self.allow_all_keys
        written = self.model_fields_set
        return "allowed_keys" not in written and (not written & _LISTS or bool(written & _OURS))

    def plan(self) -> MaskingPlan:
        """Return what is looked for in texts.

        Raises:
            PlanError: a hash without a key.
        """
        blocked = [
            blocked_value(each, lambda value: hash_with(self.hash_function, value, self.hmac_key))
            for each in self.blocked_values
        ]
        custom = [custom_pattern(each.name, each.regex) for each in self.custom]
        of_custom = {each.name: each.action for each in self.custom if each.action is not None}
        built_in = select_patterns(self.patterns)
        own = {each.name: self.actions[each.name] for each in self.custom if each.name in self.actions}
        others = {p.name: self.actions[name] for name in self._built_in_actions() for p in select_patterns([name])}
        return MaskingPlan(
            patterns=(*blocked, *custom, *built_in),
            action=self.action,
            actions={**others, **own, **of_custom},
            hash_key=self.hash_key,
            hash_user_ids=self.hash_user_ids,
        )
