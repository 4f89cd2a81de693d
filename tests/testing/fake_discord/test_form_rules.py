"""Every rule about a form, with a body just inside and one just outside."""

import json
import re
from typing import Any

import pytest

from otel_discord.testing.fake_discord import RULES, FakeDiscord, FakeRequest, FormPart, Switches
from otel_discord.testing.fake_discord.corpus import EDGES, Edge
from otel_discord.testing.fake_discord.rules import GUILD_RULES


def embed(**parts: Any) -> dict[str, Any]:
    return {"embeds": [parts]}


@pytest.mark.parametrize("edge", EDGES, ids=str)
def test_just_inside_is_taken_and_just_outside_is_refused(edge: Edge, post: Any) -> None:
    assert edge.rule in RULES
    taken = post(edge.inside)
    assert (taken.status, taken.body[:80]) == (200, taken.body[:80]), taken.body
    refused = post(edge.outside)
    assert (refused.status, refused.json["code"]) == (400, 50035)
    node = refused.json["errors"]
    for key in edge.path.split("."):
        node = node[key]
    assert edge.code in [error["code"] for error in node["_errors"]]
    assert leaves(refused.json["errors"]) == 1, "other errors beside the one that is meant"


def leaves(tree: dict[str, Any]) -> int:
    return sum(len(node) if key == "_errors" else leaves(node) for key, node in tree.items())


def test_all_errors_of_a_form_come_in_one_tree(post: Any) -> None:
    body = {
        "content": "x" * 2001,
        "embeds": [{"title": "t" * 257, "color": -1}, {"fields": [{"name": " ", "value": ""}]}],
    }
    errors = post(body).json["errors"]
    assert leaves(errors) == 5
    assert set(errors) == {"content", "embeds"}
    assert set(errors["embeds"]["1"]["fields"]["0"]) == {"name", "value"}


def test_the_sum_counts_every_text_trimmed(post: Any) -> None:
    parts = {
        "title": "t" * 200,
        "description": "d" * 4000,
        "footer": {"text": "f" * 1000},
        "author": {"name": "a" * 200},
        "fields": [{"name": "n" * 100, "value": "v" * 500}],
    }
    assert post({"embeds": [parts]}).status == 200
    parts["title"] += "t"
    assert "MAX_EMBED_SIZE_EXCEEDED" in post({"embeds": [parts]}).body.decode()
    parts["title"] = " " + "t" * 200
    assert post({"embeds": [parts], "content": "c" * 2000}).status == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"content": " \n"}, {"embeds": []}, {"content": None}, {"components": [{"type": 10, "content": "x"}]}],
)
def test_a_message_that_shows_nothing_is_50006(body: dict[str, Any], post: Any) -> None:
    assert (post(body).status, post(body).json["code"]) == (400, 50006)


def test_components_need_with_components(post: Any) -> None:
    body = {"components": [{"type": 10, "content": "x"}], "flags": 1 << 15}
    assert post(body, query="wait=true&with_components=true").status == 200


@pytest.mark.parametrize("quiet", [{"description": ""}, {"footer": {}}, {"image": None}])
def test_blank_parts_of_an_embed_count_as_absent(quiet: dict[str, Any], post: Any) -> None:
    answer = post({"embeds": [{"title": "t"} | quiet]})
    assert answer.json["embeds"] == [{"type": "rich", "title": "t"}]


def test_texts_are_stored_trimmed(post: Any, fake: FakeDiscord) -> None:
    post({"content": "  a  ", "embeds": [{"title": "\tt "}]})
    assert fake.messages[0].content == "a"
    assert fake.messages[0].embeds[0]["title"] == "t"


@pytest.mark.parametrize(
    ("switches", "body", "expected"),
    [
        (Switches(empty_embed="empty_message"), embed(color=1), (400, 50006)),
        (Switches(empty_embed="accept"), embed(color=1), (200, None)),
        (Switches(nul="reject"), {"content": "a\0b"}, (400, 50035)),
        (Switches(nul="strip"), {"content": "a\0b"}, (200, None)),
        (Switches(nul="strip"), {"content": "\0"}, (400, 50006)),
        (Switches(unknown_flags="ignore"), {"content": "x", "flags": 64}, (200, None)),
        (Switches(unknown_attachment_url="accept"), embed(image={"url": "attachment://a.png"}), (200, None)),
        (Switches(unknown_attachment_url="reject"), embed(image={"url": "attachment://a.png"}), (400, 50035)),
    ],
)
def test_what_is_not_established_has_a_switch(switches: Switches, body: dict[str, Any], expected: Any) -> None:
    fake = FakeDiscord("unlimited", switches=switches, now=lambda: 0.0)
    answer = fake.handle(FakeRequest.of("POST", fake.add_webhook().url + "?wait=true", json_body=body))
    assert (answer.status, answer.json.get("code")) == expected


