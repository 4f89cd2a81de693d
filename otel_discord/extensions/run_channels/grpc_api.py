"""The gRPC API: from a message to what it asks for, from a result or a problem to the answer. Pure, synchronous."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from otel_discord._proto import run_channels_pb2 as messages
from otel_discord.extensions.run_channels.asked import Asked, CreateRun, FinalizeRun, GetRun, ListRuns, Result
from otel_discord.extensions.run_channels.http_answers import finalized_status, retry_after_whole_s, time_text
from otel_discord.extensions.run_channels.http_api import checked_channel_id, list_of
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.requests import fields_of_create, parse_create, parse_finalize
from otel_discord.extensions.run_channels.runs import Created, Finalized, Page, Run

SERVICE: Final = messages.DESCRIPTOR.services_by_name["RunChannels"]
SERVICE_NAME: Final[str] = SERVICE.full_name
MOST_MESSAGE_CHARS: Final = 500
"""Errors travel in trailers, percent-encoded, and clients read 8 KiB of them."""
MOST_FIELDS: Final = 20
MOST_FIELD_CHARS: Final = 100

CODES: Final[Mapping[Code, int]] = MappingProxyType(
    {
        Code.INVALID: 3,
        Code.UNAUTHENTICATED: 16,
        Code.FORBIDDEN: 7,
        Code.NOT_FOUND: 5,
        Code.UNKNOWN_GUILD: 5,
        Code.NAME_TAKEN: 6,
        Code.RUN_ENDED: 9,
        Code.TOO_MANY_REQUESTS: 8,
        Code.MISSING_PERMISSION: 9,
        Code.DISCORD_FULL: 8,
        Code.DISCORD_REFUSED: 9,
        Code.DISCORD_LIMITED: 14,
        Code.DISCORD_UNAVAILABLE: 14,
        Code.NOT_READY: 14,
        Code.INTERNAL: 13,
    }
)
"""gRPC's numbers, as problems.py says them."""

_REQUESTS: Final[Mapping[str, tuple[type[Message], type[Asked], str]]] = MappingProxyType(
    {
        "CreateRun": (messages.CreateRunRequest, CreateRun, "create"),
        "FinalizeRun": (messages.FinalizeRunRequest, FinalizeRun, "finalize"),
        "ListRuns": (messages.ListRunsRequest, ListRuns, "list"),
        "GetRun": (messages.GetRunRequest, GetRun, "get"),
    }
)
METHODS: Final = tuple(_REQUESTS)


@dataclass(frozen=True, slots=True)
class GrpcError:
    """What a call is aborted with: code, message and trailing metadata."""

    code: int
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]


def kind_of(method: str) -> tuple[type[Asked], str]:
    """Return what a method asks for, and what the audit log calls it."""
    return _REQUESTS[method][1:]


def asked_of(method: str, request: bytes, *, max_retention_hours: int) -> Asked:
    """Return what a call asks of the desk.

    Raises:
        RunProblem: INVALID; ``fields`` has the JSON names.
    """
    try:
        message: Any = _REQUESTS[method][0].FromString(request)
    except DecodeError:
        raise RunProblem(Code.INVALID, "the message cannot be read") from None
    if method == "CreateRun":
        return CreateRun(parse_create(fields_of_create(message), max_retention_hours=max_retention_hours))
    if method == "ListRuns":
        return list_of(message.guild_id, message.state, message.page_size, message.page_token, size_name="pageSize")
    channel_id = checked_channel_id(message.channel_id)
    if method == "GetRun":
        return GetRun(channel_id)
    return FinalizeRun(channel_id, parse_finalize({"outcome": message.outcome}))


def response_of(result: Result) -> bytes:
    """Return the response message; only a create's holds a secret."""
    match result:
        case Created():
            run = result.run
            message: Message = messages.CreateRunResponse(
                channel_id=run.channel_id,
                webhook_url=result.webhook_url.reveal(),
                run_id=run.run_id,
                expires_at=time_text(run.expires_ms),
                created=result.is_new,
            )
        case Finalized():
            run = result.run
            message = messages.FinalizeRunResponse(
                status=finalized_status(result),
                channel_id=run.channel_id,
                run_id=run.run_id,
                expires_at=time_text(run.expires_ms) if run.created_ms else "",
            )
        case Page():
            runs = [_run_message(run) for run in result.runs]
            message = messages.ListRunsResponse(runs=runs, next_page_token=result.next_token)
        case Run():
            message = _run_message(result)
    return message.SerializeToString()


def error_of(problem: RunProblem, request_id: str) -> GrpcError:
    """Return what aborts the call: google.rpc details, ``retry-after`` in whole seconds, ``x-request-id``."""
    message = str(problem)[:MOST_MESSAGE_CHARS].encode("utf-8", "replace").decode()
    details: list[Message] = [ErrorInfo(reason=problem.code.value, domain="otel-discord")]
    trailers: list[tuple[str, str | bytes]] = [("x-request-id", request_id)]
    if problem.fields:
        violations = [
            {"field": name[:MOST_FIELD_CHARS], "description": why[:MOST_FIELD_CHARS]}
            for name, why in list(problem.fields.items())[:MOST_FIELDS]
        ]
        details.append(BadRequest(field_violations=violations))
    if problem.retry_after_s is not None:
        whole_s = retry_after_whole_s(problem.retry_after_s)
        details.append(RetryInfo(retry_delay=Duration(seconds=whole_s)))
        trailers.append(("retry-after", str(whole_s)))
    status = Status(code=CODES[problem.code], message=message, details=[_packed(each) for each in details])
    trailers.append(("grpc-status-details-bin", status.SerializeToString()))
    return GrpcError(status.code, message, tuple(trailers))


def peer_address(peer: str) -> str:
    """Return the address of gRPC's ``ipv4:127.0.0.1:50312`` or ``ipv6:%5B::1%5D:50312``."""
    _, _, rest = peer.partition(":")
    host = rest.rpartition(":")[0].replace("%5B", "[").replace("%5D", "]").replace("%25", "%")
    return host.removeprefix("[").removesuffix("]") or peer[:64]


def _run_message(run: Run) -> messages.Run:
    return messages.Run(
        run_id=run.run_id,
        channel_id=run.channel_id,
        guild_id=run.key.guild_id,
        task_id=run.key.task_id,
        attempt=run.key.attempt,
        short_id=run.key.short_id,
        title=run.title,
        state=run.state.value,
        outcome=run.outcome,
        created_at=time_text(run.created_ms) or "",
        finalized_at=time_text(run.finalized_ms) or "",
        expires_at=time_text(run.expires_ms) or "",
        channel_name=run.channel_name,
        metadata=dict(run.metadata),
        records=run.tally.records,
        warnings=run.tally.warnings,
        errors=run.tally.errors,
        steps=run.tally.steps,
        last_step=run.tally.last_step,
    )


def _packed(detail: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed
