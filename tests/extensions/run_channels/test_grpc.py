"""The gRPC API: its decisions as functions, its servicer with grpcio-testing, its server on a real port."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc_testing
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc

from otel_discord._proto import run_channels_pb2 as messages
from otel_discord.component import StartError
from otel_discord.extensions.run_channels.asked import CreateRun, FinalizeRun, GetRun, ListRuns
from otel_discord.extensions.run_channels.grpc_api import (
    CODES,
    METHODS,
    SERVICE,
    asked_of,
    error_of,
    peer_address,
)
from otel_discord.extensions.run_channels.grpc_door import RunChannelsServicer, serve_grpc
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from tests.extensions.run_channels.doors import (
    EXPIRED,
    GUILD,
    LIMITED,
    MOST_HOURS,
    READER,
    SLOW,
    TOKEN,
    WEBHOOK_TOKEN,
    FakeDesk,
    attendant_of,
)

NEW = messages.CreateRunRequest(task_id="build-42", attempt=1, short_id="ab12", guild_id=GUILD)
BEARER = (("authorization", f"Bearer {TOKEN}"),)


def servicer_of(desk: Any) -> RunChannelsServicer:
    return RunChannelsServicer(attendant_of(desk), MOST_HOURS)


# ------------------------------------------------------------------------------------------- decisions


def test_every_method_of_the_service_is_there():
    assert set(METHODS) == {method.name for method in SERVICE.methods}


def test_every_problem_has_the_code_that_it_says():
    by_name = {code.name: code.value[0] for code in grpc.StatusCode}
    source = __import__("inspect").getsource(Code)
    for code in Code:
        said = source.split(f"{code.name} = ")[1].split('"""')[1]
        assert any(name in said and number == CODES[code] for name, number in by_name.items()), code


def test_what_messages_ask_for():
    full = messages.CreateRunRequest()
    full.CopyFrom(NEW)
    full.retention_hours, full.title = 0, "A title"
    full.metadata["commit"] = "4f2a91c"
    asked = asked_of("CreateRun", full.SerializeToString(), max_retention_hours=MOST_HOURS)
    assert isinstance(asked, CreateRun)
    assert (asked.new.retention_hours, asked.new.title, dict(asked.new.metadata)) == (
        0,
        "A title",
        {"commit": "4f2a91c"},
    )
    bare = asked_of("CreateRun", NEW.SerializeToString(), max_retention_hours=MOST_HOURS)
    assert isinstance(bare, CreateRun)
    assert bare.new.retention_hours is None
    ending = messages.FinalizeRunRequest(channel_id="12", outcome="ok").SerializeToString()
    assert asked_of("FinalizeRun", ending, max_retention_hours=1) == FinalizeRun("12", "ok")
    assert asked_of("GetRun", b"\x0a\x0212", max_retention_hours=1) == GetRun("12")
    assert asked_of("ListRuns", b"", max_retention_hours=1) == ListRuns("", "", 50, "")


@pytest.mark.parametrize(
    ("method", "request_bytes", "fields"),
    [
        ("CreateRun", b"", {"taskId", "shortId", "guildId"}),
        ("CreateRun", messages.CreateRunRequest(attempt=2**32 - 1).SerializeToString(), {"attempt"}),
        ("CreateRun", messages.CreateRunRequest(retention_hours=10_000).SerializeToString(), {"retentionHours"}),
        ("FinalizeRun", b"", {"channelId"}),
        ("FinalizeRun", b"\x0a\x0212" + b"\x12\x7f" + b"x" * 127, {"outcome"}),
        ("GetRun", messages.GetRunRequest(channel_id="abc").SerializeToString(), {"channelId"}),
        (
            "ListRuns",
            messages.ListRunsRequest(page_size=4000, state="lost").SerializeToString(),
            {"pageSize", "state"},
        ),
        ("CreateRun", b"\xff\xff\xff", set()),
        ("CreateRun", b"\x0a\x02\xff\xfe", set()),
    ],
)
def test_what_is_wrong_is_named(method: str, request_bytes: bytes, fields: set[str]):
    with pytest.raises(RunProblem) as raised:
        asked_of(method, request_bytes, max_retention_hours=MOST_HOURS)
    assert raised.value.code is Code.INVALID
    assert fields <= set(raised.value.fields)


