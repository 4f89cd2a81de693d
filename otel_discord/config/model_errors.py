"""Pydantic's errors in words for people: a key path, what is wrong, what may help. Never the value that was given."""

import re
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from otel_discord.config.elsewhere import belongs_elsewhere
from otel_discord.config.model import StrictModel
from otel_discord.config.nearest import VERY_NEAR, did_you_mean
from otel_discord.config.problem import KeyPath, SeveralError
from otel_discord.config.raw_text import RawText, unwrap

_NEEDS: Final = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "dict_type": "must be a map of keys",
    "mapping_type": "must be a map of keys",
    "model_type": "must be a map of keys",
    "model_attributes_type": "must be a map of keys",
    "none_required": "must be empty",
    "missing": "is required",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
}
_SUB_PATH: Final = re.compile(r"([A-Za-z_][\w-]*(?:::[^\s:]+)*): (?=\S)")


class ModelError(tuple[KeyPath, str, str]):
    """Path below the section, message, hint."""

    __slots__ = ()

    def __new__(cls, path: KeyPath, message: str, hint: str = "") -> "ModelError":  # noqa: PYI034 - a plain triple
        """Make the triple."""
        return super().__new__(cls, (path, message, hint))


def explain(error: ValidationError, model: type[BaseModel], data: Any) -> Sequence[ModelError]:
    """Return what is wrong with ``data`` as a ``model``, one entry a path and message, in pydantic's order."""
    found: dict[tuple[KeyPath, str], ModelError] = {}
    unknown: dict[KeyPath, list[str]] = {}
    alternatives: dict[KeyPath, list[str]] = {}
    for detail in error.errors(include_url=False, include_input=False):
        path = _real_path(detail["loc"], data, keep_last=detail["type"] in {"missing", "extra_forbidden"})
        if detail["type"] == "extra_forbidden":
            unknown.setdefault(path[:-1], []).append(str(path[-1]))
            continue
        raised = detail.get("ctx", {}).get("error")
        if isinstance(raised, SeveralError):
            for each in raised.messages:
                place, message = _split_sub_path(path, each, data)
                found.setdefault((place, message), ModelError(place, message))
            continue
        message, hint = _words(detail, value_at(data, path))
        if len(path) < len(detail["loc"]) and message.startswith("must be "):
            alternatives.setdefault(path, []).append(message.removeprefix("must be "))
            continue
        path, message = _split_sub_path(path, message, data)
        found.setdefault((path, message), ModelError(path, message, hint))
    for path, choices in alternatives.items():
        message = "must be " + ", or ".join(dict.fromkeys(choices))
        found.setdefault((path, message), ModelError(path, message))
    return [*(_unknown_key((*path, key), model) for path, keys in unknown.items() for key in keys), *found.values()]


def _unknown_key(path: KeyPath, model: type[BaseModel]) -> ModelError:
    section = _model_at(model, path[:-1])
    known = [field.alias or name for name, field in section.model_fields.items()] if section else []
    explained = section.foreign_keys.get(str(path[-1]).lower(), "") if section else ""
    hint = (
        explained
        or did_you_mean(str(path[-1]), known, least=VERY_NEAR)
        or belongs_elsewhere(path, model)
        or did_you_mean(str(path[-1]), known)
    )
    if not hint and known:
        hint = f"valid keys: {', '.join(sorted(known))}" if len(known) <= 40 else ""
    return ModelError(path, f"has invalid keys: {path[-1]}", hint)


def _words(detail: ErrorDetails, value: Any) -> tuple[str, str]:
    kind = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if kind in {"value_error", "assertion_error"}:
        return str(context.get("error", detail["msg"])), ""
    if kind not in _NEEDS:
        return detail["msg"].replace("Input should be", "must be"), ""
    message = _NEEDS[kind].format(**{"expected": "", **context})
    hint = ""
    if kind == "string_type" and isinstance(value, bool):
        hint = "put it in quotes"
    if kind in {"literal_error", "enum"} and isinstance(value, str) and not isinstance(value, RawText):
        hint = did_you_mean(value, re.findall(r"'([^']*)'", str(context.get("expected", ""))))
    return message.replace("'", '"'), hint


def _real_path(loc: tuple[str | int, ...], data: Any, *, keep_last: bool) -> KeyPath:
    """Return the parts of pydantic's place that are in the data; the others name alternatives of a union."""
    path: list[str | int] = []
    here = unwrap(data)
    for place, part in enumerate(loc):
        if _has(here, part):
            here = unwrap(here[part])
        elif not (keep_last and place == len(loc) - 1):
            continue
        path.append(part)
    return tuple(path)


def _has(section: Any, part: str | int) -> bool:
    if isinstance(section, list):
        return isinstance(part, int) and part < len(section)
    return isinstance(section, dict) and part in section


def value_at(data: Any, path: KeyPath) -> Any:
    """Return the value at a path, None where there is none."""
    here = data
    for part in path:
        section = unwrap(here)
        if not _has(section, part):
            return None
        here = section[part]
    return here


def _split_sub_path(path: KeyPath, message: str, data: Any) -> tuple[KeyPath, str]:
    """Move a path that a validator wrote before its message (``tls::cert_file: is …``) to where paths are."""
    named = _SUB_PATH.match(message)
    if named is None:
        return path, message
    keys: list[str | int] = [int(part) if part.isdigit() else part for part in named[1].split("::")]
    section = unwrap(value_at(data, path))
    if not isinstance(section, dict) or keys[0] not in section:
        return path, message
    return (*path, *keys), message[named.end() :]


def _model_at(model: type[BaseModel], path: KeyPath) -> type[StrictModel] | None:
    """Return the model that describes the section at a path."""
    here: Any = model
    for part in path:
        here = _step(here, part)
        if here is None:
            return None
    return next((found for found in _models(here) if issubclass(found, StrictModel)), None)


def _step(annotation: Any, part: str | int) -> Any:
    for found in _models(annotation):
        for name, field in found.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
    for member in _members(annotation):
        arguments = [argument for argument in get_args(member) if argument is not Ellipsis]
        if arguments and get_origin(member) not in (Literal, None):
            return arguments[-1]
    return None


def _models(annotation: Any) -> list[type[BaseModel]]:
    return [m for m in _members(annotation) if isinstance(m, type) and not get_args(m) and issubclass(m, BaseModel)]


def _members(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [inner for member in get_args(annotation) for inner in _members(member)]
    return [annotation]
