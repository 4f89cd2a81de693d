"""Rows 39–46 and 51: what Discord, and what stands before it, answers."""

import asyncio
import time
from math import inf

from otel_discord.testing.fake_discord import (
    ODD_ANSWERS,
    RATE_LIMITED,
    SERVER_ERRORS,
    Answer,
    FakeDiscord,
    Fault,
    committed,
    posts,
    serve_fake_discord,
)
from otel_discord.testing.fake_discord.fault_shapes import HTML
from tests.faults.matches import posts_to
from tests.faults.meddling import Meddling
from tests.faults.row import Theme, row
from tests.faults.stage import Stage


@row(
    39,
    Theme.DISCORD,
    "a page instead of JSON with 200 (captive portal); 200 without a body; 204; 200 with broken JSON",
    injected="FakeDiscord's answer is replaced",
    expected="a page is not Discord: tried again, the log says so; any other 2xx is delivered",
    codes="NL D0 CE LIVE",
)
async def odd_successes(stage: Stage) -> None:
    stage.fake.faults.add(
        Fault(Answer(200, HTML), match=posts, times=2),
        Fault(Answer(200, b"", commit=True), match=posts, first=4),
        Fault(Answer(204, b"", commit=True), match=posts, first=5),
        Fault(Answer(200, b'{"id": "12', commit=True), match=posts, first=6),
    )
    await stage.start()
    client = stage.client()
    for _ in range(4):
        await stage.deliver(client)
    await stage.service.said("instead of Discord's answer")
    await stage.close_books()
    assert HTML not in stage.log


@row(
    40,
    Theme.DISCORD,
    "301, 302, 307 and 308 to another host",
    injected="FakeDiscord answers with a redirect to a second server",
    expected="never followed: the webhook's token goes nowhere else; the log names the other host",
    codes="NL D0 CE LIVE",
)
async def redirects(stage: Stage) -> None:
    other = FakeDiscord("unlimited", seed=99)
    async with serve_fake_discord(other) as elsewhere:
        statuses = (301, 302, 307, 308)
        for place, status in enumerate(statuses, 1):
            location = {"Location": f"{elsewhere.base_url}/api/v10/webhooks/1/redirected"}
            stage.fake.faults.add(Fault(Answer(status, b"", location), match=posts, first=place))
        await stage.start()
        await stage.client().send(3)
        await stage.service.said(f"unexpected status 301, which points to 127.0.0.1:{elsewhere.port}")
        await stage.close_books()
        assert not other.exchanges, "a redirect was followed"
        assert stage.posts() == len(statuses) + 1 + 1
        stage.note(f"{len(statuses)} redirects")


def _limit(retry_after: bytes) -> Answer:
    body = b'{"message": "You are being rate limited.", "retry_after": %s, "global": false}' % retry_after
    return Answer(429, body, {"X-RateLimit-Scope": "user", "Via": "1.1 google"})


_TOLD = {"d0": b"0.3", "d1": b"65", "d2": b"4000"}
_NONSENSE = {"d3": b"-5", "d4": b"NaN", "d5": b'"soon"', "d6": b"1e309", "d7": b"null"}


@row(
    41,
    Theme.DISCORD,
    "429 of the webhook's own bucket: `retry_after` 0.3, 65, 4000, negative, NaN, text, 1e309, missing",
    injected="FakeDiscord's answer, a destination for each; hours pass as clocks leap",
    expected="that lane waits as told, the others go on; without a number that makes sense it is taken for a ban, and "
    "everything pauses for a minute; one 429 each, no attempt counted",
    codes="NL D0 LIVE",
    destinations=8,
)
async def waits(stage: Stage) -> None:
    meddling = Meddling(stage.directory)
    for name, retry_after in _TOLD.items():
        stage.fake.faults.add(Fault(_limit(retry_after), match=posts_to(stage, name)))
    await stage.start(environment=meddling.environment)
    client = stage.client()
    ids = await client.send(4)
    others = [name for name in stage.webhooks if name not in {"d1", "d2"}]
    await stage.until(lambda: all(stage.arrived(ids, name) for name in others), "the others go on", 8)
    assert [stage.posts(name) for name in ("d1", "d2")] == [1, 1], "a wait of minutes was cut short"
    await stage.leap(meddling, 67)
    await stage.until(lambda: stage.arrived(ids, "d1"), "65 s are over", 8)
    assert stage.posts("d2") == 1
    await stage.leap(meddling, 4_000)
    await stage.until(lambda: stage.arrived(ids), "4,000 s are over", 8)
    for name, retry_after in _NONSENSE.items():
        stage.fake.faults.add(Fault(_limit(retry_after), match=posts_to(stage, name)))
    before = stage.posts()
    await client.send(1)
    await stage.service.said("all requests pause")
    await asyncio.sleep(1)
    assert stage.posts() <= before + len(stage.webhooks), "requests during a pause"
    while stage.limited() < len(_TOLD) + len(_NONSENSE):  # each that comes after the pause pauses anew
        await stage.leap(meddling, 3_600)
        await asyncio.sleep(0.3)
    await stage.leap(meddling, 3_600)
    await stage.close_books(tolerated=["retry_after_ignored"])
    assert stage.limited() == len(_TOLD) + len(_NONSENSE)
    stage.note(f"{stage.limited()} × 429")


