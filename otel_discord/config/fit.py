"""Gives each field the form of a value that it takes: fields of text the text as written, others what YAML makes of it.

Works on the annotations of models, before pydantic looks at the values.
"""

import types
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from otel_discord.config.raw_text import RawText, to_typed
from otel_discord.config.secret import Secret

_TEXT = (str, Secret, Enum, PurePath)


def fit_section(model: type[BaseModel], data: Any) -> Any:
    """Return a section's keys with fitted values. A key without a value is left out where its field takes no null."""
    if isinstance(data, RawText):
        data = data.typed
    if not isinstance(data, dict):
        return data
    annotations = _annotations(model)
    fitted: dict[str, Any] = {}
    for key, value in data.items():
        if key not in annotations:
            fitted[key] = value
        elif value is not None and not (isinstance(value, RawText) and value.typed is None):
            fitted[key] = fit(annotations[key], value)
        elif isinstance(value, RawText) and _takes_text(annotations[key]):
            fitted[key] = str.__str__(value)
        elif _takes_null(annotations[key]):
            fitted[key] = None
    return fitted


@lru_cache(maxsize=1024)
def _annotations(model: type[BaseModel]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        named[name] = field.annotation
        if isinstance(field.alias, str):
            named[field.alias] = field.annotation
    return named


def members_of(annotation: Any) -> tuple[Any, ...]:
    """Return the alternatives of an annotation, without ``Annotated`` and type aliases around them."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif hasattr(annotation, "__value__"):
            annotation = annotation.__value__
        else:
            break
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(inner for member in get_args(annotation) for inner in members_of(member))
    return (annotation,)


def _is_class(member: Any, classes: type | tuple[type, ...]) -> bool:
    return isinstance(member, type) and get_origin(member) is None and issubclass(member, classes)


def _takes_text(annotation: Any) -> bool:
    return any(_is_class(member, _TEXT) for member in members_of(annotation))


def _takes_null(annotation: Any) -> bool:
    return any(member in (None, type(None), Any, object) for member in members_of(annotation))


def fit(annotation: Any, value: Any) -> Any:
    """Return a value in the form that a field of this annotation takes."""
    members = members_of(annotation)
    if isinstance(value, RawText):
        return _fit_text(members, value)
    if value is None:
        return {} if any(_is_class(m, BaseModel) for m in members) and not _takes_null(annotation) else None
    if isinstance(value, dict):
        return _fit_map(members, value)
    if isinstance(value, list):
        return _fit_list(members, value)
    return value


def _fit_text(members: tuple[Any, ...], value: RawText) -> Any:
    text = str.__str__(value)
    typed = value.typed
    for member in members:
        if get_origin(member) is Literal:
            choices = get_args(member)
            return text if text in choices or isinstance(typed, (str, dict, list)) else typed
    if isinstance(typed, (dict, list)) and not any(_is_class(member, _TEXT) for member in members):
        return fit(Union[members], typed)  # noqa: UP007 - members are known at run time only
    if typed is not None and type(typed) in members:
        return text if isinstance(typed, str) else fit(Union[members], typed)  # noqa: UP007 - as above
    if any(_is_class(member, _TEXT) for member in members) or isinstance(typed, str):
        return text
    return typed


def _fit_map(members: tuple[Any, ...], value: dict[str, Any]) -> Any:
    if any(_is_class(member, BaseModel) for member in members):
        return value
    for member in members:
        arguments = get_args(member)
        if len(arguments) == 2 and isinstance(get_origin(member), type) and hasattr(get_origin(member), "keys"):
            return {str.__str__(key): fit(arguments[1], item) for key, item in value.items()}
    return to_typed(value) if _takes_anything(members) else value


def _fit_list(members: tuple[Any, ...], value: list[Any]) -> Any:
    for member in members:
        origin, arguments = get_origin(member), get_args(member)
        if origin is tuple and arguments and arguments[-1] is not Ellipsis:
            return [fit(item_type, item) for item_type, item in zip(arguments, value, strict=False)] + value[
                len(arguments) :
            ]
        if arguments and isinstance(origin, type) and not hasattr(origin, "keys"):
            return [fit(arguments[0], item) for item in value]
    return to_typed(value) if _takes_anything(members) else value


def _takes_anything(members: tuple[Any, ...]) -> bool:
    """Whether a field takes anything: then values are as YAML types them."""
    return any(member in (Any, object, dict, list) for member in members)
