"""A request and its answer, as the pages see them: values without any HTTP library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import orjson

SESSION_COOKIE: Final = "otel_discord_session"
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request. Header names are in lower case; of a name that is there twice the first counts."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    is_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send."""

    status: HTTPStatus
    body: bytes
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)


def html_answer(html: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return a page."""
    return Answer(status, html.encode("utf-8", "replace"))


def json_answer(document: Any, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Return a document for scripts."""
    try:
        body = orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # an integer of more than 64 bits, half of a character
        body = json.dumps(document, default=str).encode()
    return Answer(status, body, "application/json")


def text_answer(status: HTTPStatus, text: str) -> Answer:
    """Return a line of text, as where there is no page."""
    return Answer(status, f"{text}\n".encode(), "text/plain")


def see_other(where: str, headers: Mapping[str, str] = _NONE) -> Answer:
    """Return the answer to a form: look there."""
    return Answer(HTTPStatus.SEE_OTHER, b"", "text/plain", {"Location": where, **headers})
