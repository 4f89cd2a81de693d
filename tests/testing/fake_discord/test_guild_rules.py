"""Each rule about guilds, channels and bots, by its name; and that none is left out."""

from pathlib import Path
from typing import Any

import pytest

from otel_discord.testing.fake_discord import (
    RUN_SERVICE,
    FakeBot,
    FakeDiscord,
    FakeGuild,
    FakeOverwrite,
    FakeRequest,
    FakeResponse,
    Switches,
)
from otel_discord.testing.fake_discord import permissions as may
from otel_discord.testing.fake_discord.rules import GUILD_RULES
from otel_discord.testing.fake_discord.state import CATEGORY, FORUM, THREAD


def told(answer: FakeResponse) -> tuple[int, int | None]:
    json = answer.json if isinstance(answer.json, dict) else {}
    return answer.status, json.get("code")


def errors(answer: FakeResponse) -> dict[str, str]:
    """Return the first error code by key."""
    return {key: tree["_errors"][0]["code"] for key, tree in answer.json["errors"].items()}


def broken(fake: FakeDiscord) -> set[str]:
    return {violation.rule for violation in fake.violations}


def new_channel(ask: Any, guild: FakeGuild, name: str = "run", **more: Any) -> str:
    answer = ask("POST", f"/guilds/{guild.id}/channels", {"name": name} | more)
    assert answer.status == 201, answer.json
    return str(answer.json["id"])


# --------------------------------------------------------------------------------------- who may


@pytest.mark.parametrize("header", ["", "made-up", "Bearer made-up", "Bot made-u", "Bot "])
def test_bot_token(fake: FakeDiscord, guild: FakeGuild, header: str) -> None:
    url = f"{fake.endpoint}/guilds/{guild.id}/channels"
    answer = fake.handle(FakeRequest.of("GET", url, headers={"Authorization": header} if header else {}))
    assert (answer.status, answer.json) == (401, {"message": "401: Unauthorized", "code": 0})
    assert "made-up" not in repr(fake.guilds) + repr(fake.state.bots["made-up"])


@pytest.mark.parametrize(
    ("method", "path", "body", "missing"),
    [
        ("POST", "/guilds/{guild}/channels", {"name": "n"}, may.MANAGE_CHANNELS),
        ("PATCH", "/guilds/{guild}/channels", [], may.MANAGE_CHANNELS),
        ("GET", "/guilds/{guild}/webhooks", None, may.MANAGE_WEBHOOKS),
        ("PATCH", "/channels/{channel}", {"position": 1}, may.MANAGE_CHANNELS),
        ("DELETE", "/channels/{channel}", None, may.MANAGE_CHANNELS),
        ("DELETE", "/channels/{thread}", None, may.MANAGE_THREADS),
        ("PATCH", "/channels/{thread}", {"locked": True}, may.MANAGE_THREADS),
        ("GET", "/channels/{channel}/webhooks", None, may.MANAGE_WEBHOOKS),
        ("POST", "/channels/{channel}/webhooks", {"name": "n"}, may.MANAGE_WEBHOOKS),
        ("PATCH", "/webhooks/{webhook}", {"name": "n"}, may.MANAGE_WEBHOOKS),
        ("DELETE", "/webhooks/{webhook}", None, may.MANAGE_WEBHOOKS),
        ("GET", "/webhooks/{webhook}", None, may.MANAGE_WEBHOOKS),
        ("POST", "/channels/{channel}/messages", {"content": "x"}, may.SEND_MESSAGES),
        ("POST", "/channels/{thread}/messages", {"content": "x"}, may.SEND_MESSAGES_IN_THREADS),
        ("POST", "/channels/{channel}/messages", {"embeds": [{"title": "t"}]}, may.EMBED_LINKS),
        ("POST", "/channels/{channel}/threads", {"name": "n", "type": 11}, may.CREATE_PUBLIC_THREADS),
        ("POST", "/channels/{forum}/threads", {"name": "n", "message": {"content": "x"}}, may.SEND_MESSAGES),
        ("GET", "/channels/{channel}/threads/archived/public", None, may.READ_MESSAGE_HISTORY),
    ],
)
def test_bot_permissions(
    fake: FakeDiscord, guild: FakeGuild, bot: FakeBot, ask: Any, method: str, path: str, body: Any, missing: int
) -> None:
    channel = fake.add_channel("c", guild_id=guild.id)
    ids = {"guild": guild.id, "channel": channel.id, "webhook": fake.add_webhook(channel).id}
    ids |= {"forum": fake.add_channel("f", type=FORUM, guild_id=guild.id).id}
    ids["thread"] = fake.add_thread(channel).id
    guild.permissions[bot.id] = RUN_SERVICE & ~missing
    assert told(ask(method, path.format(**ids), body)) == (403, 50013)
    assert fake.audit == []
    guild.permissions[bot.id] = may.ADMINISTRATOR
    assert ask(method, path.format(**ids), body).status < 300