@row(
    42,
    Theme.DISCORD,
    "429 with `global: true`",
    injected="FakeDiscord answers one POST so",
    expected="every destination waits; FakeDiscord sees no request too early",
    codes="NL D0 LIVE",
    destinations=4,
)
async def global_limit(stage: Stage) -> None:
    await _scoped(stage, RATE_LIMITED["global"])


@row(
    43,
    Theme.DISCORD,
    "429 of scope `shared`",
    injected="FakeDiscord answers one POST so",
    expected="that channel waits as told; it is not counted towards the ban for invalid requests",
    codes="NL D0 LIVE",
    destinations=4,
)
async def shared_limit(stage: Stage) -> None:
    await _scoped(stage, RATE_LIMITED["shared"])


async def _scoped(stage: Stage, answer: Answer) -> None:
    stage.fake.faults.add(Fault(answer, match=posts, first=2))
    await stage.start()
    client = stage.client()
    for _ in range(3):
        await client.send(2)
    await stage.close_books()
    assert stage.limited() == 1
    scope = answer.headers["X-RateLimit-Scope"]
    assert await stage.metric("otel_discord_rate_limited_total", f'scope="{scope}"') == 1


@row(
    44,
    Theme.DISCORD,
    "the address is banned: 429 as a page, code 1015, a plain `blocked`; 403 as a page",
    injected="FakeDiscord answers so until the ban ends; hours pass as clocks leap; the service is restarted meanwhile",
    expected="one request, then nothing from any destination, also after a restart; one request at a time asks "
    "whether it is over; pages are not logged",
    codes="NL D0 CE LIVE",
    destinations=3,
)
async def banned(stage: Stage) -> None:
    shapes = {
        "html": RATE_LIMITED["html"],
        "1015": Answer(429, "error code: 1015"),
        "blocked": RATE_LIMITED["banned"],
        "403": ODD_ANSWERS["forbidden_html"],
    }
    name = stage.dice.choice(sorted(shapes))
    stage.note(f"shape {name}")
    meddling = Meddling(stage.directory)
    await stage.start(environment=meddling.environment)
    await stage.until(lambda: len(stage.fake.exchanges) == 3, "all are introduced")
    stage.fake.faults.add(Fault(shapes[name], times=inf))
    client = stage.client()
    await client.send(3)
    await stage.until(lambda: stage.posts() >= 1, "the first request")
    for _ in range(3):
        await client.send(1)
    await asyncio.sleep(1.5)
    seen = len(stage.fake.exchanges)
    assert seen - 3 <= 3, f"{seen - 3} requests after a ban"
    await stage.restart(environment=meddling.environment)
    await asyncio.sleep(1)
    assert len(stage.fake.exchanges) == seen, "the ban was forgotten by a restart"
    await stage.leap(meddling, 62)
    await stage.until(lambda: len(stage.fake.exchanges) > seen, "it asks again", 8)
    await asyncio.sleep(0.5)
    assert len(stage.fake.exchanges) == seen + 1, "more than one probe"
    await stage.leap(meddling, 62)
    await asyncio.sleep(0.5)
    assert len(stage.fake.exchanges) == seen + 1, "the pause after a second ban is not longer"
    stage.fake.faults.clear()
    await stage.leap(meddling, 3_600)
    await stage.close_books(tolerated=["retry_after_ignored", "tombstoned"])
    assert "Attention required" not in stage.log or "<body>" not in stage.log
    stage.note(f"{seen - 3 + 1} requests while banned")


@row(
    46,
    Theme.DISCORD,
    "500, 502, 503, 504, 520, 522, 524; with and without the message kept",
    injected="FakeDiscord's answer, in a row",
    expected="tried again with growing pauses; one copy more at most for each message kept all the same, marked",
    codes="NL D1 LIVE",
)
async def server_errors(stage: Stage) -> None:
    lies = [name for name in sorted(SERVER_ERRORS) if name.endswith("html")][:: stage.of(3, 1)]
    for place, name in enumerate(lies):
        stage.fake.faults.add(Fault(SERVER_ERRORS[name], match=posts, first=2 * place + 1))
        stage.fake.faults.add(Fault(committed(SERVER_ERRORS[name]), match=posts, first=2 * place + 2))
    await stage.start()
    client = stage.client()
    for _ in lies:
        await stage.deliver(client)
    held = await stage.close_books(duplicates=len(lies))
    stage.note(f"{2 * len(lies)} failures")
    assert await stage.metric("otel_discord_possible_duplicates_total") >= held.copies_too_many()


@row(
    51,
    Theme.DISCORD,
    "answers without X-RateLimit headers",
    injected="FakeDiscord's profile `noheaders`",
    expected="the built-in pace, 5 messages in 2 s for a webhook; no 429",
    codes="NL D0 LIVE",
    profile="noheaders",
)
async def no_headers(stage: Stage) -> None:
    count = stage.of(8, 25)
    exporter = stage.exporter(
        sending_queue={"batch": {"max_size": 1}},
        rate_limit={"requests_per_second": 45, "channel_messages_per_minute": 30},
    )
    await stage.start(stage.configuration(exporter=exporter))
    started = time.monotonic()
    await stage.client().send(count)
    await stage.close_books(deadline_s=60)
    took_s = time.monotonic() - started
    assert stage.limited() == 0, f"{stage.limited()} times 429"
    assert took_s > (count - 5) / 2.5 - 0.5
    stage.note(f"{count + 1} messages in {took_s:.1f} s, 0 × 429")
