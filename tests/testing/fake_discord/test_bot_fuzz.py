"""Whatever a bot sends, it is answered as Discord answers: no exception, and nothing half done."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.testing.fake_discord import FakeDiscord, FakeRequest
from otel_discord.testing.fake_discord import permissions as may
from otel_discord.testing.fake_discord.channel_form import CHANNEL_KEYS, NEW_THREAD_KEYS, THREAD_KEYS
from otel_discord.testing.fake_discord.form_message import BOT_CREATE_KEYS

KEYS = sorted({*CHANNEL_KEYS, *THREAD_KEYS, *NEW_THREAD_KEYS, *BOT_CREATE_KEYS, "id", "allow", "deny", "channel_id"})
PATHS = [
    ("POST", "/guilds/{guild}/channels"),
    ("PATCH", "/guilds/{guild}/channels"),
    ("PATCH", "/channels/{channel}"),
    ("PATCH", "/channels/{thread}"),
    ("POST", "/channels/{channel}/webhooks"),
    ("PATCH", "/webhooks/{webhook}"),
    ("POST", "/channels/{channel}/messages"),
    ("PATCH", "/channels/{channel}/messages/{message}"),
    ("POST", "/channels/{channel}/threads"),
    ("POST", "/channels/{forum}/threads"),
    ("POST", "/channels/{channel}/messages/{message}/threads"),
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["9" * 5000, "--1", "11"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)),
    max_leaves=12,
)
bodies = st.one_of(st.dictionaries(st.sampled_from(KEYS), values, max_size=8), values)


@pytest.mark.parametrize(("method", "path"), PATHS)
@given(body=bodies, reason=st.text(max_size=5))
def test_any_body_is_answered(method: str, path: str, body: Any, reason: str) -> None:
    fake = FakeDiscord("unlimited", now=lambda: 1000.0)
    bot = fake.add_bot("made-up")
    guild = fake.add_guild(bot=bot, permissions=may.ADMINISTRATOR)
    channel = fake.add_channel("c", guild_id=guild.id)
    headers = {"Authorization": "Bot made-up", "X-Audit-Log-Reason": quote(reason, safe="")}

    def ask(method: str, path: str, body: Any) -> int:
        url = f"{fake.endpoint}{path}"
        return fake.handle(FakeRequest.of(method, url, json_body=body, headers=headers)).status

    headers_of_first = headers | {"X-Audit-Log-Reason": "a"}
    first = {"content": "x", "allowed_mentions": {"parse": []}}
    url = f"{fake.endpoint}/channels/{channel.id}/messages"
    assert fake.handle(FakeRequest.of("POST", url, json_body=first, headers=headers_of_first)).status == 200
    ids = {"guild": guild.id, "channel": channel.id, "message": fake.messages[0].id}
    ids |= {"thread": fake.add_thread(channel).id, "webhook": fake.add_webhook(channel).id}
    ids["forum"] = fake.add_channel("f", type=15, guild_id=guild.id).id
    before = (len(fake.state.channels), len(fake.state.webhooks), len(fake.messages), len(fake.audit))
    status = ask(method, path.format(**ids), body)
    assert status in {200, 201, 204, 400, 404, 413}
    if status >= 400:
        assert before == (len(fake.state.channels), len(fake.state.webhooks), len(fake.messages), len(fake.audit))