def test_view_channel_first(fake: FakeDiscord, guild: FakeGuild, bot: FakeBot, ask: Any) -> None:
    hidden = [FakeOverwrite(guild.id, deny=may.VIEW_CHANNEL)]
    channel = fake.add_channel("c", guild_id=guild.id, overwrites=hidden)
    assert told(ask("GET", f"/channels/{channel.id}")) == (403, 50001)
    assert told(ask("DELETE", f"/channels/{channel.id}")) == (403, 50001)
    assert [each["id"] for each in ask("GET", f"/guilds/{guild.id}/channels").json] == [channel.id]
    channel.overwrites.append(FakeOverwrite(bot.id, may.MEMBER, allow=may.VIEW_CHANNEL))
    assert ask("GET", f"/channels/{channel.id}").status == 200


def test_guild_unknown_to_stranger(fake: FakeDiscord, bot: FakeBot, ask: Any) -> None:
    other = fake.add_guild("Other")
    channel = fake.add_channel("c", guild_id=other.id)
    assert told(ask("GET", f"/guilds/{other.id}")) == (404, 10004)
    assert told(ask("POST", f"/guilds/{other.id}/channels", {"name": "n"})) == (404, 10004)
    assert told(ask("GET", f"/channels/{channel.id}")) == (403, 50001)
    fake.switches = Switches(stranger_guild="no_access")
    assert told(ask("GET", f"/guilds/{other.id}/channels")) == (403, 50001)
    assert told(ask("GET", "/guilds/1")) == (404, 10004)


def test_overwrites_own_bits(guild: FakeGuild, bot: FakeBot, ask: Any) -> None:
    def attempt(**overwrite: Any) -> tuple[int, int | None]:
        given = {"name": "n", "permission_overwrites": [{"id": guild.id, "type": 0} | overwrite]}
        return told(ask("POST", f"/guilds/{guild.id}/channels", given))

    assert attempt(deny=str(may.SEND_MESSAGES))[0] == 201
    assert attempt(allow=str(may.MENTION_EVERYONE)) == (403, 50013)
    assert attempt(deny=str(may.MENTION_EVERYONE)) == (403, 50013)
    assert attempt(allow=str(may.MANAGE_ROLES)) == (403, 50013), "only administrators hand that on"
    guild.permissions[bot.id] = may.ADMINISTRATOR
    assert attempt(allow=str(may.MANAGE_ROLES))[0] == 201


def test_overwrites_manage_roles(guild: FakeGuild, bot: FakeBot, ask: Any) -> None:
    guild.permissions[bot.id] = RUN_SERVICE & ~may.MANAGE_ROLES
    denied = [{"id": guild.id, "type": 0, "allow": "0", "deny": str(may.SEND_MESSAGES)}]
    channel_id = new_channel(ask, guild, permission_overwrites=denied)
    path = f"/channels/{channel_id}"
    assert told(ask("PATCH", path, {"permission_overwrites": []})) == (403, 50013)
    assert ask("PATCH", path, {"permission_overwrites": denied}).status == 200, "nothing would change"
    guild.permissions[bot.id] = RUN_SERVICE
    assert ask("PATCH", path, {"permission_overwrites": []}).json["permission_overwrites"] == []


