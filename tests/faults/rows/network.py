"""Rows 33–38 and 53–55: the way to Discord."""

import asyncio
import ssl
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from otel_discord.testing.fake_discord import Break, Cut, Fault, Stall, posts, webhook_is
from tests.end_to_end.processes import free_port
from tests.faults.gate import Blackhole, Way, gate
from tests.faults.meddling import Dns, Knob, Meddling
from tests.faults.row import Theme, UnplayableError, row
from tests.faults.stage import Stage

NAME = "discord.faults.test"


@row(
    33,
    Theme.DISCORD,
    "connection refused; name unknown; name server silent for seconds",
    injected="FakeDiscord stops listening; getaddrinfo is preloaded",
    expected="nothing was sent for certain: tried again until it goes, nothing repeated; ingest is answered meanwhile",
    codes="NL D0 LIVE",
)
async def unreachable(stage: Stage) -> None:
    try:
        meddling = Meddling(stage.directory)
    except UnplayableError as reason:
        meddling = None
        stage.remark(f"refused connections only: {reason}")
    base = stage.server.base_url
    if meddling is not None:
        meddling[Knob.DNS_MODE] = Dns.UNKNOWN
        base = f"http://{NAME}:{stage.server.port}"
    exporter = stage.exporter(base_url=base)
    await stage.start(stage.configuration(exporter=exporter), environment=meddling.environment if meddling else None)
    client = stage.client()
    if meddling is not None:
        await client.send(3)
        await stage.service.said("was not resolved")
        meddling[Knob.DNS_DELAY_MS] = stage.of(2_000, 30_000)
        took = [await _timed(client.send(2)) for _ in range(3)]
        assert max(took) < 1.0, f"ingest waited {max(took):.1f} s while names did not resolve"
        meddling[Knob.DNS_DELAY_MS] = 0
        meddling[Knob.DNS_MODE] = Dns.HERE
        await stage.until(lambda: stage.arrived(stage.ledger.accepted), "names resolve again", 60)
    await stage.server.stop_listening()
    await client.send(3)
    await stage.service.said("no connection to|the connection broke|without an answer")
    await stage.server.listen_again()
    await stage.close_books(deadline_s=60)


async def _timed(waiting: Awaitable[object]) -> float:
    started = time.monotonic()
    await waiting
    return time.monotonic() - started


@row(
    34,
    Theme.DISCORD,
    "packets to Discord vanish",
    injected="a listener whose queue of connections is full: SYNs are dropped",
    expected="given up after `connect_timeout`; nothing was sent for certain, so nothing is repeated",
    codes="NL D0 LIVE",
)
async def blackhole(stage: Stage) -> None:
    hole = Blackhole(0)
    await hole.close_up()
    try:
        exporter = stage.exporter(base_url=f"http://127.0.0.1:{hole.port}", connect_timeout="500ms")
        await stage.start(stage.configuration(exporter=exporter))
        await stage.client().send(5)
        await stage.service.said("no connection within 0.5 s")
    finally:
        hole.open()
    async with gate(stage.server.port, port=hole.port):
        await stage.close_books()


@row(
    35,
    Theme.DISCORD,
    "Discord takes a message and never answers",
    injected="FakeDiscord is silent, without and with having kept the message",
    expected="given up after `timeout`; one copy more at most for each message kept; other destinations go on",
    codes="NL D1 LIVE",
    destinations=2,
)
async def silence(stage: Stage) -> None:
    slow = stage.webhooks["d0"]
    mine = webhook_is(slow.id)
    stage.fake.faults.add(
        Fault(Stall(), match=lambda r: posts(r) and mine(r)),
        Fault(Stall(60, commit=True), match=lambda r: posts(r) and mine(r), first=2),
    )
    exporter = stage.exporter(timeout="1s")
    await stage.start(stage.configuration(exporter=exporter))
    ids = await stage.client().send(5)
    took_s = await stage.until(lambda: stage.arrived(ids, "d1"), "the other destination has it", 5)
    assert took_s < 0.9, f"the other destination waited {took_s:.1f} s"
    await stage.service.said("no answer within 1 s")
    held = await stage.close_books(duplicates=5, tolerated=["concurrent_post"])
    assert held.copies_too_many() == 5, "the message that was kept came once more"
    assert await stage.metric("otel_discord_possible_duplicates_total") >= 1


@row(
    36,
    Theme.DISCORD,
    "connection reset while a message goes up",
    injected="a proxy sends RST after half of the body",
    expected="sent again; repeated only where the whole body had gone out",
    codes="NL D1 LIVE",
)
async def reset_upload(stage: Stage) -> None:
    async with gate(stage.server.port) as broken:
        exporter = stage.exporter(base_url=f"http://127.0.0.1:{broken.port}")
        await stage.start(stage.configuration(exporter=exporter))
        broken.misbehave(Way.RESET_UPLOAD, 3)
        await stage.client().send(5)
        await stage.until(lambda: broken.times == 0, "three resets")
        await stage.close_books()
        stage.note(f"{broken.posts} POSTs")


@row(
    37,
    Theme.DISCORD,
    "connection reset after Discord kept the message, before its answer",
    injected="FakeDiscord keeps the message and sends RST",
    expected="one copy more at most for each reset, marked as repeated and counted",
    codes="NL D1 LIVE",
)
async def reset_answer(stage: Stage) -> None:
    stage.fake.faults.add(Fault(Break(Cut.BEFORE_HEADERS, commit=True), match=posts, times=2))
    await stage.start()
    ids = await stage.client().send(1)
    await stage.until(lambda: stage.delivered()["default"].count(ids[0]) == 3, "it is there three times")
    held = await stage.close_books(duplicates=2)
    assert held.copies_too_many() == 2
    _assert_marked(stage, ids[0])
    assert await stage.metric("otel_discord_possible_duplicates_total") == 2


def _assert_marked(stage: Stage, number: int) -> None:
    """Hold that each copy but the first says that it may be one."""
    shown = [
        "\n".join(message.texts()) for message in stage.fake.messages if f"#{number}#" in "\n".join(message.texts())
    ]
    assert len(shown) > 1
    assert all(text != shown[0] for text in shown[1:]), "a repeated message looks like the first"