# ---------------------------------------------------------------------------------------------- bodies and files


def part(index: int, data: bytes = b"x", name: str | None = None) -> FormPart:
    return FormPart(f"files[{index}]", data, name or f"a{index}.txt", "text/plain")


def described(count: int) -> list[dict[str, Any]]:
    return [{"id": index, "filename": f"a{index}.txt"} for index in range(count)]


MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([part(n) for n in range(10)], 200, None),
        ([part(n) for n in range(11)], 400, 30015),
        ([part(0, bytes(10 * MIB))], 200, None),
        ([part(0, bytes(10 * MIB + 1))], 413, 40005),
        ([part(n, bytes(8 * MIB)) for n in range(3)], 200, None),
        ([part(n, bytes(9 * MIB)) for n in range(3)], 413, 40005),
        ([part(0), part(0)], 400, 50035),
    ],
)
def test_files(parts: list[FormPart], status: int, code: int | None, post: Any, fake: FakeDiscord) -> None:
    answer = post({"attachments": described(min(10, len({p.name for p in parts})))}, parts=tuple(parts))
    assert (answer.status, answer.json.get("code")) == (status, code)
    assert len(fake.messages) == (status == 200)


def test_files_force_an_answer_with_the_message(post: Any) -> None:
    assert post({"content": "x"}, query="").status == 204
    answer = post({"attachments": described(1)}, query="", parts=(part(0),))
    assert answer.status == 200
    assert answer.json["attachments"][0]["filename"] == "a0.txt"


@pytest.mark.parametrize(
    ("sent", "stored", "title"),
    [("my file.txt", "my_file.txt", "my file.txt"), ("_a.txt", "a.txt", "_a.txt"), ("é", "file", "é")],
)
def test_file_names_are_cleansed(sent: str, stored: str, title: str, post: Any, fake: FakeDiscord) -> None:
    answer = post({"attachments": [{"id": 0, "filename": sent}]}, parts=(part(0),))
    assert (answer.json["attachments"][0]["filename"], answer.json["attachments"][0]["title"]) == (stored, title)
    assert "file_name" in {violation.rule for violation in fake.violations}


def test_an_embed_shows_an_attached_image(post: Any) -> None:
    body = {"embeds": [{"image": {"url": "attachment://a0.png"}}], "attachments": [{"id": 0, "filename": "a0.png"}]}
    shown = post(body, parts=(part(0, name="a0.png"),)).json
    assert re.fullmatch(r"https://[^/]+/attachments/\d+/\d+/a0\.png", shown["embeds"][0]["image"]["url"])
    assert shown["attachments"] == []  # what an embed shows is not shown beside it


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-protobuf"])
def test_another_content_type_is_refused(content_type: str, post: Any) -> None:
    answer = post({"content": "x"}, headers={"Content-Type": content_type})
    assert (answer.status, answer.json["code"]) == (400, 50035)
    assert answer.json["errors"]["_errors"][0]["code"] == "CONTENT_TYPE_INVALID"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"content": "\xff"}', b'{"content": "\\ud800"}', b"[" * 200_000]
)
def test_what_is_no_json_object_is_50109(body: bytes, fake: FakeDiscord) -> None:
    headers = {"user-agent": "DiscordBot (a, 1)", "content-type": "application/json"}
    path = fake.add_webhook().url.removeprefix("https://discord.com")
    answer = fake.handle(FakeRequest(method="POST", path=path, headers=headers, body=body))
    assert (answer.status, answer.json["code"]) == (400, 50109)


@pytest.mark.parametrize(("size", "status"), [(25 * MIB, 200), (25 * MIB + 1, 413)])
def test_a_whole_request_is_bounded(size: int, status: int, fake: FakeDiscord) -> None:
    body = json.dumps({"content": "x"}).encode().ljust(size)
    headers = {"user-agent": "DiscordBot (a, 1)", "content-type": "application/json"}
    path = fake.add_webhook().url.removeprefix("https://discord.com")
    request = FakeRequest(method="POST", path=path, query={"wait": "1"}, headers=headers, body=body)
    assert fake.handle(request).status == status


def test_every_refused_rule_has_a_test_here() -> None:
    elsewhere = {
        "empty_message",
        "forum_thread",
        "files_count",
        "file_size",
        "request_size",
        "content_type",
        "json",
        "user_agent",
        "webhook_name",
        "thread_name_length",
        "attachment_description_length",
    }
    refused = {name for name, rule in RULES.items() if not rule.strict} - {rule.name for rule in GUILD_RULES}
    assert refused - {edge.rule for edge in EDGES} == elsewhere
