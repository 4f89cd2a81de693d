"""Names, topics and headers of every kind of run, as (strict) Discord takes and stores them."""

import pytest

from otel_discord.component.destination_source import Tally
from otel_discord.config import Secret
from otel_discord.discord_api.bot.answers import Done
from otel_discord.discord_api.bot.bot_api import NewChannel
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.discord_api.webhook_url import DEFAULT_ENDPOINT
from otel_discord.extensions.run_channels.header import card_of, render_card
from otel_discord.extensions.run_channels.identity import run_id_of
from otel_discord.extensions.run_channels.marker import (
    marker_in_message,
    marker_of,
    parse_marker,
    topic_of,
    with_marker,
)
from otel_discord.extensions.run_channels.names import channel_name, webhook_names
from otel_discord.extensions.run_channels.requests import parse_create
from otel_discord.extensions.run_channels.runs import Placement, Run, State
from otel_discord.testing.fake_discord import FakeDiscord

KEY = Secret("made-up.bot.token")
HOSTILE = "@everyone *x* [y](https://a.example) <@1> `z` ~~ ||"


@pytest.mark.looptime
@pytest.mark.parametrize(
    "task_id", ["build-42", "Nightly: Shop/Web v1.2!", "\U0001f9ea" * 100, "İ" * 100, '"\\' * 50, HOSTILE]
)
@pytest.mark.parametrize("short_id", ["ab12", "my.Discord.Clyde-bot_", "s" * 40])
async def test_discord_stores_what_was_sent(task_id: str, short_id: str) -> None:
    fake = FakeDiscord()
    bot = fake.add_bot(KEY.reveal())
    guild = fake.add_guild(bot=bot)
    metadata = {f"{HOSTILE[:60]}{number:02}": HOSTILE * 9 for number in range(20)}
    body = {
        "taskId": task_id, "attempt": 1_000_000, "shortId": short_id, "guildId": guild.id,
        "title": HOSTILE, "metadata": metadata,
    }  # fmt: skip
    wanted = parse_create(body, max_retention_hours=24)
    run = Run(
        run_id=run_id_of(wanted.key, KEY), key=wanted.key, state=State.RUNNING, placement=Placement.CHANNEL,
        created_ms=1_795_000_000_000, retention_hours=24, title=wanted.title, metadata=wanted.metadata,
        tally=Tally(records=5, errors=1, steps=2, last_step=HOSTILE * 9, last_error=HOSTILE * 90),
    )  # fmt: skip
    api = BotClient(
        fake.transport(), KEY, endpoint=DEFAULT_ENDPOINT, user_agent="DiscordBot (https://otel.example, 1)", dice=float
    )
    name, topic = channel_name(run.key), topic_of(marker_of(run), KEY)
    channel = await api.create_channel(guild.id, NewChannel(name=name, topic=topic), reason="a test")
    assert isinstance(channel, Done)
    assert (channel.value.name, channel.value.topic) == (name, topic)
    assert parse_marker(channel.value.topic, guild.id, KEY) == marker_of(run)
    for hook_name in webhook_names(short_id, run.run_id):
        hook = await api.create_webhook(channel.value.id, hook_name, reason="a test")
        assert isinstance(hook, Done)
        assert hook.value.name == hook_name
    message = render_card(card_of(run, is_deleted_then=True))
    posted = await api.post(channel.value.id, message)
    assert isinstance(posted, Done)
    assert posted.value.json["embeds"][0]["title"] == message["embeds"][0]["title"]
    marked = await api.post(channel.value.id, with_marker(message, marker_of(run), channel.value.id, KEY))
    assert isinstance(marked, Done)
    assert marker_in_message(marked.value.json, guild.id, KEY) == marker_of(run)
    fake.assert_clean()