def _garbled(answer: bytes, seed: int) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, _, rest = head.partition(b"\r\n")
    length = b"Content-Length: %d" % len(body)
    without = b"\r\n".join(line for line in rest.split(b"\r\n") if not line.lower().startswith(b"content-length"))
    match seed % 6:
        case 0:
            return status + b"\r\n" + rest[: len(rest) // 2]
        case 1:
            return head + b"\r\n\r\n" + body[: len(body) // 2]
        case 2:
            return status + b"\r\n" + without + b"\r\nContent-Length: %d\r\n\r\n" % (len(body) + 500) + body
        case 3:
            return status + b"\r\n" + without + b"\r\nContent-Length: 10\r\n\r\n" + body
        case 4:
            return status + b"\r\n" + without + b"\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n" + body
        case _:
            return status + b"\r\n" + without + b"\r\n" + length + b"\r\n\r\n\xff\xfe" + body[2:]


@row(
    38,
    Theme.DISCORD,
    "answer broken after its status: half the headers, body cut, wrong length, wrong chunks, no JSON",
    injected="a proxy that passes the message on and garbles each answer in one of six ways",
    expected="the status 2xx was seen: delivered, not repeated; only where bytes in the same packet are no HTTP, so "
    "that the HTTP library throws the status away too, it is left open",
    codes="NL D1 LIVE",
)
async def garbled_answers(stage: Stage) -> None:
    async with gate(stage.server.port) as broken:
        exporter = stage.exporter(base_url=f"http://127.0.0.1:{broken.port}")
        await stage.start(stage.configuration(exporter=exporter))
        client = stage.client()
        for shape in range(6):
            broken.misbehave(Way.GARBLE, 1, lambda answer, shape=shape: _garbled(answer, shape))
            ids = await client.send(1)
            await stage.until(lambda ids=ids: stage.arrived(ids) and broken.times == 0, "passed on")
            await asyncio.sleep(0.2)
            copies = stage.delivered()["default"].count(ids[0])
            assert copies == 1 or (shape in {3, 4} and copies == 2), f"shape {shape} came {copies} times"
        await stage.close_books(duplicates=2)
        stage.note("6 broken answers")


class _Certificates:
    def __init__(self, directory: Path) -> None:
        self.ca = trustme.CA()
        self.path = directory / "authorities.pem"
        self.ca.cert_pem.write_to_path(str(self.path))

    @staticmethod
    def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(made)
        return made


@row(
    53,
    Theme.DISCORD,
    "TLS: expired, for another host, self-signed, of somebody in between",
    injected="a proxy that speaks TLS with four bad certificates, then with a good one",
    expected="not sent, the log says what is wrong with the certificate; never without TLS",
    codes="NL D0 CE LIVE",
)
async def bad_certificates(stage: Stage) -> None:
    trusted = _Certificates(stage.directory)
    stranger = trustme.CA()
    bad = {
        "expired": trusted.ca.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1)),
        "IP address mismatch|not valid": trusted.ca.issue_cert("elsewhere.example"),
        "self.signed|unable to get": stranger.issue_cert("127.0.0.1"),
    }
    environment = {"SSL_CERT_FILE": str(trusted.path)}
    port = free_port()
    exporter = stage.exporter(base_url=f"https://127.0.0.1:{port}")
    configuration = stage.configuration(exporter=exporter)
    client = stage.client()
    for place, (words, certificate) in enumerate(bad.items()):
        async with gate(stage.server.port, tls=trusted.context(certificate), port=port) as wrong:
            if place == 0:
                await stage.start(configuration, environment=environment)
            else:
                await client.send(1)
            await client.send(1)
            await stage.service.said(words)
            assert wrong.posts == 0, "something was sent over a connection that is not to be trusted"
    assert not stage.posts()
    good = trusted.context(trusted.ca.issue_cert("127.0.0.1"))
    async with gate(stage.server.port, tls=good, port=port):
        await stage.close_books()
    stage.note(f"{len(bad)} bad certificates")


@row(
    54,
    Theme.DISCORD,
    "a connection kept alive that the other end has closed",
    injected="a proxy closes idle connections after 4 s, and resets one at the moment of its next use",
    expected="idle connections are given up before servers do; a reset at reuse repeats at most that message",
    codes="NL D1 LIVE",
)
async def stale_connections(stage: Stage) -> None:
    async with gate(stage.server.port) as closing:
        closing.close_idle_s = 4.0
        exporter = stage.exporter(base_url=f"http://127.0.0.1:{closing.port}")
        await stage.start(stage.configuration(exporter=exporter))
        client = stage.client()
        await stage.deliver(client, 1)
        before = closing.connections
        await asyncio.sleep(3.7)
        await stage.deliver(client, 1)
        assert closing.connections == before + 1, "a connection idle for 3.7 s was used again; servers close after 4 s"
        closing.misbehave(Way.RESET_UNREAD, 1)
        await stage.deliver(client, 1)
        assert closing.times == 0
        await stage.close_books()


@row(
    55,
    Theme.DISCORD,
    "IPv6 is broken, IPv4 is fine",
    injected="the name resolves to ::1, where packets vanish, and to 127.0.0.1",
    expected="the other address is tried at once",
    codes="NL D0 LIVE",
)
async def broken_ipv6(stage: Stage) -> None:
    meddling = Meddling(stage.directory)
    meddling[Knob.DNS_MODE] = Dns.BOTH_FAMILIES
    try:
        hole = Blackhole(stage.server.port, "::1")
    except OSError:
        raise UnplayableError("this machine has no IPv6") from None
    try:
        await hole.close_up()
        exporter = stage.exporter(base_url=f"http://{NAME}:{stage.server.port}")
        await stage.start(stage.configuration(exporter=exporter), environment=meddling.environment)
        took_s = await stage.deliver(stage.client(), 3, deadline_s=5)
        stage.note(f"first message after {took_s:.1f} s")
        await stage.close_books()
    finally:
        hole.open()