# --------------------------------------------------------------------------------------- channels


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, None, 7])
def test_channel_name_length(guild: FakeGuild, ask: Any, name: Any) -> None:
    answer = ask("POST", f"/guilds/{guild.id}/channels", {"name": name})
    assert told(answer) == (400, 50035)
    assert list(answer.json["errors"]) == ["name"]
    assert guild.channels == []
    assert len(guild.state.channels[new_channel(ask, guild, "x" * 100)].name) == 100


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("run-Task 7-1-AB", "run-task-7-1-ab"),
        ("run  --  x", "run-x"),
        ("a.b/c:d!", "abcd"),
        ("Läufe_ÄÖ", "läufe_äö"),
        ("\tr\nn ", "r-n"),
    ],
)
def test_channel_name_form(guild: FakeGuild, ask: Any, sent: str, stored: str) -> None:
    assert guild.state.channels[new_channel(ask, guild, sent)].name == stored
    assert guild.channel(stored).type == 0
    assert guild.state.channels[new_channel(ask, guild, sent, type=CATEGORY)].name == sent.strip()
    assert errors(ask("POST", f"/guilds/{guild.id}/channels", {"name": "!?"})) == {"name": "CHANNEL_NAME_INVALID"}


def test_channel_topic_length(guild: FakeGuild, ask: Any) -> None:
    channel_id = new_channel(ask, guild, topic="t" * 1024)
    answer = ask("POST", f"/guilds/{guild.id}/channels", {"name": "n", "topic": "t" * 1025})
    assert errors(answer) == {"topic": "BASE_TYPE_BAD_LENGTH"}
    assert len(guild.channels) == 1
    assert ask("GET", f"/channels/{channel_id}").json["topic"] == "t" * 1024
    assert new_channel(ask, guild, type=FORUM, topic="t" * 4096)


