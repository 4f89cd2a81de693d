"""FakeDiscord against Discord itself (opt-in), and the comparison against a fake that differs."""

import os
from typing import Any

import pytest

from otel_discord.discord_api.transport import AiohttpTransport
from otel_discord.discord_api.webhook_url import parse_webhook_url
from otel_discord.testing.fake_discord import FakeDiscord, Switches
from otel_discord.testing.fake_discord.live_comparison import compare_with_live
from otel_discord.testing.fake_discord.rate_limit_probe import probe


@pytest.mark.looptime
async def test_no_difference_to_itself_and_each_one_to_another() -> None:
    same = FakeDiscord("default", channel_limit=None)
    assert await compare_with_live(same.transport(), same.add_webhook().url, pause_s=0.1) == []
    assert same.messages == []
    assert [entry.kind for entry in same.journal].count("deleted") > 20
    other = FakeDiscord("unlimited", switches=Switches(empty_embed="empty_message", unknown_flags="ignore"))
    found = await compare_with_live(other.transport(), other.add_webhook().url, pause_s=0)
    assert [(difference.edge, difference.side, difference.live[1]) for difference in found] == [
        ("embed_empty:embeds.0.description", "outside", 50006),
        ("flags_mask:flags", "outside", 0),
    ]


@pytest.mark.looptime
async def test_the_probe_shows_how_a_bucket_counts() -> None:
    fake = FakeDiscord("fixed", channel_limit=None)
    seen = await probe(fake.transport(), fake.add_webhook().url)
    assert [each.counts() for each in seen] == [
        *((200, "5", str(left), "") for left in (4, 3, 2, 1, 0)),
        (429, "5", "0", "user"),
    ]
    assert fake.messages == []


@pytest.mark.live
@pytest.mark.timeout(1800)
async def test_against_discord(request: Any, capsys: Any) -> None:
    url = os.environ.get("DISCORD_WEBHOOK_URL")
    if "live" not in (request.config.getoption("-m") or "") or not url:
        pytest.skip("posts to Discord only with -m live and DISCORD_WEBHOOK_URL")
    webhook = parse_webhook_url(url)
    async with AiohttpTransport() as transport:
        base = f"https://discord.com/api/v10/webhooks/{webhook.id}/{webhook.token.reveal()}"
        found = await compare_with_live(transport, base)
        live = await probe(transport, base)
    fake = FakeDiscord()
    expected = await probe(fake.transport(), fake.add_webhook().url)
    with capsys.disabled():
        for ours, theirs in zip(expected, live, strict=False):
            print("same" if ours.counts() == theirs.counts() else "DIFFERS", ours, theirs)
        for difference in found:
            print(difference)
    assert found == []
