"""When the client waits, how long, and when it does not: on a virtual clock, against a scripted Discord."""

import asyncio

import pytest
from scripted import Scripted, answer, bot_of, bucket, refusal, too_many

from otel_discord.discord_api.bot.answers import Done, Failed, Limited
from otel_discord.discord_api.bot.bot_api import NewChannel
from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError

pytestmark = pytest.mark.looptime
GUILD, CHANNEL = "100", "200"
MADE = {"id": CHANNEL, "type": 0, "guild_id": GUILD, "name": "run-1"}
HTML = HttpResponse(status=429, headers={"content-type": "text/html"}, body=b"<html><title>Blocked</title>")


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_429_is_waited_for_and_repeated() -> None:
    discord = Scripted([too_many(3.0), too_many(2.0), answer(200, MADE)])
    assert isinstance(await bot_of(discord).channel(CHANNEL), Done)
    assert discord.times == [0.0, 3.0, 5.0]


async def test_the_body_says_it_finer_than_the_header() -> None:
    discord = Scripted([too_many(0.3), too_many(3.0, told=False), answer(200, MADE)])
    assert isinstance(await bot_of(discord).channel(CHANNEL), Done)
    assert discord.times == pytest.approx([0.0, 0.3, 4.3])


async def test_429s_that_ask_for_nothing_make_no_storm() -> None:
    discord = Scripted(reply=lambda request: too_many(0.0))
    limited = await bot_of(discord).channel(CHANNEL)
    assert isinstance(limited, Limited)
    assert len(discord.requests) <= 8
    assert now() <= 20.1


async def test_hours_are_told_at_once_and_cost_no_further_request() -> None:
    discord = Scripted([too_many(7200.0)])
    bot = bot_of(discord)
    first = await bot.create_channel(GUILD, NewChannel(name="a"), reason="r")
    assert isinstance(first, Limited)
    assert first.retry_after_s == 7200.0
    await asyncio.sleep(1000)
    second = await bot.create_channel(GUILD, NewChannel(name="b"), reason="r")
    assert isinstance(second, Limited)
    assert second.retry_after_s == 6200.0
    assert "POST /guilds/{guild_id}/channels" in second.detail
    assert len(discord.requests) == 1
    assert isinstance(await bot.channels(GUILD), Done), "another bucket goes on"
    discord.reply = lambda request: answer(201, MADE)
    await asyncio.sleep(6201)
    assert isinstance(await bot.create_channel(GUILD, NewChannel(name="c"), reason="r"), Done)


async def test_those_who_wait_are_told_as_well() -> None:
    discord = Scripted(reply=lambda request: too_many(3600.0), takes_s=1.0)
    bot = bot_of(discord)
    answers = await asyncio.gather(*(bot.create_channel(GUILD, NewChannel(name="a"), reason="r") for _ in range(20)))
    assert all(isinstance(one, Limited) and one.retry_after_s == pytest.approx(3600.0) for one in answers)
    assert len(discord.requests) == 1
    assert now() == 1.0


async def test_the_bucket_is_waited_for_before_it_is_empty() -> None:
    left = [5]
    window = [0.0]

    def reply(request: HttpRequest) -> HttpResponse:
        if now() >= window[0] + 15.0:
            window[0], left[0] = now(), 5
        if not left[0]:
            return too_many(window[0] + 15.0 - now(), remaining=0)
        left[0] -= 1
        return answer(200, MADE, bucket(5, left[0], window[0] + 15.0 - now()))

    discord = Scripted(reply=reply, takes_s=0.1)
    bot = bot_of(discord)
    answers = await asyncio.gather(*(bot.edit_channel(CHANNEL, reason="r", parent_id="7") for _ in range(25)))
    done = [one for one in answers if isinstance(one, Done)]
    held = [one for one in answers if isinstance(one, Limited)]
    assert len(done) == 10, "two windows fit into 20 s"
    assert len(held) == 15
    assert len(discord.requests) == 10
    assert all(one.retry_after_s >= 1.0 for one in held)
    assert now() <= 20.1


async def test_a_queue_that_is_too_long_is_told_at_once() -> None:
    headers = bucket(1, 0, 8.0)
    discord = Scripted(reply=lambda request: answer(200, MADE, headers))
    bot = bot_of(discord)
    assert isinstance(await bot.channel(CHANNEL), Done)
    calls = [asyncio.ensure_future(bot.channel(CHANNEL)) for _ in range(6)]
    await asyncio.sleep(0.1)
    told = [call.result() for call in calls if call.done()]
    assert len(told) == 4, "at 8 and 16 s two can go, those behind them cannot within 20 s"
    assert all(isinstance(one, Limited) and 20 < one.retry_after_s < 30 for one in told)
    assert all(isinstance(one, Done) for one in await asyncio.gather(*calls[:2]))


async def test_calls_of_one_bucket_keep_their_order_and_others_do_not_wait() -> None:
    discord = Scripted(reply=lambda request: answer(201, MADE), takes_s=1.0)
    bot = bot_of(discord)
    creates = [bot.create_channel(GUILD, NewChannel(name=f"n{one}"), reason="r") for one in range(5)]
    others = [bot.channel(str(300 + one)) for one in range(10)]
    await asyncio.gather(*creates, *others)
    assert now() == pytest.approx(5.0, abs=0.1)
    named = [request.json["name"] for request in discord.requests if request.json]
    assert named == ["n0", "n1", "n2", "n3", "n4"]
    assert discord.most_at_once == 11


