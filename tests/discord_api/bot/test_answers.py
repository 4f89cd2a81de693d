"""Each kind of answer, from status and body to value; and nothing that Discord says makes the client raise."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import TOKEN, Reply, Scripted, answer, bot_of, refusal

from otel_discord.discord_api.bot import translate
from otel_discord.discord_api.bot.answers import Bound, Denied, Done, Failed, Full, Invalid, Limited, NotThere
from otel_discord.discord_api.bot.bot_api import FORUM, BotApi, NewChannel, Overwrite
from otel_discord.discord_api.bot.client import BotClient
from otel_discord.discord_api.bot.permissions import ALL_PERMISSIONS, Permission
from otel_discord.discord_api.http import HttpResponse, TransportError

GUILD, CHANNEL, MESSAGE, HOOK = "100", "200", "300", "400"
KINDS = (Done, NotThere, Denied, Full, Invalid, Limited, Failed)

Call = Callable[[BotClient], Awaitable[Any]]

CREATES: dict[str, Call] = {
    "create_channel": lambda bot: bot.create_channel(GUILD, NewChannel(name="a"), reason="r"),
    "create_webhook": lambda bot: bot.create_webhook(CHANNEL, "w", reason="r"),
    "post": lambda bot: bot.post(CHANNEL, {"content": "x"}),
    "start_thread": lambda bot: bot.start_thread(CHANNEL, "t", reason="r"),
}
CHANGES: dict[str, Call] = {
    "edit_channel": lambda bot: bot.edit_channel(CHANNEL, reason="r", parent_id="9"),
    "delete_channel": lambda bot: bot.delete_channel(CHANNEL, reason="r"),
    "delete_webhook": lambda bot: bot.delete_webhook(HOOK, reason="r"),
    "edit_message": lambda bot: bot.edit_message(CHANNEL, MESSAGE, {"content": "y"}),
}
LOOKS: dict[str, Call] = {
    "me": lambda bot: bot.me(),
    "guilds": lambda bot: bot.guilds(),
    "guild": lambda bot: bot.guild(GUILD),
    "channels": lambda bot: bot.channels(GUILD),
    "channel": lambda bot: bot.channel(CHANNEL),
    "webhooks": lambda bot: bot.webhooks(CHANNEL),
    "guild_webhooks": lambda bot: bot.guild_webhooks(GUILD),
    "messages": lambda bot: bot.messages(CHANNEL),
    "active_threads": lambda bot: bot.active_threads(GUILD),
    "archived_threads": lambda bot: bot.archived_threads(CHANNEL),
}
ALL = CREATES | CHANGES | LOOKS


async def told(call: Call, *replies: Reply) -> Any:
    return await call(bot_of(Scripted(list(replies), reply=lambda request: replies[-1])))


def test_every_request_of_the_contract_is_here() -> None:
    wanted = {name for name in vars(BotApi) if not name.startswith("_")}
    assert set(ALL) == wanted
    api: BotApi = bot_of(Scripted())
    assert api


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("code", [10003, 10004, 10008, 10015, 0])
async def test_404_is_not_there(name: str, code: int) -> None:
    found = await told(ALL[name], refusal(404, code, "Unknown"))
    assert isinstance(found, NotThere)
    assert found.code == (code or (0 if name != "guild" else found.code))


async def test_a_404_that_is_not_discords_says_nothing_of_the_channel() -> None:
    page = HttpResponse(status=404, headers={"content-type": "text/html"}, body=b"<html><title>nginx</title></html>")
    for reply in (page, answer(404), answer(404, b"not found")):
        assert isinstance(await told(CHANGES["delete_channel"], reply), Failed)


@pytest.mark.parametrize(
    ("name", "code", "missing"),
    [
        ("create_channel", 50013, ("Manage Channels",)),
        ("create_webhook", 50013, ("Manage Webhooks",)),
        ("webhooks", 50013, ("Manage Webhooks",)),
        ("guild_webhooks", 50013, ("Manage Webhooks",)),
        ("delete_webhook", 50013, ("Manage Webhooks",)),
        ("delete_channel", 50013, ("Manage Channels",)),
        ("edit_channel", 50013, ("Manage Channels",)),
        ("post", 50013, ("Send Messages",)),
        ("start_thread", 50013, ("Create Public Threads",)),
        ("messages", 50013, ("Read Message History",)),
        ("channel", 50001, ("View Channels",)),
        ("delete_webhook", 50001, ("View Channels",)),
        ("create_channel", 60003, ()),
        ("create_channel", 40333, ()),
    ],
)
async def test_403_names_what_is_missing(name: str, code: int, missing: tuple[str, ...]) -> None:
    denied = await told(ALL[name], refusal(403, code))
    assert isinstance(denied, Denied)
    assert (denied.status, denied.code, denied.missing) == (403, code, missing)
    assert ("two-factor" in denied.detail) == (code == 60003)


async def test_what_a_body_asks_for_decides_what_is_missing() -> None:
    no = refusal(403, 50013)
    deny = (Overwrite(id="1", deny=int(Permission.SEND_MESSAGES)),)
    new = NewChannel(name="a", overwrites=deny)
    for call, wanted in [
        (lambda bot: bot.create_channel(GUILD, new, reason="r"), {"Manage Channels", "Manage Roles", "Send Messages"}),
        (lambda bot: bot.edit_channel(CHANNEL, reason="r", overwrites=[]), {"Manage Channels"}),
        (lambda bot: bot.edit_channel(CHANNEL, reason="r", archived=True, locked=True), {"Manage Threads"}),
        (lambda bot: bot.post(CHANNEL, {"embeds": [{"title": "t"}]}), {"Send Messages", "Embed Links"}),
    ]:
        denied = await told(call, no)
        assert isinstance(denied, Denied)
        assert set(denied.missing) == wanted


async def test_threads_take_other_permissions() -> None:
    thread = answer(200, {"id": "7", "type": 11, "guild_id": GUILD, "name": "t"})
    bot = bot_of(Scripted([thread], reply=lambda request: refusal(403, 50013)))
    assert isinstance(await bot.start_thread(CHANNEL, "t", reason="r"), Done)
    denied, refused = await bot.delete_channel("7", reason="r"), await bot.post("7", {"content": "x"})
    assert isinstance(denied, Denied)
    assert denied.missing == ("Manage Threads",)
    assert isinstance(refused, Denied)
    assert refused.missing == ("Send Messages in Threads",)


async def test_a_wrong_token_is_no_lack_of_permission() -> None:
    denied = await told(LOOKS["me"], refusal(401, 0, "401: Unauthorized"))
    assert isinstance(denied, Denied)
    assert (denied.status, denied.code, denied.missing) == (401, 0, ())
    assert "token" in denied.detail


CATEGORY_FULL = {"parent_id": {"_errors": [{"code": "CHANNEL_PARENT_MAX_CHANNELS", "message": "Maximum (50)"}]}}


@pytest.mark.parametrize(
    ("code", "errors", "bound"),
    [
        (30007, None, Bound.CHANNEL_WEBHOOKS),
        (30013, None, Bound.GUILD_CHANNELS),
        (30058, None, Bound.GUILD_WEBHOOKS),
        (160006, None, Bound.THREADS),
        (50035, CATEGORY_FULL, Bound.CATEGORY),
    ],
)
async def test_what_is_full_is_named(code: int, errors: Any, bound: Bound) -> None:
    full = await told(CREATES["create_channel"], refusal(400, code, "Maximum", errors))
    assert isinstance(full, Full)
    assert (full.bound, full.code) == (bound, code)


async def test_400_keeps_discords_errors_by_path() -> None:
    errors = {"name": {"_errors": [{"code": "BASE_TYPE_BAD_LENGTH", "message": "Must be between 1 and 100"}]}}
    invalid = await told(CREATES["create_channel"], refusal(400, 50035, "Invalid Form Body", errors))
    assert isinstance(invalid, Invalid)
    assert (invalid.code, invalid.errors[0].path, invalid.errors[0].code) == (50035, ("name",), "BASE_TYPE_BAD_LENGTH")
    assert "name[BASE_TYPE_BAD_LENGTH]" in invalid.detail


def lost(*, sent: bool) -> TransportError:
    return TransportError("connection reset", sent=sent, timed_out=False)


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize(
    ("reply", "ambiguous"),
    [
        (answer(500), True),
        (answer(502, b"<html>bad gateway</html>"), True),
        (refusal(400, 130000), False),
        (lost(sent=True), True),
        (lost(sent=False), False),
        (TransportError("no answer", sent=True, timed_out=True), True),
        (answer(302, headers={"location": "https://elsewhere.example/x"}), False),
        (answer(408), False),
    ],
)
async def test_what_may_have_been_done_is_said(name: str, reply: Reply, ambiguous: bool) -> None:
    failed = await told(ALL[name], reply)
    assert isinstance(failed, Failed)
    assert failed.ambiguous == (ambiguous and name not in LOOKS)


@pytest.mark.parametrize("name", sorted(CREATES))
@pytest.mark.parametrize(
    "reply",
    [
        answer(200, b""),
        answer(200, b"{"),
        answer(200, b"<html><title>portal</title>"),
        answer(201, []),
        answer(201, {"id": "x"}),
        answer(200, {"id": CHANNEL, "type": 0, "token": "t" * 68}, body_complete=False),
        answer(200, b"[" * 60_000),
        answer(204),
    ],
)
async def test_a_yes_that_cannot_be_read_may_have_been_done(name: str, reply: HttpResponse) -> None:
    failed = await told(CREATES[name], reply)
    assert isinstance(failed, Failed)
    assert failed.ambiguous


@pytest.mark.parametrize("reply", [answer(204), answer(200, {"id": CHANNEL}), answer(200, b"{cut")])
async def test_a_deletion_is_done_whatever_the_body_says(reply: HttpResponse) -> None:
    assert await told(CHANGES["delete_channel"], reply) == Done(None)


async def test_a_page_in_the_place_of_an_answer_deletes_nothing() -> None:
    assert isinstance(await told(CHANGES["delete_webhook"], answer(200, b"<html>log in</html>")), Failed)


async def test_a_webhook_without_a_token_is_of_no_use_to_its_maker() -> None:
    bare = {"id": HOOK, "channel_id": CHANNEL, "name": "w", "type": 1}
    assert isinstance(await told(CREATES["create_webhook"], answer(200, bare)), Failed)
    found = await told(LOOKS["webhooks"], answer(200, [bare]))
    assert isinstance(found, Done)
    assert not found.value[0].token


async def test_one_entry_that_cannot_be_read_spoils_the_list() -> None:
    good = {"id": CHANNEL, "type": 0, "name": "a"}
    assert isinstance(await told(LOOKS["channels"], answer(200, [good, {"type": 0}])), Failed)
    found = await told(LOOKS["channels"], answer(200, [good]))
    assert isinstance(found, Done)
    assert found.value[0].guild_id == GUILD, "a listing of one guild need not repeat it"


async def test_a_list_that_is_longer_than_what_is_read_is_no_list() -> None:
    assert isinstance(await told(LOOKS["channels"], answer(200, [], body_complete=False)), Failed)


async def test_a_guild_that_the_bot_is_not_in() -> None:
    me = answer(200, {"id": "5", "username": "Runner"})
    for no in (refusal(404, 10004), refusal(403, 50001)):
        found = await told(LOOKS["guild"], me, no)
        assert isinstance(found, NotThere)
        assert found.code == 10004
    guild = answer(200, {"id": GUILD, "name": "Acme", "owner_id": "9", "roles": []})
    found = await told(LOOKS["guild"], me, guild, refusal(404, 10007))
    assert isinstance(found, NotThere)


async def test_permissions_of_a_guild_follow_from_its_roles() -> None:
    me = answer(200, {"id": "5", "username": "Runner"})
    roles = [{"id": GUILD, "permissions": "1024"}, {"id": "7", "permissions": "16"}, {"id": "8", "permissions": "8"}]
    guild = answer(200, {"id": GUILD, "name": "Acme", "owner_id": "9", "roles": roles})
    bot = bot_of(Scripted([me, guild, answer(200, {"roles": ["7"]}), guild, answer(200, {"roles": ["8"]})]))
    first, second = await bot.guild(GUILD), await bot.guild(GUILD)
    assert isinstance(first, Done)
    assert (first.value.name, first.value.permissions) == ("Acme", 1024 + 16)
    assert isinstance(second, Done)
    assert second.value.permissions == ALL_PERMISSIONS


async def test_all_pages_of_guilds_are_read() -> None:
    def guild(one: int) -> dict[str, str]:
        return {"id": str(one), "name": "g", "permissions": "16"}

    pages = [[guild(one) for one in range(1, 201)], [guild(one) for one in range(201, 401)], [guild(500)]]
    discord = Scripted([answer(200, page) for page in pages])
    found = await bot_of(discord).guilds()
    assert isinstance(found, Done)
    assert len(found.value) == 401
    assert [request.url.rpartition("?")[2] for request in discord.requests] == [
        "limit=200",
        "limit=200&after=200",
        "limit=200&after=400",
    ]
    stuck = Scripted(reply=lambda request: answer(200, pages[0]))
    assert isinstance(await bot_of(stuck).guilds(), Failed)
    assert len(stuck.requests) == 2


async def test_messages_come_in_the_order_that_was_asked_for() -> None:
    shown = answer(200, [{"id": one, "channel_id": CHANNEL} for one in ("30", "9", "200")])
    newest = await told(LOOKS["messages"], shown)
    oldest = await told(lambda bot: bot.messages(CHANNEL, after="1"), shown)
    assert [one.id for one in newest.value] == ["200", "30", "9"]
    assert [one.id for one in oldest.value] == ["9", "30", "200"]


@pytest.mark.parametrize("bad", ["", "abc", "1/../2", "-1", "1" * 30, "٣"])
async def test_what_is_no_id_never_gets_into_a_path(bad: str) -> None:
    discord = Scripted()
    bot = bot_of(discord)
    for found in (
        await bot.channel(bad),
        await bot.delete_webhook(bad, reason="r"),
        await bot.edit_message(CHANNEL, bad, {}),
        await bot.messages(CHANNEL, after=bad or "x"),
    ):
        assert isinstance(found, Invalid)
    assert discord.requests == []


async def test_what_is_sent_is_what_discord_documents() -> None:
    discord = Scripted(reply=lambda request: answer(404, {"code": 10003}))
    bot = bot_of(discord)
    deny = (Overwrite(id="1", deny=2048), Overwrite(id="5", is_member=True, allow=1024))
    await bot.create_channel(
        GUILD, NewChannel(name="run-1", parent_id="9", topic="mark", overwrites=deny), reason="für ci"
    )
    await bot.edit_channel(CHANNEL, reason="r", parent_id="9", overwrites=deny)
    await bot.edit_channel(CHANNEL, reason="r", archived=True, locked=True)
    await bot.post(CHANNEL, {"content": "@everyone"}, nonce="abc")
    await bot.edit_message(CHANNEL, MESSAGE, {"content": "y", "allowed_mentions": {"parse": ["users"]}})
    await bot.start_thread(CHANNEL, "t", reason="r", forum_message={"content": "x"})
    create, move, lock, post, edit, forum = discord.requests
    overwrites = [
        {"id": "1", "type": 0, "allow": "0", "deny": "2048"},
        {"id": "5", "type": 1, "allow": "1024", "deny": "0"},
    ]
    assert create.json == {
        "name": "run-1",
        "type": 0,
        "parent_id": "9",
        "topic": "mark",
        "permission_overwrites": overwrites,
    }
    assert create.headers == {
        "User-Agent": "DiscordBot (https://example.com, 1)",
        "Authorization": f"Bot {TOKEN}",
        "X-Audit-Log-Reason": "f%C3%BCr%20ci",
    }
    assert move.json == {"parent_id": "9", "permission_overwrites": overwrites}
    assert lock.json == {"archived": True, "locked": True}
    assert post.json == {
        "allowed_mentions": {"parse": []},
        "content": "@everyone",
        "nonce": "abc",
        "enforce_nonce": True,
    }
    assert edit.json["allowed_mentions"] == {"parse": ["users"]}
    assert forum.json["message"]["allowed_mentions"] == {"parse": []}
    with pytest.raises(ValueError, match="nonce"):
        await bot.post(CHANNEL, {}, nonce="n" * 26)
    with pytest.raises(ValueError, match="changes"):
        await bot.edit_channel(CHANNEL, reason="r")


async def test_the_token_is_in_no_answer_and_no_repr() -> None:
    echo = json.dumps({"code": 50035, "message": f"bad header Bot {TOKEN}", "errors": {TOKEN: {"_errors": [
        {"code": TOKEN, "message": TOKEN}]}}}).encode()  # fmt: skip
    for status in (400, 401, 403, 404, 429, 500, 302):
        for body in (echo, f"<html><title>{TOKEN}</title>".encode(), TOKEN.encode()):
            discord = Scripted(reply=lambda request, s=status, b=body: answer(s, b, {"location": f"https://{TOKEN}/"}))
            bot = bot_of(discord)
            found = await bot.create_channel(GUILD, NewChannel(name="a", type=FORUM), reason="r")
            assert TOKEN not in repr(found)
            assert TOKEN[30:] not in repr(found)
            assert TOKEN not in repr(discord.requests) + repr(bot)
    hook = {"id": HOOK, "channel_id": CHANNEL, "name": "w", "token": "W" * 68}
    made = await told(CREATES["create_webhook"], answer(200, hook))
    assert isinstance(made, Done)
    assert made.value.token.reveal() == "W" * 68
    assert "W" * 68 not in repr(made) + repr(answer(200, hook))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["1", "200"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "type", "code", "message", "errors", "_errors", "roles", "threads", "permissions"])
            | st.sampled_from(["retry_after", "global", "permission_overwrites", "token", "user", "thread_metadata"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(ALL)),
    status=st.sampled_from([200, 201, 204, 301, 400, 401, 403, 404, 413, 500, 503, 600]),
    body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    whole=st.booleans(),
)
async def test_whatever_the_answer_is_there_is_a_value(name: str, status: int, body: bytes, whole: bool) -> None:
    reply = HttpResponse(status=status, headers={}, body=body, body_complete=whole)
    found = await told(ALL[name], reply)
    assert isinstance(found, KINDS)
    if hasattr(found, "detail"):
        assert len(found.detail) <= 500
        assert found.detail.isprintable()
    assert {field.name for field in fields(found)}


def test_deep_json_is_no_json() -> None:
    assert not translate.is_json_object(b'{"a":' * 100_000)
