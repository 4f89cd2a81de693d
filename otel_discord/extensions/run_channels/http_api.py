"""The HTTP API: which path and method ask for what, and how it is read from path, query and body. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote

from otel_discord.discord_api.webhook_url import is_snowflake
from otel_discord.extensions.run_channels.asked import Asked, CreateRun, FinalizeRun, GetRun, ListRuns
from otel_discord.extensions.run_channels.bodies import MOST_BODY_BYTES, read_json
from otel_discord.extensions.run_channels.http_answers import HttpRefusal
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.requests import channel_id_problem, parse_create, parse_finalize
from otel_discord.extensions.run_channels.runs import State

OpenPage: TypeAlias = Literal["health", "ready", "document"]

PAGE_SIZE: Final = 50
MOST_PAGE_SIZE: Final = 200
MOST_PAGE_TOKEN_CHARS: Final = 256
_OPEN: Final[Mapping[str, OpenPage]] = MappingProxyType(
    {"/healthz": "health", "/readyz": "ready", "/openapi.json": "document"}
)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_READS: Final = ("GET", "HEAD")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,63}")
_ACTIONS: Final[Mapping[type[Asked], str]] = MappingProxyType(
    {CreateRun: "create", FinalizeRun: "finalize", GetRun: "get", ListRuns: "list"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A request before its body. Names of headers are in lower case; the target is as sent: path, ``?``, query."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    peer: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """What a path and a method ask for; ``open_page`` where nobody needs a token."""

    asked_type: type[Asked] | None = None
    channel_id: str = ""
    open_page: OpenPage | None = None

    @property
    def action(self) -> str:
        """What the audit log calls it."""
        return _ACTIONS[self.asked_type] if self.asked_type is not None else ""

    @property
    def has_body(self) -> bool:
        """Whether a body is read."""
        return self.asked_type in {CreateRun, FinalizeRun}


def route_of(head: Head) -> Route:
    """Return what a request asks for.

    Raises:
        HttpRefusal: 404 with no such path, 405 with the methods that there are.
    """
    path = head.target.partition("?")[0]
    segments = [unquote(segment, errors="replace") for segment in path.split("/")]
    match segments:
        case ["", "healthz" | "readyz" | "openapi.json" as page]:
            return _of(head, {method: Route(open_page=_OPEN[f"/{page}"]) for method in _READS})
        case ["", "runs"]:
            return _of(head, {"POST": Route(CreateRun)} | {method: Route(ListRuns) for method in _READS})
        case ["", "runs", channel_id] if channel_id:
            return _of(head, {method: Route(GetRun, channel_id) for method in _READS})
        case ["", "runs", channel_id, "finalize"] if channel_id:
            return _of(head, {"POST": Route(FinalizeRun, channel_id)})
        case _:
            raise HttpRefusal(
                HTTPStatus.NOT_FOUND,
                Code.NOT_FOUND.value,
                "there is no such path; see /openapi.json for those there are",
            )


def check_body(head: Head) -> None:
    """Refuse a body by what its headers say.

    Raises:
        HttpRefusal: 413, 415.
    """
    headers = head.headers
    declared = headers.get("content-length", "").strip()
    if declared.isdigit() and (len(declared) > 18 or int(declared) > MOST_BODY_BYTES):
        raise too_large()
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise _unsupported("a compressed body is not read; send it as it is")
    if declared in {"", "0"} and "transfer-encoding" not in headers:
        return
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != "application/json":
        raise _unsupported("the body must be application/json")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise _unsupported("the body must be in UTF-8")


def too_large() -> HttpRefusal:
    """Return the refusal of a body of more than 64 KiB."""
    message = f"the body is larger than {MOST_BODY_BYTES // 1024} KiB"
    return HttpRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)


def asked_of(route: Route, head: Head, body: bytes, *, max_retention_hours: int) -> Asked:
    """Return what a request asks of the desk.

    Raises:
        RunProblem: INVALID; ``fields`` names what is wrong or missing.
    """
    query = head.target.partition("?")[2]
    if route.asked_type is ListRuns:
        return _list(*_parameters(query, ("guildId", "state", "limit", "pageToken")))
    _raise_if_wrong(_parameters(query, ())[1])
    if route.asked_type is CreateRun:
        return CreateRun(parse_create(read_json(body), max_retention_hours=max_retention_hours))
    channel_id = checked_channel_id(route.channel_id)
    if route.asked_type is GetRun:
        return GetRun(channel_id)
    return FinalizeRun(channel_id, parse_finalize(read_json(body)))


def checked_channel_id(channel_id: str) -> str:
    """Return an id that can be a channel's.

    Raises:
        RunProblem: INVALID.
    """
    if wrong := channel_id_problem(channel_id):
        raise RunProblem(Code.INVALID, f"channelId {wrong}", fields={"channelId": wrong})
    return channel_id


def list_of(
    guild_id: str, state: str, size: int, page_token: str, *, size_name: str, wrong: Mapping[str, str] = _NOTHING
) -> ListRuns:
    """Return what a list asks for; a size of 0 is the usual one. ``wrong`` is what the caller has found already.

    Raises:
        RunProblem: INVALID.
    """
    fields = dict(wrong)
    if guild_id and not is_snowflake(guild_id):
        fields["guildId"] = "must be the id of a guild: digits only"
    if state and state not in {each.value for each in State}:
        fields["state"] = f"must be one of {', '.join(State)}"
    if not 0 <= size <= MOST_PAGE_SIZE:
        fields[size_name] = f"must be from 1 to {MOST_PAGE_SIZE}"
    if len(page_token) > MOST_PAGE_TOKEN_CHARS:
        fields["pageToken"] = "is none that an answer gave"
    _raise_if_wrong(fields)
    return ListRuns(guild_id, state, size or PAGE_SIZE, page_token)


def sane_request_id(given: str) -> str:
    """Return a caller's request id, "" where it is none that a log may hold."""
    return given if _REQUEST_ID.fullmatch(given) else ""


def _of(head: Head, routes: Mapping[str, Route]) -> Route:
    route = routes.get(head.method)
    if route is None:
        allowed = ", ".join(sorted(routes))
        raise HttpRefusal(
            HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", f"this path knows {allowed}", {"Allow": allowed}
        )
    return route


def _list(given: Mapping[str, str], wrong: Mapping[str, str]) -> ListRuns:
    size = given.get("limit")
    if size is not None and not (size.isascii() and size.isdigit() and 0 < int(size[:9]) <= MOST_PAGE_SIZE):
        size = str(MOST_PAGE_SIZE + 1)
    return list_of(
        given.get("guildId", ""),
        given.get("state", ""),
        int(size or 0),
        given.get("pageToken", ""),
        size_name="limit",
        wrong=wrong,
    )


def _parameters(query: str, known: Sequence[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return what a query gives, and what is wrong about it."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise RunProblem(Code.INVALID, "the query has too many parts") from None
    given: dict[str, str] = {}
    fields: dict[str, str] = {}
    for name, value in pairs:
        shown = name if name in known else ascii(name[:64])[1:-1]
        if name not in known:
            fields[shown] = f"is unknown; there are {', '.join(known)}" if known else "is unknown; there are none"
        elif name in given:
            fields[shown] = "is there twice"
        given[name] = value
    return given, fields


def _raise_if_wrong(fields: Mapping[str, str]) -> None:
    if fields:
        said = "; ".join(f"{name} {problem}" for name, problem in list(fields.items())[:5])
        raise RunProblem(Code.INVALID, f"The query cannot be answered as asked: {said}", fields=fields)


def _unsupported(message: str) -> HttpRefusal:
    return HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
