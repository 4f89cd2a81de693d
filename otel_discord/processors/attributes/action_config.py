"""What the user writes as an action: contrib's keys, and which of them go together."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, model_validator

from otel_discord.config import StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl.regex import compile_regex
from otel_discord.signals.from_plain import from_plain


class ActionName(StrEnum):
    """What is done to an attribute."""

    INSERT = "insert"
    UPDATE = "update"
    UPSERT = "upsert"
    DELETE = "delete"
    HASH = "hash"
    EXTRACT = "extract"
    CONVERT = "convert"


class ConvertedType(StrEnum):
    """What a value is converted to."""

    INT = "int"
    DOUBLE = "double"
    STRING = "string"


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


_SOURCES: Final = ("value", "from_attribute", "from_context")
_SETTING: Final = frozenset({ActionName.INSERT, ActionName.UPDATE, ActionName.UPSERT})
_KEYS_OF: Final = {
    ActionName.DELETE: {"pattern"},
    ActionName.HASH: {"pattern"},
    ActionName.EXTRACT: {"pattern"},
    ActionName.CONVERT: {"converted_type"},
    **{name: {*_SOURCES, "default_value"} for name in _SETTING},
}


class ActionConfig(StrictModel):
    """One action."""

    key: str = ""
    """The attribute. delete and hash may have a `pattern` instead, or both."""
    action: Annotated[ActionName, BeforeValidator(_lower)]
    """insert: set where it is missing; update: set where it is there; upsert: set; delete; hash (SHA-256); extract:
    take parts of its text by a `pattern`; convert: change its type."""
    value: Any = None
    """insert, update, upsert: the value; its type is the one written."""
    from_attribute: str = ""
    """insert, update, upsert: take the value of this attribute; without it nothing is done."""
    from_context: str = ""
    """insert, update, upsert: accepted, but headers of requests (`metadata.…`, `auth.…`, `client.address`) do not come
    along here, so it finds nothing and only `default_value` is used."""
    default_value: Any = None
    """insert, update, upsert: the value where `from_attribute` or `from_context` finds none."""
    pattern: str = ""
    """delete, hash: every attribute whose name this regular expression (RE2) matches; extract: its named groups become
    attributes."""
    converted_type: ConvertedType | None = None
    """convert: int, double or string; what cannot be converted stays as it is."""

    @model_validator(mode="after")
    def _goes_together(self) -> "ActionConfig":
        problems = list(self._problems())
        if problems:
            raise SeveralError(problems)
        return self

    def _problems(self) -> list[str]:
        action = self.action
        found = []
        if not self.key and not (action in {ActionName.DELETE, ActionName.HASH} and self.pattern):
            also = " or `pattern`" if action in {ActionName.DELETE, ActionName.HASH} else ""
            found.append(f"action {action} needs `key`{also}")
        given = {name for name in (*_SOURCES, "default_value") if getattr(self, name) not in (None, "")}
        given |= {"value"} if self.value == "" else set()
        given |= {name for name in ("pattern", "converted_type") if getattr(self, name)}
        found += [f"{name}: is not used by action {action}; remove it" for name in sorted(given - _KEYS_OF[action])]
        found += self._sources_missing(given) if action in _SETTING else []
        if action is ActionName.CONVERT and self.converted_type is None:
            found.append("action convert needs `converted_type`: int, double or string")
        if action is ActionName.EXTRACT and not self.pattern:
            found.append("action extract needs `pattern` with named groups, as in (?P<name>...)")
        return found + self._unusable()

    def _sources_missing(self, given: set[str]) -> list[str]:
        sources = [name for name in _SOURCES if name in given]
        if len(sources) > 1:
            return [f"has {' and '.join(sources)}; use one of them"]
        if not sources and "default_value" not in given:
            return [f"action {self.action} needs one of {', '.join(_SOURCES)}, default_value"]
        return []

    def _unusable(self) -> list[str]:
        found = []
        for name in ("value", "default_value"):
            try:
                from_plain(getattr(self, name))
            except (ValueError, TypeError):
                found.append(f"{name}: must be a text, a number of at most 64 bits, true, false, a list or a map")
        if self.pattern:
            try:
                regex = compile_regex(self.pattern)
            except ValueError as error:
                return [*found, f"pattern: {error}"]
            groups = regex.compiled.groups
            if self.action is ActionName.EXTRACT and (not groups or groups != len(regex.group_names)):
                found.append("pattern: every group must have a name, as in (?P<name>...), and there must be one")
        return found
