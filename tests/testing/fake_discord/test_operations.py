"""What each operation does, in Discord's order of checks; answers fit the published contract where it is at hand."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from otel_discord.testing.fake_discord import FakeDiscord, FakeRequest, FakeResponse, FakeWebhook, FormPart, Switches
from otel_discord.testing.fake_discord.state import FORUM

CONTRACT = Path(__file__).parents[4] / "shared" / "discord-openapi-webhooks.json"
Answer = tuple[int, int | None]


def call(fake: FakeDiscord, method: str, url: str, body: Any = None, **more: Any) -> FakeResponse:
    return fake.handle(FakeRequest.of(method, url, json_body=body, **more))


def told(answer: FakeResponse) -> Answer:
    return answer.status, (answer.json or {}).get("code")


def new_message(fake: FakeDiscord, hook: FakeWebhook, **body: Any) -> str:
    answer = call(fake, "POST", f"{hook.url}?wait=true", {"content": "first", "allowed_mentions": {"parse": []}} | body)
    return f"{hook.url}/messages/{answer.json['id']}"


@pytest.fixture
def url(fake: FakeDiscord, hook: FakeWebhook) -> str:
    return new_message(fake, hook, embeds=[{"title": "t"}])


# ------------------------------------------------------------------------------------------------- messages


def test_create_without_waiting_is_204_with_an_empty_body(fake: FakeDiscord, hook: FakeWebhook) -> None:
    answer = call(fake, "POST", hook.url, {"content": "x"})
    assert (answer.status, answer.body, answer.header("Content-Type")) == (204, b"", None)


def test_ids_grow_with_time_and_come_from_the_seed(clock: Any) -> None:
    def ids(seed: int) -> tuple[list[str], str]:
        fake = FakeDiscord("unlimited", now=clock, seed=seed)
        hook = fake.add_webhook()
        for _ in range(3):
            call(fake, "POST", hook.url, {"content": "x"})
        return [message.id for message in fake.messages], hook.token

    first, token = ids(1)
    assert (first, token) == ids(1)
    assert first == sorted(first, key=int)
    assert len(set(first)) == 3
    assert ids(2)[1] != token
    assert len(token) == 68


def test_an_edit_changes_what_it_names_and_keeps_the_rest(fake: FakeDiscord, url: str, clock: Any) -> None:
    clock.now_s += 5
    answer = call(fake, "PATCH", url, {"content": "second", "allowed_mentions": {"parse": []}})
    assert (answer.status, answer.json["content"], len(answer.json["embeds"])) == (200, "second", 1)
    assert answer.json["edited_timestamp"] == "2026-01-01T00:00:05.000000+00:00"
    assert call(fake, "PATCH", url, {"content": None, "allowed_mentions": {"parse": []}}).json["content"] == ""
    assert told(call(fake, "PATCH", url, {"embeds": [], "allowed_mentions": {"parse": []}})) == (400, 50006)
    assert [entry.kind for entry in fake.journal] == ["created", "edited", "edited"]
    assert fake.violations == []
    assert fake.messages[0].embeds == [{"type": "rich", "title": "t"}]


def test_an_edit_keeps_the_files_that_it_names(fake: FakeDiscord, hook: FakeWebhook) -> None:
    parts = tuple(FormPart(f"files[{n}]", b"x", f"{n}.txt", "text/plain") for n in range(2))
    body = {"attachments": [{"id": 0}, {"id": 1}], "allowed_mentions": {"parse": []}, "content": "x"}
    made = call(fake, "POST", f"{hook.url}?wait=true", body, parts=parts).json
    url = f"{hook.url}/messages/{made['id']}"
    assert len(call(fake, "PATCH", url, {"content": "y"}).json["attachments"]) == 2
    keep = {"attachments": [{"id": made["attachments"][1]["id"], "description": "d"}]}
    assert [each["filename"] for each in call(fake, "PATCH", url, keep).json["attachments"]] == ["1.txt"]
    assert call(fake, "PATCH", url, {"attachments": []}).json["attachments"] == []


def test_a_deleted_message_is_unknown(fake: FakeDiscord, url: str) -> None:
    assert told(call(fake, "DELETE", url)) == (204, None)
    for method in ("GET", "PATCH", "DELETE"):
        assert told(call(fake, method, url, {"content": "x"} if method == "PATCH" else None)) == (404, 10008)
    assert fake.messages == []
    assert [entry.kind for entry in fake.journal] == ["created", "deleted"]


def test_a_message_of_another_webhook_is_unknown(fake: FakeDiscord, url: str) -> None:
    other = fake.add_webhook()
    assert told(call(fake, "GET", url.replace(fake.webhooks[0].url, other.url))) == (404, 10008)


def test_a_text_that_pings_is_seen(fake: FakeDiscord, hook: FakeWebhook) -> None:
    text = "<@1> <@!2> <@&3> @everyone"
    for mentions, whom in [
        (None, ("user:1", "user:2")),
        ({"parse": []}, ()),
        ({"parse": ["everyone"]}, ("everyone",)),
        ({"parse": [], "roles": ["3"], "users": ["2"]}, ("user:2", "role:3")),
    ]:
        body: dict[str, Any] = {"content": text, "embeds": [{"title": "<@9>"}]}
        call(fake, "POST", hook.url, body | ({} if mentions is None else {"allowed_mentions": mentions}))
        assert fake.messages[-1].pinged == whom


# -------------------------------------------------------------------------------------------------- threads


@pytest.mark.parametrize(
    ("type_", "query", "body", "expected"),
    [
        (FORUM, "", {}, (400, 220001)),
        (FORUM, "", {"thread_name": "t" * 100}, (200, None)),
        (FORUM, "", {"thread_name": "t" * 101}, (400, 50035)),
        (FORUM, "&thread_id={thread}", {}, (200, None)),
        (FORUM, "&thread_id={thread}", {"thread_name": "t"}, (400, 220002)),
        (0, "", {"thread_name": "t"}, (400, 220003)),
        (0, "&thread_id={thread}", {}, (200, None)),
        (0, "&thread_id=123", {}, (404, 10003)),
    ],
)
def test_forums_want_a_thread_and_others_do_not(
    type_: int, query: str, body: dict[str, Any], expected: Answer, fake: FakeDiscord
) -> None:
    channel = fake.add_channel(type=type_)
    thread = fake.add_thread(channel)
    hook = fake.add_webhook(channel)
    url = f"{hook.url}?wait=true{query.format(thread=thread.id)}"
    assert told(call(fake, "POST", url, {"content": "x"} | body)) == expected


def test_a_forum_can_want_a_tag_and_a_thread_can_be_locked(fake: FakeDiscord) -> None:
    forum = fake.add_channel(type=FORUM, requires_tag=True)
    hook = fake.add_webhook(forum)
    assert told(call(fake, "POST", hook.url, {"content": "x", "thread_name": "t"})) == (400, 40067)
    assert call(fake, "POST", hook.url, {"content": "x", "thread_name": "t", "applied_tags": ["1"]}).status == 204
    thread = fake.add_thread(forum)
    thread.locked = True
    assert told(call(fake, "POST", f"{hook.url}?thread_id={thread.id}", {"content": "x"})) == (400, 160005)


def test_a_message_in_a_thread_is_found_with_its_thread(fake: FakeDiscord, hook: FakeWebhook) -> None:
    thread = fake.add_thread(fake.state.channels[hook.channel_id])
    made = call(fake, "POST", f"{hook.url}?wait=true&thread_id={thread.id}", {"content": "x"}).json
    assert made["channel_id"] == thread.id
    assert told(call(fake, "GET", f"{hook.url}/messages/{made['id']}")) == (404, 10008)
    assert call(fake, "GET", f"{hook.url}/messages/{made['id']}?thread_id={thread.id}").status == 200


# -------------------------------------------------------------------------------------------------- webhook


def test_a_webhook_tells_its_channel_and_takes_a_name(fake: FakeDiscord, hook: FakeWebhook) -> None:
    assert call(fake, "GET", hook.url).json["channel_id"] == hook.channel_id
    assert call(fake, "PATCH", hook.url, {"name": "n" * 80}).json["name"] == "n" * 80
    for name in ("", "n" * 81, "a discord b", "CLYDE"):
        assert told(call(fake, "PATCH", hook.url, {"name": name})) == (400, 50035)
    new_message(fake, hook)
    assert fake.messages[0].username == "n" * 80
    assert call(fake, "DELETE", hook.url).status == 204
    assert told(call(fake, "GET", hook.url)) == (404, 10015)


def test_a_webhook_that_is_gone_or_has_another_token(fake: FakeDiscord, hook: FakeWebhook) -> None:
    former = hook.url
    fake.rotate_token(hook)
    assert told(call(fake, "POST", former, {"content": "x"})) == (401, 50027)
    assert call(fake, "POST", hook.url, {"content": "x"}).status == 204
    fake.state.delete_channel(fake.state.channels[hook.channel_id])
    assert told(call(fake, "POST", hook.url, {"content": "x"})) == (404, 10015)
    assert hook.token not in repr(hook)


# ---------------------------------------------------------------------------------------------- what comes first


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/v10/nothing", (404, 0)),
        ("/elsewhere", (404, 0)),
        ("/api/v10/webhooks/1/t/messages/x", (404, 0)),
        ("/api/v4/webhooks/1/t", (400, 50041)),
        ("/api/v10/webhooks/1/t", (404, 10015)),
    ],
)
def test_paths(path: str, expected: Answer, fake: FakeDiscord) -> None:
    assert told(call(fake, "POST", f"https://discord.com{path}", {"content": "x"})) == expected


def test_a_wrong_method_is_405(fake: FakeDiscord, hook: FakeWebhook) -> None:
    assert call(fake, "PUT", hook.url, {"content": "x"}).status == 405


@pytest.mark.parametrize("agent", ["", "Python/3.11 aiohttp/3.14.5"])
def test_a_library_without_a_name_of_its_own_is_refused(agent: str, hook: FakeWebhook, fake: FakeDiscord) -> None:
    assert told(call(fake, "POST", hook.url, {"content": "x"}, headers={"User-Agent": agent})) == (403, 40333)


def test_the_status_of_that_refusal_has_a_switch(clock: Any) -> None:
    fake = FakeDiscord(now=clock, switches=Switches(user_agent_status=400))
    assert told(call(fake, "GET", fake.add_webhook().url, headers={"User-Agent": ""})) == (400, 40333)


@pytest.mark.parametrize("version", ["", "/v6", "/v7"])
def test_old_versions_answer_in_the_old_style(version: str, clock: Any) -> None:
    fake = FakeDiscord(now=clock)
    old = fake.add_webhook().url.replace("/v10", version)
    assert call(fake, "POST", old, {"embeds": [{"title": "t" * 257}]}).json == {"embeds": ["0"]}
    for _ in range(4):
        call(fake, "POST", old, {"content": "x"})
    limited = call(fake, "POST", old, {"content": "x"})
    assert (limited.status, limited.json["retry_after"]) == (429, 400)
    assert {violation.rule for violation in fake.violations} >= {"unversioned"}


# ------------------------------------------------------------------------------------------------- contract


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    if not CONTRACT.exists():
        pytest.skip("the published contract is not beside the repository (../shared/discord-openapi-webhooks.json)")
    return json.loads(CONTRACT.read_text())


def check(contract: dict[str, Any], name: str, value: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": contract["components"]}
    jsonschema.Draft202012Validator(schema).validate(value)


FULL = {
    "content": "c",
    "username": "u",
    "embeds": [
        {
            "title": "t",
            "url": "https://a.invalid",
            "color": 0,
            "timestamp": "2026-01-01T00:00:00Z",
            "description": "d",
            "author": {"name": "a", "icon_url": "https://a.invalid/i.png"},
            "footer": {"text": "f"},
            "fields": [{"name": "n", "value": "v"}],
            "image": {"url": "attachment://a.png"},
        }
    ],
    "attachments": [{"id": "0", "filename": "a.png", "description": "d"}],
    "allowed_mentions": {"parse": []},
}


def test_answers_fit_the_contract(contract: dict[str, Any], fake: FakeDiscord, hook: FakeWebhook) -> None:
    png = (FormPart("files[0]", b"x", "a.png", "image/png"),)
    made = call(fake, "POST", f"{hook.url}?wait=true", FULL, parts=png)
    url = f"{hook.url}/messages/{made.json['id']}"
    for answer in (made, call(fake, "GET", url), call(fake, "PATCH", url, {"content": "x"})):
        assert answer.status == 200
        check(contract, "MessageResponse", answer.json)
        embed = answer.json["embeds"][0]
        check(contract, "MessageEmbedResponse", embed)
        assert answer.json["attachments"] == [], "what an embed shows is no attachment"
    beside = call(fake, "POST", f"{hook.url}?wait=true", {**FULL, "embeds": []}, parts=png)
    check(contract, "MessageAttachmentResponse", beside.json["attachments"][0])
    check(contract, "GuildIncomingWebhookResponse", call(fake, "GET", hook.url).json)
    check(contract, "GuildIncomingWebhookResponse", call(fake, "PATCH", hook.url, {"name": "n"}).json)
    check(contract, "IncomingWebhookRequestPartial", FULL)
    check(contract, "Error", call(fake, "POST", hook.url + "x", {}).json)
    with pytest.raises(jsonschema.ValidationError):
        check(contract, "MessageResponse", {"id": "1"})


def test_every_operation_is_in_the_contract(contract: dict[str, Any], fake: FakeDiscord) -> None:
    from otel_discord.testing.fake_discord.webhook_operations import OPERATIONS

    published = {
        operation.get("operationId")
        for path in contract["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict)
    }
    assert set(OPERATIONS) <= published


def test_an_error_of_429_fits_but_for_the_code_that_is_absent(contract: dict[str, Any], clock: Any) -> None:
    fake = FakeDiscord("tiny", now=clock)
    hook = fake.add_webhook()
    answers = [call(fake, "POST", hook.url, {"content": "x"}) for _ in range(3)]
    check(contract, "RatelimitedResponse", answers[-1].json | {"code": 0})