@pytest.mark.parametrize("code", list(Code))
def test_an_error_has_its_details(code: Code):
    fields = {f"field{n}": "w" * 1000 for n in range(40)}
    error = error_of(RunProblem(code, "é\ud800" * 5000, fields=fields, retry_after_s=0.2), "id-1")
    trailers = dict(error.trailers)
    assert (trailers["x-request-id"], trailers["retry-after"]) == ("id-1", "1")
    assert sum(len(value) for value in trailers.values()) < 6000
    status = Status.FromString(trailers["grpc-status-details-bin"])
    info, wrong, retry = ErrorInfo(), BadRequest(), RetryInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(wrong)
    assert status.details[2].Unpack(retry)
    assert (info.reason, len(wrong.field_violations), retry.retry_delay.seconds) == (code.value, 20, 1)


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:50312", "127.0.0.1"),
        ("ipv6:%5B::1%5D:50312", "::1"),
        ("ipv6:[fe80::1%25eth0]:1", "fe80::1%eth0"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_addresses_of_peers(peer: str, address: str):
    assert peer_address(peer) == address


# ------------------------------------------------------------------------------- servicer, grpcio-testing


class _Context:
    """The testing context, as the aio server's: ``abort`` is awaited."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def invocation_metadata(self) -> Any:
        return self._context.invocation_metadata()

    def peer(self) -> str:
        return "ipv4:127.0.0.1:50312"

    def set_trailing_metadata(self, metadata: Any) -> None:
        self._context.set_trailing_metadata(metadata)

    async def abort(self, code: grpc.StatusCode, details: str, trailers: Any) -> None:
        self._context.set_trailing_metadata(trailers)
        self._context.abort(code, details)


class _Blocking:
    """The servicer for a server of threads, which is what grpcio-testing plays."""

    def __init__(self, servicer: RunChannelsServicer) -> None:
        self._servicer = servicer

    def __getattr__(self, method: str) -> Any:
        response = SERVICE.methods_by_name[method].output_type._concrete_class

        def call(request: Any, context: Any) -> Any:
            with asyncio.Runner() as runner:
                coroutine = self._servicer.call(method, request.SerializeToString(), _Context(context))
                return response.FromString(runner.run(coroutine))

        return call


def invoke(servicer: RunChannelsServicer, method: str, request: Any, metadata: Any = BEARER) -> tuple[Any, ...]:
    """Return response, trailers, code, details."""
    server = grpc_testing.server_from_dictionary({SERVICE: _Blocking(servicer)}, grpc_testing.strict_real_time())
    call = server.invoke_unary_unary(SERVICE.methods_by_name[method], metadata, request, 5)
    response, trailers, code, details = call.termination()
    return response, dict(trailers or ()), code, details


def test_a_run_is_created_once_and_finalized_by_the_servicer():
    servicer = servicer_of(FakeDesk())
    made, trailers, code, _ = invoke(servicer, "CreateRun", NEW, (*BEARER, ("x-request-id", "mine")))
    assert (code, made.created, trailers["x-request-id"]) == (grpc.StatusCode.OK, True, "mine")
    assert made.webhook_url.endswith(WEBHOOK_TOKEN)
    again, _, _, _ = invoke(servicer, "CreateRun", NEW)
    assert (again.channel_id, again.webhook_url, again.created) == (made.channel_id, made.webhook_url, False)
    run, _, _, _ = invoke(servicer, "GetRun", messages.GetRunRequest(channel_id=made.channel_id))
    assert (run.state, run.finalized_at, run.expires_at) == ("running", "", made.expires_at)
    assert WEBHOOK_TOKEN not in str(run)
    ending = messages.FinalizeRunRequest(channel_id=made.channel_id, outcome="success")
    ended, _, _, _ = invoke(servicer, "FinalizeRun", ending)
    assert (ended.status, ended.run_id) == ("archived", made.run_id)
    page, _, _, _ = invoke(servicer, "ListRuns", messages.ListRunsRequest(state="archived"))
    assert [run.outcome for run in page.runs] == ["success"]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "Bearer wrong-wrong-wrong-wrong"),), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", f"Bearer {EXPIRED}"),), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", f"Bearer {READER}"),), grpc.StatusCode.PERMISSION_DENIED),
        ((("authorization", f"Bearer {LIMITED}"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
def test_who_may_create(metadata: Any, code: grpc.StatusCode):
    assert invoke(servicer_of(FakeDesk()), "CreateRun", NEW, metadata)[2] is code


@pytest.mark.parametrize("code", list(Code))
def test_every_problem_ends_the_call(code: Code):
    servicer = servicer_of(FakeDesk(problem=RunProblem(code, "words", retry_after_s=3)))
    response, _, found, details = invoke(servicer, "CreateRun", NEW)
    assert (response, found.value[0], details) == (None, CODES[code], "words")


# --------------------------------------------------------------------------------------- on a real port


@asynccontextmanager
async def channel_to(desk: Any) -> AsyncIterator[grpc.aio.Channel]:
    serving = serve_grpc("127.0.0.1:0", servicer_of(desk), certificates=None, key_path="here")
    async with serving as address, grpc.aio.insecure_channel(address) as channel:
        yield channel


def method(channel: grpc.aio.Channel, name: str) -> Any:
    described = SERVICE.methods_by_name[name]
    return channel.unary_unary(
        f"/{SERVICE.full_name}/{name}",
        request_serializer=lambda message: message if isinstance(message, bytes) else message.SerializeToString(),
        response_deserializer=described.output_type._concrete_class.FromString,
    )


async def test_on_a_real_port(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    async with channel_to(FakeDesk()) as channel:
        made = await method(channel, "CreateRun")(NEW, metadata=BEARER, timeout=5)
        assert made.created
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await method(channel, "CreateRun")(messages.CreateRunRequest(), metadata=BEARER, timeout=5)
        assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        trailers = dict(raised.value.trailing_metadata())
        status = Status.FromString(trailers["grpc-status-details-bin"])
        wrong = BadRequest()
        assert status.details[1].Unpack(wrong)
        assert {each.field for each in wrong.field_violations} == {"taskId", "shortId", "guildId"}
        slow = (("authorization", f"Bearer {SLOW}"),)
        for _ in range(2):
            await method(channel, "ListRuns")(messages.ListRunsRequest(), metadata=slow, timeout=5)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await method(channel, "ListRuns")(messages.ListRunsRequest(), metadata=slow, timeout=5)
        assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert int(dict(raised.value.trailing_metadata())["retry-after"]) > 0
        healthy = await health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service=SERVICE.full_name), timeout=5
        )
        assert healthy.status == health_pb2.HealthCheckResponse.SERVING
    lines = [each for each in caplog.records if each.getMessage().startswith("audit")]
    assert [(each.outcome, each.peer, each.transport) for each in lines] == [
        ("created", "127.0.0.1", "grpc"),
        ("invalid_request", "127.0.0.1", "grpc"),
        ("too_many_requests", "127.0.0.1", "grpc"),
    ]
    assert not any(secret in str(each.__dict__) for each in caplog.records for secret in (TOKEN, WEBHOOK_TOKEN))


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\xff\xff\xff", grpc.StatusCode.INVALID_ARGUMENT),
        (b"\x0a" + b"x" * 70_000, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
async def test_messages_that_are_none_or_too_large(sent: bytes, code: grpc.StatusCode):
    async with channel_to(FakeDesk()) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await method(channel, "CreateRun")(sent, metadata=BEARER, timeout=5)
        assert raised.value.code() is code


async def test_a_deadline_ends_the_call_and_not_the_work():
    ended = asyncio.Event()

    class Sleeping(FakeDesk):
        async def create(self, wanted: Any, *, by: str) -> Any:
            try:
                await asyncio.sleep(30)
            finally:
                ended.set()

    async with channel_to(Sleeping()) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await method(channel, "CreateRun")(NEW, metadata=BEARER, timeout=0.2)
        assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(ended.wait(), 5)  # nobody is left who waits; the real desk's work is not in this task


async def test_two_servers_do_not_share_a_port():
    async with serve_grpc("127.0.0.1:0", servicer_of(FakeDesk()), certificates=None, key_path="here") as address:
        with pytest.raises(StartError, match=r"here.*taken"):
            async with serve_grpc(address, servicer_of(FakeDesk()), certificates=None, key_path="here"):
                pass
