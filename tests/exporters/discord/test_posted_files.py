"""Which files an edit names: none as long as they stay the same."""

from typing import Any

import pytest

from otel_discord.discord_api.bodies import edit_json
from otel_discord.discord_api.models import FilePart, Message
from otel_discord.exporters.discord.folding.note import Note, PostedFile
from otel_discord.exporters.discord.posted_files import is_chart, posted_files, with_files_of_edit

CDN = "https://cdn.discordapp.com/attachments/111/222/chart.png"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (None, {}),
        ("x", {}),
        ({}, {}),
        ({"attachments": None, "embeds": [None, {"image": None}, {"image": {}}]}, {}),
        ({"attachments": [{"id": "5", "filename": "a.txt"}, {"id": "", "filename": "b"}, {"id": 6}]}, {"a.txt": "5"}),
        ({"embeds": [{"image": {"url": CDN}}]}, {"chart.png": "222"}),
        ({"embeds": [{"image": {"url": f"{CDN}?ex=1&is=2&hm=3"}}]}, {"chart.png": "222"}),
        ({"embeds": [{"image": {"url": "https://x.example/a.png"}}, {"image": {"url": "attachment://chart.png"}}]}, {}),
        ({"attachments": [{"id": "5", "filename": "chart.png"}], "embeds": [{"image": {"url": CDN}}]},
         {"chart.png": "5"}),
    ],
)  # fmt: skip
def test_ids_are_read_where_discord_has_them(answer: Any, found: dict[str, str]) -> None:
    assert {each.filename: each.id for each in posted_files(answer)} == found


def test_a_note_remembers_them() -> None:
    note = Note(files=(PostedFile("trace.txt", "5"), PostedFile("chart.png", "6")))
    assert Note.from_bytes(note.to_bytes()) == note


def part(name: str) -> FilePart:
    return FilePart(filename=name, open=lambda: b"x", size_bytes=1)


def there(*names: str) -> list[PostedFile]:
    return [PostedFile(name, str(number)) for number, name in enumerate(names, start=1)]


def said(whole: list[FilePart], new: list[FilePart], files: list[PostedFile], **known: Any) -> Any:
    message = with_files_of_edit(Message(content="x", files=tuple(whole)), new, files, **known)
    return None if message is None else edit_json(message).get("attachments")


def test_as_long_as_they_stay_nothing_is_said() -> None:
    trace, chart = part("trace.txt"), part("chart.png")
    message = with_files_of_edit(Message(content="x", files=(trace, chart)), [], there("trace.txt", "chart.png"))
    assert message == Message(content="x")
    assert said([], [], there("trace.txt")) is None


def test_a_chart_is_replaced_and_the_others_are_named() -> None:
    trace, chart, second = part("trace.txt"), part("chart.png"), part("chart-2.png")
    files = there("trace.txt", "chart.png", "chart-2.png")
    assert said([trace, chart, second], [chart], files) == [
        {"id": "0", "filename": "chart.png"},
        {"id": "1"},
        {"id": "3"},
    ]


def test_a_chart_that_is_gone_is_not_named_any_more() -> None:
    trace = part("trace.txt")
    assert said([trace], [], there("trace.txt", "chart.png")) == [{"id": "1"}]
    assert said([], [], there("chart.png")) == []
    assert said([], [], [], is_certain=False) == []
    assert said([trace], [], there("trace.txt"), is_certain=False) == [{"id": "1"}]


def test_files_whose_ids_are_not_known_are_left_alone() -> None:
    trace, chart = part("trace.txt"), part("chart.png")
    assert with_files_of_edit(Message(files=(trace, chart)), [chart], []) is None
    assert said([chart], [chart], []) == [{"id": "0", "filename": "chart.png"}]


def test_names_of_charts() -> None:
    assert all(map(is_chart, ("chart.png", "chart-2.png", "chart-10.png", "alert-chart.png")))
    assert not any(map(is_chart, ("my-chart.png", "chart.txt", "trace.txt")))