async def test_a_global_limit_stops_everything() -> None:
    discord = Scripted([too_many(5.0, "global")], reply=lambda request: answer(200, MADE))
    bot = bot_of(discord)
    await asyncio.gather(bot.channel("1"), bot.channel("2"), bot.channel("3"))
    assert discord.times[0] == 0.0
    assert all(at >= 5.0 for at in discord.times[2:])


@pytest.mark.parametrize(
    "ban",
    [
        HTML,
        HttpResponse(status=429, headers={"content-type": "text/plain"}, body=b"error code: 1015"),
        HttpResponse(status=403, headers={"content-type": "text/html"}, body=b"<!doctype html><title>1020</title>"),
        refusal(429, 0, "You are being blocked from accessing our API temporarily"),
        HttpResponse(status=429, headers={}, body=b""),
    ],
)
async def test_a_ban_stops_everything_for_a_minute_at_least(ban: HttpResponse) -> None:
    discord = Scripted([ban], reply=lambda request: answer(200, MADE))
    bot = bot_of(discord)
    first, second = await bot.channel("1"), await bot.channels("2")
    assert isinstance(first, Limited)
    assert isinstance(second, Limited)
    assert first.retry_after_s >= 60.0
    assert len(discord.requests) == 1
    assert bot.ban_left_s() == 60.0
    await asyncio.sleep(61)
    assert isinstance(await bot.channel("1"), Done)
    assert bot.ban_left_s() is None


async def test_a_ban_of_hours_is_believed() -> None:
    ban = HttpResponse(status=429, headers={"content-type": "text/plain", "retry-after": "66271"}, body=b"error 1015")
    limited = await bot_of(Scripted([ban])).channel("1")
    assert isinstance(limited, Limited)
    assert limited.retry_after_s == 66271.0


async def test_one_refusal_of_a_webhook_speaks_for_the_guild() -> None:
    listed = [{"id": str(one), "type": 0, "guild_id": GUILD, "name": "c"} for one in range(1, 41)]
    discord = Scripted([answer(200, listed)], reply=lambda request: too_many(600.0))
    bot = bot_of(discord)
    assert isinstance(await bot.channels(GUILD), Done)
    answers = await asyncio.gather(*(bot.create_webhook(one["id"], "w", reason="r") for one in listed))
    assert all(isinstance(one, Limited) for one in answers)
    assert len(discord.requests) == 2


async def test_a_cancelled_call_gives_its_turn_back() -> None:
    discord = Scripted(reply=lambda request: answer(201, MADE), takes_s=5.0)
    bot = bot_of(discord)
    calls = [
        asyncio.ensure_future(bot.create_channel(GUILD, NewChannel(name=f"n{one}"), reason="r")) for one in range(4)
    ]
    await asyncio.sleep(1.0)
    calls[0].cancel()  # in flight
    calls[1].cancel()  # waiting
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(one) for one in done] == [asyncio.CancelledError, asyncio.CancelledError, Done, Done]
    assert [request.json["name"] for request in discord.requests] == ["n0", "n2", "n3"]
    assert now() == pytest.approx(11.0, abs=0.2)


async def test_who_is_cancelled_in_the_moment_of_its_grant_holds_up_nobody() -> None:
    discord = Scripted(reply=lambda request: answer(201, MADE), takes_s=1.0)
    bot = bot_of(discord)
    first = asyncio.ensure_future(bot.channel(CHANNEL))
    second = asyncio.ensure_future(bot.channel(CHANNEL))
    await asyncio.sleep(0.5)
    first.add_done_callback(lambda _: second.cancel())
    await asyncio.gather(first, second, return_exceptions=True)
    assert isinstance(await bot.channel(CHANNEL), Done)


async def test_only_429s_are_repeated() -> None:
    lost = TransportError("connection reset", sent=True, timed_out=False)
    for reply in (answer(502), lost, refusal(500, 0), refusal(400, 50035), refusal(404, 10003)):
        discord = Scripted([reply])
        assert not isinstance(await bot_of(discord).create_channel(GUILD, NewChannel(name="a"), reason="r"), Done)
        assert len(discord.requests) == 1


async def test_a_request_without_an_answer_does_not_hold_up_its_bucket() -> None:
    discord = Scripted([TransportError("no answer", sent=True, timed_out=True)], reply=lambda _: answer(200, MADE))
    bot = bot_of(discord)
    assert isinstance(await bot.channel(CHANNEL), Failed)
    assert isinstance(await bot.channel(CHANNEL), Done)


async def test_patience_is_the_callers_bound() -> None:
    discord = Scripted([too_many(9.0), answer(200, MADE)])
    limited = await bot_of(discord, patience_s=5.0).channel(CHANNEL)
    assert isinstance(limited, Limited)
    assert (limited.retry_after_s, now()) == (9.0, 0.0)
    assert "rate limited" in limited.detail
