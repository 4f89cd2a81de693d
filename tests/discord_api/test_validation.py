"""Each rule has a message that just keeps it and one that just breaks it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.models import (
    AllowedMentions,
    Embed,
    EmbedAuthor,
    EmbedField,
    EmbedFooter,
    FilePart,
    Message,
)
from otel_discord.discord_api.validation import problems


def file(name: str = "a.txt", size_bytes: int = 1, description: str = "") -> FilePart:
    return FilePart(name, lambda: b"", size_bytes, description=description)


def card(**parts: object) -> Message:
    return Message(embeds=(Embed(title="t", **parts),))  # type: ignore[arg-type]


EMOJI = "🔴"
MIB = 1024 * 1024

GOOD = [
    Message(content="x" * 2000),
    Message(content=EMOJI * 2000),
    Message(content="  " + "x" * 2000 + "\n\n"),
    Message(embeds=tuple(Embed(title=f"{index}") for index in range(10))),
    Message(embeds=(Embed(description="x" * 4096), Embed(description="x" * 1904))),
    Message(embeds=(Embed(title="x" * 256),)),
    Message(embeds=(Embed(image_url="https://a.example/x.png"),)),
    Message(embeds=(Embed(footer=EmbedFooter("f")),)),
    Message(embeds=(Embed(author=EmbedAuthor("f", "https://a.example", "http://a.example/i.png")),)),
    card(fields=tuple(EmbedField("n", "v") for _ in range(25))),
    card(fields=(EmbedField("n" * 256, "v" * 1024),)),
    card(fields=(EmbedField("\u200b", "\u200b"),)),
    card(footer=EmbedFooter("f" * 2048)),
    card(color=0),
    card(color=0xFFFFFF),
    card(url="https://[::1]:8080/x?y#z"),
    card(url="https://a.example/" + "x" * 2030),
    card(timestamp=datetime(2026, 1, 1, tzinfo=UTC)),
    Message(embeds=(Embed(title="a", url="https://a.example/1"), Embed(title="b", url="https://a.example/2"))),
    Message(embeds=(Embed(title="a", image_url="attachment://a.png"),), files=(file("a.png"),)),
    Message(content="x", username="Ops"),
    Message(content="x", username="here we go"),
    Message(content="x", username="x" * 80, avatar_url="https://a.example/a.png"),
    Message(content="x", thread_name="x" * 100),
    Message(content="x", flags=(1 << 12) | (1 << 2)),
    Message(content="x", allowed_mentions=AllowedMentions(tuple(str(n) for n in range(1, 101)))),
    Message(files=tuple(file(f"{n}.txt") for n in range(10))),
    Message(files=(file(size_bytes=10 * MIB, description="x" * 1024),)),
    Message(files=(file("1", 10 * MIB), file("2", 10 * MIB), file("3", 4 * MIB))),
]

BAD = [
    (Message(), "message"),
    (Message(content=" \n "), "message"),
    (Message(content=" ", embeds=(Embed(title="x"),)), "content"),
    (Message(content="x" * 2001), "content"),
    (Message(content=EMOJI * 2001), "content"),
    (Message(content="a\ud800"), "content"),
    (Message(embeds=tuple(Embed(title=f"{index}") for index in range(11))), "embeds"),
    (Message(embeds=(Embed(description="x" * 4096), Embed(description="x" * 1905))), "embeds"),
    (Message(embeds=(Embed(title="x" * 257),)), "embeds[0].title"),
    (Message(embeds=(Embed(description="x" * 4097),)), "embeds[0].description"),
    (Message(embeds=(Embed(),)), "embeds[0]"),
    (Message(embeds=(Embed(title="a"), Embed(color=5))), "embeds[1]"),
    (Message(embeds=(Embed(title=" "),)), "embeds[0]"),
    (card(description="\n"), "embeds[0].description"),
    (card(fields=tuple(EmbedField("n", "v") for _ in range(26))), "embeds[0].fields"),
    (card(fields=(EmbedField("n" * 257, "v"),)), "embeds[0].fields[0].name"),
    (card(fields=(EmbedField("n", "v" * 1025),)), "embeds[0].fields[0].value"),
    (card(fields=(EmbedField("", "v"),)), "embeds[0].fields[0].name"),
    (card(fields=(EmbedField("n", "\u00a0"),)), "embeds[0].fields[0].value"),
    (card(footer=EmbedFooter("f" * 2049)), "embeds[0].footer.text"),
    (card(footer=EmbedFooter("")), "embeds[0].footer.text"),
    (card(footer=EmbedFooter("f", "ftp://a")), "embeds[0].footer.icon_url"),
    (card(author=EmbedAuthor("")), "embeds[0].author.name"),
    (card(author=EmbedAuthor("a" * 257)), "embeds[0].author.name"),
    (card(author=EmbedAuthor("a", "attachment://a.png")), "embeds[0].author.url"),
    (card(color=-1), "embeds[0].color"),
    (card(color=0x1000000), "embeds[0].color"),
    (card(timestamp=datetime(2026, 1, 1)), "embeds[0].timestamp"),  # noqa: DTZ001
    (card(timestamp=datetime(1, 1, 1, tzinfo=UTC)), "embeds[0].timestamp"),
    (card(url="ftp://a.example"), "embeds[0].url"),
    (card(url="//a.example"), "embeds[0].url"),
    (card(url="javascript:alert(1)"), "embeds[0].url"),
    (card(url="https://"), "embeds[0].url"),
    (card(url="https://[::1/x"), "embeds[0].url"),
    (card(url="https://a.example:99999/x"), "embeds[0].url"),
    (card(url="https://a example/x"), "embeds[0].url"),
    (card(url="https://a.example/\nx"), "embeds[0].url"),
    (card(url="https://a.example/" + "x" * 2031), "embeds[0].url"),
    (card(image_url="attachment://a.png"), "embeds[0].image.url"),
    (card(thumbnail_url="data:image/png;base64,"), "embeds[0].thumbnail.url"),
    (Message(embeds=(Embed(title="a", image_url="attachment://a.txt"),), files=(file(),)), "embeds[0].image.url"),
    (Message(embeds=(Embed(title="a", url="https://a.b/"), Embed(title="b", url="https://a.b/"))), "embeds[1].url"),
    (Message(content="x", username="My Discord Bot"), "username"),
    (Message(content="x", username="CLYDE2"), "username"),
    (Message(content="x", username="Everyone "), "username"),
    (Message(content="x", username="here"), "username"),
    (Message(content="x", username="x" * 81), "username"),
    (Message(content="x", username=" "), "username"),
    (Message(content="x", avatar_url="attachment://a.png"), "avatar_url"),
    (Message(content="x", thread_name="x" * 101), "thread_name"),
    (Message(content="x", flags=1 << 15), "flags"),
    (
        Message(content="x", allowed_mentions=AllowedMentions(tuple(str(n) for n in range(1, 102)))),
        "allowed_mentions.users",
    ),
    (Message(content="x", allowed_mentions=AllowedMentions((), ("1", "1"))), "allowed_mentions.roles"),
    (Message(content="x", allowed_mentions=AllowedMentions(("everyone",))), "allowed_mentions.users"),
    (Message(files=tuple(file(f"{n}.txt") for n in range(11))), "files"),
    (Message(files=(file("1", 9 * MIB), file("2", 9 * MIB), file("3", 9 * MIB))), "files"),
    (Message(files=(file(size_bytes=10 * MIB + 1),)), "files[0]"),
    (Message(files=(file("a b.txt"),)), "files[0].filename"),
    (Message(files=(file("../a.txt"),)), "files[0].filename"),
    (Message(files=(file(""),)), "files[0].filename"),
    (Message(files=(file(), file())), "files[1].filename"),
    (Message(files=(file(description="x" * 1025),)), "files[0].description"),
]


@pytest.mark.parametrize("message", GOOD)
def test_a_message_at_the_limit_is_good(message: Message) -> None:
    assert problems(message) == []


@pytest.mark.parametrize(("message", "path"), BAD)
def test_a_message_past_the_limit_is_named(message: Message, path: str) -> None:
    assert path in [problem.path for problem in problems(message)]


def test_a_problem_reads_as_a_sentence() -> None:
    assert [str(problem) for problem in problems(card(color=-1))] == [
        "embeds[0].color: -1 is not within 0 and 16777215"
    ]


def test_the_size_of_a_file_can_be_set() -> None:
    message = Message(files=(file(size_bytes=11 * MIB),))
    assert problems(message, file_max_bytes=11 * MIB) == []


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_can_be_asked_about(text: str, other: str) -> None:
    message = Message(
        content=text,
        embeds=(Embed(title=other, url=text, image_url=other, fields=(EmbedField(text, other),)),),
        files=(file(text),),
        username=other,
        avatar_url=text,
        allowed_mentions=AllowedMentions((text,)),
    )
    problems(replace(message, thread_name=text))
