"""What the client meets when a line of the fault script acts: another answer, or how the true one travels."""

from dataclasses import replace
from gzip import compress

from otel_discord.testing.fake_discord.exchange import Cut, FakeResponse, Wire
from otel_discord.testing.fake_discord.faults import Answer, Break, CloseAfter, Drip, Gzip, Stall, Truncate


def uncommitted(action: object) -> FakeResponse:
    """Return what a client gets when the request is not carried out."""
    match action:
        case Answer():
            headers = {"Content-Type": action.content_type()} if action.encoded() else {}
            return FakeResponse(action.status, headers | dict(action.headers), action.encoded())
        case Break(cut=Cut.MID_BODY):
            body = b'{"message": "500: Internal Server Error", "code": 0}'
            return FakeResponse(500, {"Content-Type": "application/json"}, body, Wire(cut=Cut.MID_BODY))
        case Break():
            return FakeResponse(0, wire=Wire(cut=action.cut))
        case Stall():
            return FakeResponse(0, wire=Wire(cut=Cut.BEFORE_HEADERS, stall_s=action.seconds))
    raise TypeError(f"no such action: {action!r}")


def committed(action: object, true: FakeResponse) -> tuple[FakeResponse, bool]:
    """Return what a client gets of a request that was carried out, and whether that is another answer."""
    match action:
        case Answer():
            return uncommitted(action), True
        case Break():
            return replace(true, wire=Wire(cut=action.cut)), True
        case Stall():
            return replace(true, wire=Wire(stall_s=action.seconds)), False
        case Drip():
            wire = Wire(chunk_bytes=action.chunk_bytes, chunk_interval_s=action.interval_s)
            return replace(true, wire=wire), False
        case Truncate():
            return replace(true, body=true.body[: action.keep_bytes]), True
        case Gzip():
            return replace(
                true, headers=dict(true.headers) | {"Content-Encoding": "gzip"}, body=compress(true.body)
            ), False
        case CloseAfter():
            return replace(true, wire=Wire(close=True)), False
    raise TypeError(f"no such action: {action!r}")
