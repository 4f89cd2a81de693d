"""What bots are answered; answers fit the published contract where it is at hand."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from otel_discord.testing.fake_discord import FakeBot, FakeDiscord, FakeGuild, FakeRequest, FakeResponse
from otel_discord.testing.fake_discord import permissions as may
from otel_discord.testing.fake_discord.bot_operations import BOT_OPERATIONS
from otel_discord.testing.fake_discord.bot_routes import BOT_ROUTES
from otel_discord.testing.fake_discord.state import CATEGORY, FORUM

CONTRACT = Path(__file__).parents[4] / "shared" / "discord-openapi-webhooks.json"
QUIET = {"allowed_mentions": {"parse": []}}


def told(answer: FakeResponse) -> tuple[int, int | None]:
    json = answer.json if isinstance(answer.json, dict) else {}
    return answer.status, json.get("code")


@pytest.fixture
def channel_id(fake: FakeDiscord, guild: FakeGuild) -> str:
    return fake.add_channel("c", guild_id=guild.id).id


# --------------------------------------------------------------------------------------- the bot and its guilds


def test_a_bot_is_told_who_it_is_and_what_it_may(fake: FakeDiscord, ask: Any, bot: FakeBot, guild: FakeGuild) -> None:
    me = ask("GET", "/users/@me").json
    assert (me["id"], me["username"], me["bot"]) == (bot.id, "Runner", True)
    assert ask("GET", "/oauth2/applications/@me").json["id"] == bot.application_id
    assert ask("GET", "/applications/@me").json["bot"]["id"] == bot.id
    (mine,) = ask("GET", "/users/@me/guilds").json
    assert (mine["id"], mine["permissions"], mine["owner"]) == (guild.id, str(may.RUN_SERVICE), False)
    whole = ask("GET", f"/guilds/{guild.id}").json
    assert whole["roles"] == ask("GET", f"/guilds/{guild.id}/roles").json
    member = ask("GET", f"/guilds/{guild.id}/members/{bot.id}").json
    held = [int(role["permissions"]) for role in whole["roles"] if role["id"] in {guild.id, *member["roles"]}]
    assert held == [0, may.RUN_SERVICE]
    guild.owner_id = bot.id
    assert ask("GET", "/users/@me/guilds").json[0]["owner"] is True
    stranger = fake.add_bot("other")
    assert told(ask("GET", f"/guilds/{guild.id}/members/{stranger.id}")) == (404, 10007)
    assert told(ask("GET", f"/guilds/{guild.id}/members/1")) == (404, 10013)


def test_guilds_come_in_pages(fake: FakeDiscord, ask: Any, bot: FakeBot) -> None:
    made = [fake.add_guild(f"g{n}", bot=bot).id for n in range(5)]

    def page(query: str) -> list[str]:
        return [each["id"] for each in ask("GET", f"/users/@me/guilds{query}").json]

    assert page("") == made
    assert page("?limit=2") == made[:2]
    assert page(f"?limit=2&after={made[1]}") == made[2:4]
    assert page(f"?limit=2&before={made[4]}") == made[2:4]
    assert told(ask("GET", "/users/@me/guilds?limit=201")) == (400, 50035)
    assert told(ask("GET", "/users/@me/guilds?limit=0")) == (400, 50035)
    assert told(ask("GET", "/users/@me/guilds?after=x")) == (400, 50035)


# --------------------------------------------------------------------------------------- the life of a run's channel


def test_a_runs_channel_from_its_making_to_its_end(fake: FakeDiscord, ask: Any, guild: FakeGuild) -> None:
    runs, archive = (
        ask("POST", f"/guilds/{guild.id}/channels", {"name": name, "type": CATEGORY}).json["id"]
        for name in ("Agent Runs", "Agent Runs Archive")
    )
    body = {"name": "run-7-1-ab", "parent_id": runs, "topic": "run 7"}
    channel = ask("POST", f"/guilds/{guild.id}/channels", body).json
    assert [each.id for each in guild.children(runs)] == [channel["id"]]
    hook = ask("POST", f"/channels/{channel['id']}/webhooks", {"name": "Agent Run ab"}).json
    post = FakeRequest.of("POST", f"{hook['url']}?wait=true", json_body=QUIET | {"content": "x"})
    assert fake.handle(post).status == 200
    assert ask("DELETE", f"/webhooks/{hook['id']}").status == 204
    assert told(fake.handle(post)) == (404, 10015)
    denied = [{"id": guild.id, "type": 0, "deny": str(may.SEND_MESSAGES)}]
    moved = ask("PATCH", f"/channels/{channel['id']}", {"parent_id": archive, "permission_overwrites": denied}).json
    assert (moved["parent_id"], moved["topic"], moved["name"]) == (archive, "run 7", "run-7-1-ab")
    assert told(ask.say(channel["id"])) == (403, 50013)
    assert ask("DELETE", f"/channels/{channel['id']}").json["id"] == channel["id"]
    assert told(ask("DELETE", f"/channels/{channel['id']}")) == (404, 10003)
    assert [entry.action for entry in fake.audit] == [
        *("channel_create", "channel_create", "channel_create", "webhook_create"),
        *("webhook_delete", "channel_update", "channel_delete"),
    ]
    assert {entry.reason for entry in fake.audit} == {"a run"}


def test_deleting_a_channel_ends_its_webhooks_and_threads(
    fake: FakeDiscord, ask: Any, guild: FakeGuild, channel_id: str
) -> None:
    hook = ask("POST", f"/channels/{channel_id}/webhooks", {"name": "n"}).json
    thread = ask("POST", f"/channels/{channel_id}/threads", {"name": "t", "type": 11}).json["id"]
    ask("DELETE", f"/channels/{channel_id}")
    assert told(ask("GET", f"/webhooks/{hook['id']}")) == (404, 10015)
    assert told(ask("GET", f"/channels/{thread}")) == (404, 10003)
    assert (guild.channels, guild.threads, guild.webhooks) == ([], [], [])


@pytest.mark.parametrize("name", ["clyde", "My Discord Hook", "x" * 81, "", "here", None])
def test_names_of_webhooks_that_are_refused(ask: Any, channel_id: str, name: Any) -> None:
    answer = ask("POST", f"/channels/{channel_id}/webhooks", {"name": name})
    assert told(answer) == (400, 50035)
    assert list(answer.json["errors"]) == ["name"]


def test_a_webhook_is_renamed_and_moved(fake: FakeDiscord, ask: Any, guild: FakeGuild, channel_id: str) -> None:
    hook = ask("POST", f"/channels/{channel_id}/webhooks", {"name": "n"}).json
    other = fake.add_channel("d", guild_id=guild.id).id
    moved = ask("PATCH", f"/webhooks/{hook['id']}", {"name": "m", "channel_id": other}).json
    assert (moved["name"], moved["channel_id"], moved["token"]) == ("m", other, hook["token"])
    assert told(ask("PATCH", f"/webhooks/{hook['id']}", {"channel_id": "1"})) == (404, 10003)
    category = fake.add_channel("e", type=CATEGORY, guild_id=guild.id).id
    assert told(ask("POST", f"/channels/{category}/webhooks", {"name": "n"})) == (400, 50024)


def test_several_channels_are_moved_at_once(fake: FakeDiscord, ask: Any, guild: FakeGuild, channel_id: str) -> None:
    quiet = may.FakeOverwrite(guild.id, deny=may.SEND_MESSAGES)
    category = fake.add_channel("e", type=CATEGORY, guild_id=guild.id, overwrites=[quiet])
    path = f"/guilds/{guild.id}/channels"
    moves = [{"id": channel_id, "parent_id": category.id, "lock_permissions": True, "position": 4}]
    assert ask("PATCH", path, moves).status == 204
    moved = fake.state.channels[channel_id]
    assert (moved.parent_id, moved.overwrites, moved.position) == (category.id, [quiet], 4)
    assert told(ask("PATCH", path, [{"id": "1"}])) == (404, 10003)
    assert told(ask("PATCH", path, {})) == (400, 50109)


# --------------------------------------------------------------------------------------- messages


def test_messages_are_listed_latest_first_and_by_pages(ask: Any, channel_id: str) -> None:
    ids = [ask.say(channel_id, str(n)).json["id"] for n in range(5)]

    def page(query: str) -> list[str]:
        return [each["id"] for each in ask("GET", f"/channels/{channel_id}/messages{query}").json]

    assert page("") == ids[::-1]
    assert page("?limit=2") == [ids[4], ids[3]]
    assert page(f"?limit=2&after={ids[0]}") == [ids[2], ids[1]]
    assert page(f"?limit=2&before={ids[4]}") == [ids[3], ids[2]]
    assert told(ask("GET", f"/channels/{channel_id}/messages?limit=101")) == (400, 50035)


def test_a_bot_edits_and_deletes_its_own_messages(
    fake: FakeDiscord, ask: Any, guild: FakeGuild, channel_id: str
) -> None:
    path = f"/channels/{channel_id}/messages"
    own = ask.say(channel_id, embeds=[{"title": "t"}]).json
    edited = ask("PATCH", f"{path}/{own['id']}", QUIET | {"content": "y"}).json
    assert (edited["content"], len(edited["embeds"]), edited["author"]["id"]) == ("y", 1, own["author"]["id"])
    assert "webhook_id" not in edited
    hook = fake.add_webhook(fake.state.channels[channel_id])
    fake.handle(FakeRequest.of("POST", f"{hook.url}?wait=true", json_body=QUIET | {"content": "z"}))
    others = fake.messages[-1].id
    assert ask("GET", f"{path}/{others}").json["webhook_id"] == hook.id
    assert told(ask("PATCH", f"{path}/{others}", QUIET | {"content": "w"})) == (403, 50005)
    assert told(ask("DELETE", f"{path}/{others}")) == (403, 50013)
    assert ask("DELETE", f"{path}/{own['id']}").status == 204
    assert told(ask("GET", f"{path}/{own['id']}")) == (404, 10008)
    assert told(ask.say(channel_id, "")) == (400, 50006)
    assert [entry.kind for entry in fake.journal] == ["created", "edited", "created", "deleted"]


def test_without_the_intent_a_bot_reads_only_itself(fake: FakeDiscord, ask: Any, bot: FakeBot, channel_id: str) -> None:
    hook = fake.add_webhook(fake.state.channels[channel_id])
    fake.handle(FakeRequest.of("POST", f"{hook.url}?wait=true", json_body=QUIET | {"content": "secret"}))
    ask.say(channel_id, "mine")
    path = f"/channels/{channel_id}/messages"
    assert [each["content"] for each in ask("GET", path).json] == ["mine", "secret"]
    bot.message_content = False
    assert [each["content"] for each in ask("GET", path).json] == ["mine", ""]


def test_without_the_history_a_bot_reads_nothing(ask: Any, guild: FakeGuild, bot: FakeBot, channel_id: str) -> None:
    ask.say(channel_id)
    guild.permissions[bot.id] &= ~may.READ_MESSAGE_HISTORY
    assert ask("GET", f"/channels/{channel_id}/messages").json == []


@pytest.mark.parametrize("body", [{"content": "x"}, QUIET | {"content": "x", "username": "u"}])
def test_careless_messages_are_noted(fake: FakeDiscord, ask: Any, channel_id: str, body: Any) -> None:
    assert ask("POST", f"/channels/{channel_id}/messages", body).status == 200
    assert len(fake.violations) == 1


# --------------------------------------------------------------------------------------- threads


def test_threads_of_a_channel(fake: FakeDiscord, ask: Any, guild: FakeGuild, channel_id: str, clock: Any) -> None:
    path = f"/channels/{channel_id}/threads"
    made = [ask("POST", path, {"name": f"Run {n}", "type": 11}).json for n in range(3)]
    assert made[0]["name"] == "Run 0", "names of threads stay as they are"
    assert "archived" not in ask("GET", f"/channels/{channel_id}").json
    ask("PATCH", f"/channels/{channel_id}", {"archived": True})
    assert [each.rule for each in fake.violations] == ["unknown_key"]
    for thread in made[:2]:
        clock.now_s += 60
        ask("PATCH", f"/channels/{thread['id']}", {"archived": True, "locked": True})
    active = ask("GET", f"/guilds/{guild.id}/threads/active").json
    assert [each["id"] for each in active["threads"]] == [made[2]["id"]]
    listed = ask("GET", f"/channels/{channel_id}/threads/archived/public").json
    assert [each["id"] for each in listed["threads"]] == [made[1]["id"], made[0]["id"]]
    stamp = listed["threads"][0]["thread_metadata"]["archive_timestamp"].replace("+00:00", "Z")
    earlier = ask("GET", f"/channels/{channel_id}/threads/archived/public?before={stamp}").json
    assert [each["id"] for each in earlier["threads"]] == [made[0]["id"]]
    assert ask("POST", path, {"name": "t"}).status == 403, "without a type it is a private one"


def test_a_thread_at_a_message_has_its_id(ask: Any, channel_id: str) -> None:
    message_id = ask.say(channel_id).json["id"]
    path = f"/channels/{channel_id}/messages/{message_id}/threads"
    assert ask("POST", path, {"name": "t"}).json["id"] == message_id
    assert told(ask("POST", path, {"name": "t"})) == (400, 160004)


def test_a_post_of_a_forum(fake: FakeDiscord, ask: Any, guild: FakeGuild) -> None:
    forum = fake.add_channel("f", type=FORUM, guild_id=guild.id).id
    post = ask("POST", f"/channels/{forum}/threads", {"name": "Run", "message": QUIET | {"content": "x"}}).json
    assert (post["parent_id"], post["message"]["channel_id"]) == (forum, post["id"])
    assert told(ask("POST", f"/channels/{forum}/threads", {"name": "Run"})) == (400, 50035)
    hook = ask("POST", f"/channels/{forum}/webhooks", {"name": "n"}).json
    ask("PATCH", f"/channels/{post['id']}", {"archived": True})
    url = f"{hook['url']}?wait=true&thread_id={post['id']}"
    assert fake.handle(FakeRequest.of("POST", url, json_body=QUIET | {"content": "x"})).status == 200
    assert fake.state.channels[post["id"]].archived is False
    assert told(ask.say(forum)) == (400, 50008)


# --------------------------------------------------------------------------------------- paths and the contract


def test_every_operation_has_a_path() -> None:
    named = [operation for _, operations in BOT_ROUTES for operation in operations.values()]
    assert sorted(named) == sorted(BOT_OPERATIONS)


def test_paths_that_are_none(ask: Any, channel_id: str) -> None:
    assert told(ask("PUT", f"/channels/{channel_id}"))[0] == 405
    assert told(ask("GET", f"/channels/{channel_id}/pins"))[0] == 404


def test_an_unversioned_path_is_noted(fake: FakeDiscord, ask: Any) -> None:
    fake.endpoint = fake.endpoint.replace("/v10", "")
    assert ask("GET", "/users/@me").status == 200
    assert [each.rule for each in fake.violations] == ["unversioned"]


def test_answers_fit_the_contract(fake: FakeDiscord, ask: Any, guild: FakeGuild) -> None:
    if not CONTRACT.exists():
        pytest.skip("the published contract is not beside the repository (../shared/discord-openapi-webhooks.json)")
    contract = json.loads(CONTRACT.read_text())

    def check(name: str, value: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": contract["components"]}
        jsonschema.Draft202012Validator(schema).validate(value)

    denied = [{"id": guild.id, "type": 0, "deny": "2048"}]
    category = ask("POST", f"/guilds/{guild.id}/channels", {"name": "c", "type": CATEGORY}).json
    body = {"name": "n", "topic": "t", "parent_id": category["id"], "permission_overwrites": denied}
    channel = ask("POST", f"/guilds/{guild.id}/channels", body).json
    forum = ask("POST", f"/guilds/{guild.id}/channels", {"name": "f", "type": FORUM}).json
    thread = ask("POST", f"/channels/{channel['id']}/threads", {"name": "t", "type": 11}).json
    hook = ask("POST", f"/channels/{channel['id']}/webhooks", {"name": "n"}).json
    for each in (category, channel, forum, ask("PATCH", f"/channels/{channel['id']}", {"parent_id": None}).json):
        check("GuildChannelResponse", each)
    for each in channel["permission_overwrites"]:
        check("ChannelPermissionOverwriteResponse", each)
    check("ThreadResponse", thread)
    check("GuildIncomingWebhookResponse", hook)
    check("GuildIncomingWebhookResponse", ask("GET", f"/webhooks/{hook['id']}").json)
    check("MessageResponse", ask.say(thread["id"]).json)
    check("UserPIIResponse", ask("GET", "/users/@me").json)
    check("Error", ask("GET", "/channels/1").json)
    published = {
        operation.get("operationId")
        for path in contract["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
    }
    assert len(set(BOT_OPERATIONS) & published) == 15, "the others are outside of the extract"
