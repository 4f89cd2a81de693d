"""Attachments as records ask for them: only from where they may come, and never an exception."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.models import FilePart
from otel_discord.exporters.discord.attachments import allowed_path, file_part, requested_attachments
from otel_discord.exporters.discord.cards import AttachmentRef
from otel_discord.exporters.discord.evidence_files import text_file
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.signals import Plain

LIMIT = 1000


def test_data_and_names() -> None:
    asked = requested_attachments(
        [
            {"filename": "report.json", "data": b"{}"},
            {"data": "text", "filename": ""},
            {"data": b"", "content_type": "a/b"},
        ],
        [],
        LIMIT,
    )
    assert [(item.filename, item.content_type, item.data) for item in asked] == [
        ("report.json", "application/json", b"{}"),
        ("attachment.bin", "application/octet-stream", b"text"),
        ("attachment.bin", "a/b", b""),
    ]
    assert not any(item.refused for item in asked)


def test_a_description_is_text_from_telemetry_like_any_other() -> None:
    text = "a\0b\u202e\u3164 Z" + "\u0334" * 40 + " \u00d79,999 \U0001f4ce trace.txt " + "x" * 5000
    shown = requested_attachments([{"data": b"x", "description": text}], [], LIMIT)[0].description
    assert shown.startswith("ab Z" + "\u0334" * 4 + " \u00d7\u200b9,999 \U0001f4ce\u200b trace.txt")
    assert len(shown) <= 1024
    assert text_file("t.txt", "x", text).part.description.startswith("ab Z")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"filename": "a"}, "neither data nor path"),
        ({"data": b"x" * 1001}, "larger than 1000 bytes"),
        ({"path": "relative.txt"}, "allowed_directories"),
        ({"path": "/etc/passwd"}, "allowed_directories"),
        ({"path": "/etc/pass\0wd"}, "allowed_directories"),
    ],
)
def test_what_cannot_be_used_says_why(entry: dict[str, object], why: str) -> None:
    (item,) = requested_attachments([entry], [], LIMIT)  # type: ignore[list-item]
    assert why in item.refused


def test_what_is_no_list_of_maps_is_not_passed_over_in_silence() -> None:
    for value in ("/etc/passwd", 5, ["a"]):
        (item,) = requested_attachments(value, [], LIMIT)  # type: ignore[arg-type]
        assert "not a map" in item.refused


def test_the_eleventh_file_is_named_as_left_out() -> None:
    same: Plain = {"data": "same"}
    asked = requested_attachments([same] * 5 + [{}] + [same] * 7, [], LIMIT)
    assert [item.data for item in asked if not item.refused] == [b"same"] * 10
    assert ["a message takes 10 files" in item.refused for item in asked if item.refused] == [False, True]


def test_a_path_must_lie_in_an_allowed_directory_links_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "ok.txt").write_text("ok")
    (outside / "secret").write_text("s")
    (inside / "link").symlink_to(outside / "secret")
    assert allowed_path(str(inside / "ok.txt"), [inside]) == inside / "ok.txt"
    assert allowed_path(str(inside / "link"), [inside]) is None
    assert allowed_path(str(inside / ".." / "out" / "secret"), [inside]) is None
    assert allowed_path(str(tmp_path / "inside2"), [inside]) is None


def test_a_path_that_may_be_read_is_kept_resolved(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"x")
    entry: Plain = {"filename": "plot.png", "path": str(tmp_path / "." / "plot.png")}
    (item,) = requested_attachments([entry], [tmp_path], LIMIT)
    assert (item.path, item.refused, item.content_type) == (str(tmp_path / "plot.png"), "", "image/png")


def test_a_directory_that_is_no_path_allows_nothing() -> None:
    assert allowed_path("/tmp/x", [Path("a\0b")]) is None


def ref(path: Path, **more: object) -> AttachmentRef:
    return AttachmentRef(filename="f", content_type="a/b", description="", size_bytes=0, path=str(path), **more)  # type: ignore[arg-type]


def test_a_file_is_opened_anew_for_each_attempt(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    part = file_part(ref(path), Shelf(10), LIMIT)
    assert isinstance(part, FilePart)
    assert part.reopenable
    for _ in range(2):
        opened = part.open()
        assert not isinstance(opened, bytes)
        with opened:
            assert opened.read() == b"abc"


def test_what_is_no_regular_file_does_not_go_along(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_bytes(b"x" * 1001)
    reasons = [file_part(ref(tmp_path / name), Shelf(10), LIMIT) for name in ("pipe", "big", "none", "")]
    assert [isinstance(reason, str) for reason in reasons] == [True] * 4


def test_a_link_put_there_later_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    part = file_part(ref(path), Shelf(10), LIMIT)
    path.unlink()
    path.symlink_to("/etc/hostname")
    assert isinstance(part, FilePart)
    with pytest.raises(OSError, match="symbolic links"):
        part.open()


def test_a_pipe_put_there_later_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    part = file_part(ref(path), Shelf(10), LIMIT)
    path.unlink()
    os.mkfifo(path)
    assert isinstance(part, FilePart)
    with pytest.raises(OSError, match="not a regular file"):
        part.open()


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["filename", "data", "path", "content_type"]), inner)
    ),
)


@given(plain)
def test_no_value_of_the_attribute_raises(value: object) -> None:
    for item in requested_attachments(value, [Path("/nowhere")], LIMIT):  # type: ignore[arg-type]
        assert item.filename
        assert item.refused or item.data is not None
