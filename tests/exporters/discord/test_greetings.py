"""What `validate --online` and `send-test` are told, and what a dry run shows."""

import asyncio
import logging
import re
from typing import Any

import pytest

from otel_discord.component import OnlineCheck, RetryableError, SendTest
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.testing import NopHost, logs_batch, settings
from otel_discord.testing.fake_discord import Answer, FakeDiscord, FakeWebhook, Fault, Stall, method_is, posts
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=600)


def two_destinations(fake: FakeDiscord) -> tuple[dict[str, Any], FakeWebhook, FakeWebhook]:
    ops, errors = fake.add_webhook(name="Ops"), fake.add_webhook(name="Errors")
    return {"ops": {"webhook_url": ops.url}, "errors": {"webhook_url": errors.url}}, ops, errors


async def test_a_look_says_name_and_channel_and_never_the_token() -> None:
    fake = FakeDiscord()
    destinations, ops, errors = two_destinations(fake)
    fake.delete_webhook(errors)
    config = DiscordConfig.model_validate({"destinations": destinations})
    exporter = DiscordExporter(settings("discord"), config, transport=fake.transport())
    assert isinstance(exporter, OnlineCheck)
    good, bad = await exporter.check_online()
    assert (good.name, good.ok, good.text) == ("ops", True, f"'Ops' posts to channel {ops.channel_id}")
    assert (bad.name, bad.ok) == ("errors", False)
    assert bad.text.startswith("not_found")
    assert not re.search(f"{ops.token}|{errors.token}", f"{good} {bad}")
    assert not fake.messages


async def test_what_was_just_seen_is_not_asked_again_unless_the_address_is_another() -> None:
    fake = FakeDiscord()
    destinations, ops, errors = two_destinations(fake)
    config = DiscordConfig.model_validate({"destinations": destinations})
    first = await DiscordExporter(settings("discord"), config, transport=fake.transport()).check_online()
    assert len(fake.exchanges) == 2
    assert not any(token in str(first) for token in (ops.token, errors.token))
    destinations["errors"] = {"webhook_url": fake.add_webhook(name="Moved").url}
    config = DiscordConfig.model_validate({"destinations": destinations})
    exporter = DiscordExporter(settings("discord"), config, transport=fake.transport())
    second = await exporter.check_online(known=first)
    assert len(fake.exchanges) == 3
    assert second[0] == first[0]
    assert second[1].text.startswith("'Moved' posts to")


async def test_a_look_ends_after_the_timeout() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Stall(3600), match=method_is("GET")))
    config = DiscordConfig.model_validate({"webhook_url": fake.add_webhook().url, "timeout": "3s"})
    (result,) = await DiscordExporter(settings("discord"), config, transport=fake.transport()).check_online()
    assert (result.ok, result.text) == (False, "no answer within 3 s")
    assert asyncio.get_running_loop().time() == pytest.approx(3, abs=0.5)


async def test_a_test_message_goes_to_each_destination_or_to_one_and_is_linked() -> None:
    fake = FakeDiscord()
    destinations, ops, errors = two_destinations(fake)
    async with running(fake, destinations=destinations) as rig:
        assert isinstance(rig.exporter, SendTest)
        both = await rig.exporter.send_test(None)
        one = await rig.exporter.send_test("ops")
        nobody = await rig.exporter.send_test("opps")
    assert [(item.destination, item.ok) for item in (*both, *one)] == [("ops", True), ("errors", True), ("ops", True)]
    for result, message in zip((*both, *one), fake.messages, strict=True):
        assert "TEST" in message.embeds[0]["title"]
        assert result.link.startswith("https://discord.com/channels/")
        assert result.link.endswith(f"/{message.channel_id}/{message.id}")
    assert [len(fake.messages_of(webhook)) for webhook in (ops, errors)] == [2, 1]
    assert [(item.ok, item.text) for item in nobody] == [
        (False, "there is no such destination; there are: ops, errors")
    ]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Answer(503), "server_error"),
        (Answer(401, b'{"code": 50027, "message": "Invalid Webhook Token"}'), "unauthorized"),
        (Stall(3600), "no answer in time"),
    ],
)
async def test_a_test_message_that_fails_says_why(fault: Any, said: str) -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    fake.faults.add(Fault(fault, match=posts))
    async with running(fake, webhook_url=hook.url, timeout="10s") as rig:
        (result,) = await rig.exporter.send_test(None)
    assert not result.ok
    assert result.link == ""
    assert said in result.text
    assert hook.token not in result.text


async def test_a_test_message_does_not_wait_for_a_long_limit() -> None:
    fake = FakeDiscord()
    limited = {"message": "You are being rate limited.", "retry_after": 300.0, "global": False}
    fake.faults.add(
        Fault(Answer(429, limited, {"x-ratelimit-scope": "user", "via": "1.1 google"}), match=posts, times=1)
    )
    async with running(fake, webhook_url=fake.add_webhook().url, timeout="10s") as rig:
        (first,) = await rig.exporter.send_test(None)
        (second,) = await rig.exporter.send_test(None)
    assert first.text.startswith("rate_limited")
    assert second.text == "no answer within 30 s"
    assert not fake.messages


async def test_a_test_message_needs_a_running_exporter() -> None:
    config = DiscordConfig.model_validate({"webhook_url": FakeDiscord().add_webhook().url})
    with pytest.raises(RetryableError, match="not running"):
        await DiscordExporter(settings("discord"), config).send_test(None)


async def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    config = DiscordConfig.model_validate({"webhook_url": hook.url, "dry_run": True})
    exporter = DiscordExporter(settings("discord"), config)
    with caplog.at_level(logging.INFO):
        async with exporter.lifespan(NopHost()):
            await exporter.consume(logs_batch(1, attributes={"discord.attachments": [{"filename": "a", "data": b"x"}]}))
            await asyncio.sleep(1)
    (shown,) = [line for line in caplog.messages if line.startswith("dry run, not sent: ")]
    assert "record 0" in shown
    assert "a (1 bytes)" in shown
    assert hook.token not in caplog.text
    assert not fake.messages