def test_channel_parent(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    def attempt(parent_id: Any) -> dict[str, str]:
        return errors(ask("POST", f"/guilds/{guild.id}/channels", {"name": "n", "parent_id": parent_id}))

    elsewhere = fake.add_channel("c", type=CATEGORY)
    assert attempt("1") == attempt(elsewhere.id) == {"parent_id": "CHANNEL_PARENT_INVALID"}
    assert attempt(new_channel(ask, guild)) == {"parent_id": "CHANNEL_PARENT_INVALID_TYPE"}
    assert attempt("x") == {"parent_id": "NUMBER_TYPE_COERCE"}
    category_id = new_channel(ask, guild, "c", type=CATEGORY)
    assert guild.children(category_id)[:] == []
    child = new_channel(ask, guild, parent_id=category_id)
    assert [each.id for each in guild.children(category_id)] == [child]
    assert ask("DELETE", f"/channels/{category_id}").status == 200
    assert ask("GET", f"/channels/{child}").json["parent_id"] is None


def test_channel_synced_with_category(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    quiet = FakeOverwrite(guild.id, deny=may.SEND_MESSAGES)
    loud = fake.add_channel("loud", type=CATEGORY, guild_id=guild.id)
    calm = fake.add_channel("calm", type=CATEGORY, guild_id=guild.id, overwrites=[quiet])
    synced, own = new_channel(ask, guild, parent_id=calm.id), new_channel(ask, guild, parent_id=loud.id)
    assert guild.state.channels[synced].overwrites == [quiet]
    assert ask("PATCH", f"/channels/{own}", {"parent_id": calm.id}).json["permission_overwrites"] == []
    bare = new_channel(ask, guild, parent_id=calm.id, permission_overwrites=[])
    assert guild.state.channels[bare].overwrites == []


def test_category_channels_count(guild: FakeGuild, ask: Any) -> None:
    category_id = new_channel(ask, guild, "c", type=CATEGORY)
    other = new_channel(ask, guild, "other")
    guild.fill(49, parent_id=category_id)
    last = new_channel(ask, guild, parent_id=category_id)
    full = {"parent_id": "CHANNEL_PARENT_MAX_CHANNELS"}
    assert errors(ask("POST", f"/guilds/{guild.id}/channels", {"name": "n", "parent_id": category_id})) == full
    assert errors(ask("PATCH", f"/channels/{other}", {"parent_id": category_id})) == full
    assert ask("PATCH", f"/channels/{last}", {"parent_id": category_id}).status == 200, "it is there already"
    assert ask("PATCH", f"/channels/{last}", {"parent_id": None}).status == 200
    assert ask("PATCH", f"/channels/{other}", {"parent_id": category_id}).status == 200


def test_guild_channels_count(guild: FakeGuild, ask: Any) -> None:
    guild.fill(498)
    category_id = new_channel(ask, guild, "c", type=CATEGORY)
    new_channel(ask, guild, parent_id=category_id)
    assert told(ask("POST", f"/guilds/{guild.id}/channels", {"name": "n", "parent_id": category_id})) == (400, 30013)
    assert ask("POST", f"/channels/{guild.channels[0].id}/threads", {"name": "t", "type": 11}).status == 201


def test_marked_channel_renamed(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    plain, marked = new_channel(ask, guild), new_channel(ask, guild, topic="run:7")
    ask("PATCH", f"/channels/{plain}", {"name": "other", "topic": "t"})
    ask("PATCH", f"/channels/{marked}", {"position": 3})
    fake.assert_clean()
    assert ask("PATCH", f"/channels/{marked}", {"name": "other"}).json["name"] == "other"
    assert broken(fake) == {"marked_channel_renamed"}


# --------------------------------------------------------------------------------------- webhooks


def test_channel_webhooks_count(guild: FakeGuild, ask: Any) -> None:
    path = f"/channels/{new_channel(ask, guild)}/webhooks"
    ids = [ask("POST", path, {"name": "n"}).json["id"] for _ in range(15)]
    assert told(ask("POST", path, {"name": "n"})) == (400, 30007)
    assert ask("DELETE", f"/webhooks/{ids[0]}").status == 204
    assert ask("POST", path, {"name": "n"}).status == 200


def test_guild_webhooks_count(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    crowded = fake.add_channel("c", guild_id=guild.id)
    for _ in range(999):
        fake.add_webhook(crowded)
    path = f"/channels/{new_channel(ask, guild)}/webhooks"
    assert ask("POST", path, {"name": "n"}).status == 200
    assert told(ask("POST", path, {"name": "n"})) == (400, 30058)


def test_webhook_token_of_own_only(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    channel_id = new_channel(ask, guild)
    fake.add_webhook(fake.state.channels[channel_id])
    own = ask("POST", f"/channels/{channel_id}/webhooks", {"name": "Agent  Run"}).json
    assert own["name"] == "Agent Run"
    listed = ask("GET", f"/guilds/{guild.id}/webhooks").json
    assert ["token" in each for each in listed] == ["url" in each for each in listed] == [False, True]
    assert listed == ask("GET", f"/channels/{channel_id}/webhooks").json
    assert listed[1] == own == ask("GET", f"/webhooks/{own['id']}").json
    sent = fake.handle(FakeRequest.of("POST", f"{own['url']}?wait=true", json_body={"content": "x"}))
    assert sent.json["channel_id"] == channel_id


# --------------------------------------------------------------------------------------- threads and messages


def test_active_threads_count(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    parent = fake.add_channel("c", guild_id=guild.id)
    threads = [fake.add_thread(parent) for _ in range(1000)]
    path = f"/channels/{parent.id}/threads"
    assert told(ask("POST", path, {"name": "t", "type": THREAD})) == (400, 160006)
    threads[0].archived = True
    assert ask("POST", path, {"name": "t", "type": THREAD}).status == 201


def test_thread_archived(fake: FakeDiscord, guild: FakeGuild, ask: Any, clock: Any) -> None:
    parent = new_channel(ask, guild)
    thread = ask("POST", f"/channels/{parent}/threads", {"name": "Run 7", "type": 11}).json["id"]
    said = ask.say(thread).json["id"]
    clock.now_s += 60
    assert ask("PATCH", f"/channels/{thread}", {"archived": True}).json["thread_metadata"]["archived"] is True
    assert told(ask("PATCH", f"/channels/{thread}", {"name": "other"})) == (400, 50083)
    edit = {"content": "y", "allowed_mentions": {"parse": []}}
    assert told(ask("PATCH", f"/channels/{thread}/messages/{said}", edit)) == (400, 50083)
    assert ask.say(thread).status == 200
    assert ask("GET", f"/channels/{thread}").json["thread_metadata"]["archived"] is False
    assert ask("PATCH", f"/channels/{thread}", {"archived": True, "locked": True}).status == 200
    assert told(ask.say(thread)) == (400, 50083)


def test_thread_archives_itself(fake: FakeDiscord, guild: FakeGuild, ask: Any, clock: Any) -> None:
    parent = fake.add_channel("c", guild_id=guild.id)
    hook = fake.add_webhook(parent)
    body = {"name": "t", "type": THREAD, "auto_archive_duration": 1440}
    thread = ask("POST", f"/channels/{parent.id}/threads", body).json["id"]
    assert told(ask("POST", f"/channels/{parent.id}/threads", body | {"auto_archive_duration": 7})) == (400, 50035)

    def post() -> str:
        quiet = {"content": "x", "allowed_mentions": {"parse": []}}
        url = f"{hook.url}?wait=true&thread_id={thread}"
        return str(fake.handle(FakeRequest.of("POST", url, json_body=quiet)).json["id"])

    def archived() -> bool:
        return bool(ask("GET", f"/channels/{thread}").json["thread_metadata"]["archived"])

    clock.now_s += 86_399
    assert not archived()
    message_id = post()
    clock.now_s += 86_399
    assert not archived(), "a message begins the time anew"
    clock.now_s += 2
    edit = {"content": "y", "allowed_mentions": {"parse": []}}
    url = f"{hook.url}/messages/{message_id}?thread_id={thread}"
    assert told(fake.handle(FakeRequest.of("PATCH", url, json_body=edit))) == (400, 50083)
    assert archived()
    post()
    assert not archived(), "a message takes it out"


def test_message_nonce(fake: FakeDiscord, guild: FakeGuild, ask: Any, clock: Any) -> None:
    channel_id = new_channel(ask, guild)

    def say(nonce: Any = "n", *, enforce: bool = True) -> str:
        return str(ask.say(channel_id, nonce=nonce, enforce_nonce=enforce).json["id"])

    first = say()
    clock.now_s += 120
    assert say() == first
    assert len({first, say(enforce=False), say("other")}) == 3
    clock.now_s += 300
    assert say() != first
    assert told(ask.say(channel_id, nonce="n" * 26)) == (400, 50035)
    assert ask.say(channel_id, nonce="n" * 25).json["nonce"] == "n" * 25
    assert len(fake.messages) == 5


def test_message_nonce_across_channels(guild: FakeGuild, ask: Any) -> None:
    one, other = new_channel(ask, guild), new_channel(ask, guild)
    first = ask.say(one, nonce="n", enforce_nonce=True).json
    assert ask.say(other, nonce="n", enforce_nonce=True).json == first


# --------------------------------------------------------------------------------------- the audit log


def test_audit_reason_length(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    path = f"/guilds/{guild.id}/channels"
    assert ask("POST", path, {"name": "n"}, reason="ä" * 512).status == 201
    assert told(ask("POST", path, {"name": "n"}, reason="ä" * 513)) == (400, 50035)
    assert told(ask("POST", path, {"name": "n"}, reason="")) == (400, 50035)
    assert [(each.action, each.reason) for each in fake.audit] == [("channel_create", "ä" * 512)]


def test_missing_audit_reason(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    channel_id = new_channel(ask, guild)
    assert ask("POST", f"/channels/{channel_id}/webhooks", {"name": "n"}, reason=None).status == 200
    assert ask("DELETE", f"/channels/{channel_id}", reason=None).status == 200
    assert [each.rule for each in fake.violations] == ["missing_audit_reason"] * 2
    assert [(each.action, each.reason) for each in fake.audit][1:] == [("webhook_create", ""), ("channel_delete", "")]


def test_audit_reason_encoding(fake: FakeDiscord, guild: FakeGuild, ask: Any) -> None:
    ask("POST", f"/guilds/{guild.id}/channels", {"name": "n"}, **{"X-Audit-Log-Reason": "run 7: fällt 100%"})
    assert broken(fake) == {"audit_reason_encoding"}


# --------------------------------------------------------------------------------------- all of them


def test_every_rule_is_here_or_with_the_limits() -> None:
    here = Path(__file__).parent
    text = "".join((here / name).read_text() for name in ("test_guild_rules.py", "test_bot_limits.py"))
    assert [rule.name for rule in GUILD_RULES if f"def test_{rule.name}(" not in text] == []
