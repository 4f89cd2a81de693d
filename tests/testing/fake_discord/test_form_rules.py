"""Every rule about a form, with a body just inside and one just outside."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from otel_discord.testing.fake_discord import RULES, FakeDiscord, FakeRequest, FormPart, Switches

U = "\U0001f525"  # four bytes, two UTF-16 units, one code point


def embed(**parts: Any) -> dict[str, Any]:
    return {"embeds": [parts]}


def field(name: str = "n", value: str = "v") -> dict[str, Any]:
    return embed(fields=[{"name": name, "value": value}])


def url_of(length: int) -> str:
    return "https://a.invalid/" + "x" * (length - 18)


def embeds_of(*lengths: int) -> dict[str, Any]:
    return {"embeds": [{"description": "x" * length} for length in lengths]}


@dataclass(frozen=True)
class Edge:
    rule: str
    inside: dict[str, Any]
    outside: dict[str, Any]
    path: str
    code: str

    def __str__(self) -> str:
        return f"{self.rule}:{self.path}"


MAX, BAD, NEED = "BASE_TYPE_MAX_LENGTH", "BASE_TYPE_BAD_LENGTH", "BASE_TYPE_REQUIRED"
SCHEME, URL = "URL_TYPE_INVALID_SCHEME", "URL_TYPE_INVALID_URL"
TIME = "DATE_TIME_TYPE_PARSE"
IDS = [str(number) for number in range(101)]

EDGES = [
    Edge("content_length", {"content": U * 2000}, {"content": U * 2001}, "content", MAX),
    Edge("content_length", {"content": f" \n{'x' * 2000}\t "}, {"content": "x" * 2001}, "content", MAX),
    Edge("embeds_count", embeds_of(*[1] * 10), embeds_of(*[1] * 11), "embeds", MAX),
    Edge("embeds_total_length", embeds_of(4096, 1904), embeds_of(4096, 1905), "embeds", "MAX_EMBED_SIZE_EXCEEDED"),
    Edge("embed_title_length", embed(title=U * 256), embed(title=U * 257), "embeds.0.title", MAX),
    Edge(
        "embed_description_length",
        embed(description="é" * 4096),
        embed(description="é" * 4097),
        "embeds.0.description",
        MAX,
    ),
    Edge(
        "embed_fields_count",
        embed(fields=[{"name": "n", "value": "v"}] * 25),
        embed(fields=[{"name": "n", "value": "v"}] * 26),
        "embeds.0.fields",
        MAX,
    ),
    Edge("embed_field_name_length", field(name="n" * 256), field(name="n" * 257), "embeds.0.fields.0.name", MAX),
    Edge("embed_field_value_length", field(value="v" * 1024), field(value="v" * 1025), "embeds.0.fields.0.value", MAX),
    Edge("embed_field_required", field(value="\u200b"), field(value="\u00a0 "), "embeds.0.fields.0.value", NEED),
    Edge("embed_field_required", field(name="\u200b"), embed(fields=[{"value": "v"}]), "embeds.0.fields.0.name", NEED),
    Edge(
        "embed_footer_length",
        embed(footer={"text": "f" * 2048}),
        embed(footer={"text": "f" * 2049}),
        "embeds.0.footer.text",
        MAX,
    ),
    Edge(
        "embed_author_length",
        embed(author={"name": "a" * 256}),
        embed(author={"name": "a" * 257}),
        "embeds.0.author.name",
        MAX,
    ),
    Edge(
        "embed_author_name_required",
        embed(author={"name": "a"}),
        embed(title="t", author={"url": "https://a.invalid"}),
        "embeds.0.author.name",
        NEED,
    ),
    Edge(
        "embed_color_range",
        embed(title="t", color=16777215),
        embed(title="t", color=16777216),
        "embeds.0.color",
        "NUMBER_TYPE_MAX",
    ),
    Edge(
        "embed_color_range", embed(title="t", color=0), embed(title="t", color=-1), "embeds.0.color", "NUMBER_TYPE_MIN"
    ),
    Edge(
        "embed_color_range",
        embed(title="t", color="5"),
        embed(title="t", color="red"),
        "embeds.0.color",
        "NUMBER_TYPE_COERCE",
    ),
    Edge(
        "embed_timestamp",
        embed(title="t", timestamp="2026-01-01T00:00:00.123456Z"),
        embed(title="t", timestamp="2026-13-01T00:00:00Z"),
        "embeds.0.timestamp",
        TIME,
    ),
    Edge(
        "embed_timestamp",
        embed(title="t", timestamp="2026-01-01T00:00:00+00:00"),
        embed(title="t", timestamp="2026-01-01T00:00:00.1234567890Z"),
        "embeds.0.timestamp",
        TIME,
    ),
    Edge("embed_timestamp", embed(title="t"), embed(title="t", timestamp=""), "embeds.0.timestamp", TIME),
    Edge("embed_empty", embed(title="t", color=1), embed(title=" ", color=1), "embeds.0.description", NEED),
    Edge("url_length", embed(title="t", url=url_of(2048)), embed(title="t", url=url_of(2049)), "embeds.0.url", MAX),
    Edge(
        "url_scheme",
        embed(title="t", url="HTTP://a.invalid"),
        embed(title="t", url="ftp://a.invalid"),
        "embeds.0.url",
        SCHEME,
    ),
    Edge("url_scheme", embed(title="t"), embed(title="t", url=""), "embeds.0.url", SCHEME),
    Edge("url_scheme", embed(title="t"), embed(title="t", url="attachment://a.png"), "embeds.0.url", SCHEME),
    Edge(
        "url_scheme",
        embed(image={"url": "https://a.invalid/a.png"}),
        embed(image={"url": "file:///a.png"}),
        "embeds.0.image.url",
        SCHEME,
    ),
    Edge(
        "url_form",
        embed(title="t", url="https://a.invalid:80/?q#f"),
        embed(title="t", url="https:///x"),
        "embeds.0.url",
        URL,
    ),
    Edge("url_form", embed(title="t", url="http://[::1]/"), embed(title="t", url="http://a b/"), "embeds.0.url", URL),
    Edge(
        "username_length",
        {"content": "x", "username": "u" * 80},
        {"content": "x", "username": "u" * 81},
        "username",
        BAD,
    ),
    Edge("username_length", {"content": "x", "username": "u"}, {"content": "x", "username": " "}, "username", BAD),
    Edge(
        "username_words",
        {"content": "x", "username": "disc ord"},
        {"content": "x", "username": "My DisCord"},
        "username",
        "USERNAME_INVALID_CONTAINS",
    ),
    Edge(
        "username_words",
        {"content": "x", "username": "clyd"},
        {"content": "x", "username": "Clyde!"},
        "username",
        "USERNAME_INVALID_CONTAINS",
    ),
    Edge(
        "username_here_everyone",
        {"content": "x", "username": "here we are"},
        {"content": "x", "username": "Here"},
        "username",
        "USERNAME_INVALID",
    ),
    Edge(
        "allowed_mentions_count",
        {"content": "x", "allowed_mentions": {"parse": [], "users": IDS[:100]}},
        {"content": "x", "allowed_mentions": {"parse": [], "users": IDS}},
        "allowed_mentions.users",
        MAX,
    ),
    Edge(
        "allowed_mentions_unique",
        {"content": "x", "allowed_mentions": {"roles": ["1", "2"]}},
        {"content": "x", "allowed_mentions": {"roles": ["1", "1"]}},
        "allowed_mentions.roles.1",
        "SET_TYPE_ALREADY_CONTAINS_VALUE",
    ),
    Edge(
        "allowed_mentions_exclusive",
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": []}},
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
    ),
    Edge(
        "flags_mask",
        {"content": "x", "flags": 1 << 12 | 1 << 2},
        {"content": "x", "flags": 1 << 6},
        "flags",
        "BASE_TYPE_CHOICES",
    ),
    Edge(
        "components_v2_exclusive",
        {"content": "x", "flags": 0},
        {"content": "x", "flags": 1 << 15},
        "content",
        "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
    ),
    Edge(
        "attachment_ids",
        {"content": "x", "attachments": []},
        {"content": "x", "attachments": [{"id": 0}]},
        "attachments.0.id",
        "MESSAGE_ATTACHMENT_NOT_FOUND",
    ),
]


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
    assert shown["embeds"][0]["image"]["url"] == shown["attachments"][0]["url"]


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
    refused = {name for name, rule in RULES.items() if not rule.strict}
    assert refused - {edge.rule for edge in EDGES} == elsewhere
