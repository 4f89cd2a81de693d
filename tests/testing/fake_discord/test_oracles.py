"""The oracles see what they are for; each is made to fail once."""

from typing import Any

import pytest

from otel_discord.testing.fake_discord import (
    FakeDiscord,
    FakeRequest,
    FakeWebhook,
    FormPart,
    arrivals,
    assert_each_once,
    assert_no_token_in,
    assert_nobody_pinged,
    markers_of,
    rate_limited_by_scope,
    records_in,
    records_shown,
)


def post(fake: FakeDiscord, hook: FakeWebhook, body: Any, **more: Any) -> None:
    fake.handle(FakeRequest.of("POST", f"{hook.url}?wait=true", json_body=body, **more))


def test_markers_are_read_wherever_a_reader_sees_them(fake: FakeDiscord, hook: FakeWebhook) -> None:
    embed = {
        "author": {"name": "#2#"},
        "title": "#3#",
        "description": "#4# #4#",
        "fields": [{"name": "#5#", "value": "#6#"}],
        "footer": {"text": "#7#"},
    }
    files = (FormPart("files[0]", b"#8#", "a.txt"), FormPart("files[1]", b"#9#", "a.png"))
    post(fake, hook, {"content": "#1#", "embeds": [embed], "attachments": [{"id": 0}, {"id": 1}]}, parts=files)
    assert markers_of(fake.messages[0]) == list("12345678")
    assert markers_of(fake.messages[0], r"#([45])#") == ["4", "5"]


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        (["1", "2", "3"], None),
        (["1", "3"], "1 of 3 missing, first \\['2'\\]"),
        (["1", "2", "2", "3"], "more than once"),
        (["2", "1", "3"], "out of order"),
    ],
)
def test_each_once_and_in_order(sent: list[str], complaint: str | None, fake: FakeDiscord, hook: FakeWebhook) -> None:
    for number in sent:
        post(fake, hook, {"content": f"#{number}#"})
    if complaint is None:
        assert_each_once(fake, [1, 2, 3])
    else:
        with pytest.raises(AssertionError, match=complaint):
            assert_each_once(fake, [1, 2, 3])
    assert arrivals(fake).by_webhook == {hook.id: sent}
    assert arrivals(fake).missing([1, 9]) == ["9"]


def test_pings_and_tokens_are_found(fake: FakeDiscord, hook: FakeWebhook) -> None:
    post(fake, hook, {"content": "<@1>", "allowed_mentions": {"parse": []}})
    assert_nobody_pinged(fake)
    assert_no_token_in(fake, f"…{hook.token[-4:]}")
    post(fake, hook, {"content": "<@1>"})
    with pytest.raises(AssertionError, match="user:1"):
        assert_nobody_pinged(fake)
    with pytest.raises(AssertionError) as leak:
        assert_no_token_in(fake, f"POST {hook.url}")
    assert hook.token not in str(leak.value)


def test_429_are_counted_by_scope(clock: Any) -> None:
    fake = FakeDiscord(now=clock, channel_limit=(7, 60.0))
    hook = fake.add_webhook()
    for _ in range(7):
        post(fake, hook, {"content": "x"})
    clock.now_s += 2
    for _ in range(3):
        post(fake, hook, {"content": "x"})
    assert rate_limited_by_scope(fake) == {"user": 2, "shared": 1}
    assert rate_limited_by_scope(fake, after_s=1000.0) == {"shared": 1}


@pytest.mark.parametrize(
    ("embed", "records"),
    [
        ({"title": "order 17 failed"}, 1),
        ({"title": "×2 order 17 failed"}, 2),
        ({"title": "order failed", "description": "×4,312 · 3×5 shards"}, 4312),
        ({"description": "a matrix of 3 × 5, by ×"}, 1),
        ({"title": "🔥 37 problems, 52 events", "description": "×47 in 32 of them"}, 47),
        ({}, 1),
    ],
)
def test_an_embed_says_how_many_records_it_stands_for(embed: dict[str, str], records: int) -> None:
    assert records_in(embed) == records
    assert records_shown([{"embeds": [embed, {"title": "one more"}]}, {"embeds": []}]) == records + 1
