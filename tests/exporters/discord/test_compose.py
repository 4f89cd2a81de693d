"""Repairs: what is left out of a message that Discord would not have."""

import pytest

from otel_discord.discord_api.models import Embed, EmbedField, FilePart, Message
from otel_discord.exporters.discord.compose import repaired
from otel_discord.exporters.discord.delivery import Repair


def part(name: str, *, reopenable: bool) -> FilePart:
    return FilePart(filename=name, open=lambda: b"x", size_bytes=1, reopenable=reopenable)


MESSAGE = Message(
    username="Telemetry",
    avatar_url="https://a.example/a.png",
    embeds=(
        Embed(
            title="t",
            description="d",
            color=1,
            url="https://a.example",
            image_url="attachment://once.png",
            thumbnail_url="attachment://again.png",
            fields=(EmbedField("a", "b"),),
        ),
        Embed(title="only a title", image_url="https://a.example/i.png"),
        Embed(color=3),
    ),
    files=(part("once.png", reopenable=False), part("again.png", reopenable=True)),
)


@pytest.mark.parametrize(
    ("repairs", "files", "pictures"),
    [
        (set(), ["once.png", "again.png"], ("attachment://once.png", "attachment://again.png")),
        ({Repair.ONE_TIME_FILES}, ["again.png"], ("", "attachment://again.png")),
        ({Repair.ALL_FILES}, [], ("", "")),
        ({Repair.ALL_FILES, Repair.ONE_TIME_FILES}, [], ("", "")),
    ],
)
def test_a_picture_goes_with_its_file_and_others_stay(repairs: set[Repair], files: list[str], pictures: object) -> None:
    message = repaired(MESSAGE, frozenset(repairs))
    assert [item.filename for item in message.files] == files
    assert (message.embeds[0].image_url, message.embeds[0].thumbnail_url) == pictures
    assert message.embeds[1] == MESSAGE.embeds[1]
    gone = sorted({"once.png", "again.png"} - set(files))
    assert message.embeds[2].description == (f"{', '.join(gone)} left out" if gone else "")
    assert message.username == MESSAGE.username


def test_without_overrides_the_message_comes_under_the_webhook_s_own_name() -> None:
    message = repaired(MESSAGE, frozenset({Repair.OVERRIDES}))
    assert (message.username, message.avatar_url, message.embeds) == ("", "", MESSAGE.embeds)


def test_without_decoration_the_words_stay_and_no_embed_is_empty() -> None:
    message = repaired(MESSAGE, frozenset({Repair.DECORATION}))
    assert message.embeds == (
        Embed(title="t", description="d"),
        Embed(title="only a title", description="only a title"),
        Embed(description="\u200b"),
    )
