"""Forms, without a network."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.models import FilePart
from otel_discord.discord_api.multipart import FileUnreadableError, open_form


@given(st.lists(st.binary(max_size=200_000), max_size=3), st.binary(max_size=100))
def test_the_announced_size_is_the_size(contents: list[bytes], payload: bytes) -> None:
    files = [FilePart(f"{n}.bin", lambda data=data: io.BytesIO(data), 0) for n, data in enumerate(contents)]  # type: ignore[misc]
    with open_form(payload, files) as form:
        pieces = list(form.pieces())
    assert sum(len(piece) for piece in pieces) == form.size_bytes
    assert max(len(piece) for piece in pieces) <= 65_536
    whole = b"".join(pieces)
    for data in (payload, *contents):
        assert b"\r\n\r\n" + data + b"\r\n--" in whole


def test_a_file_that_was_read_before_goes_from_where_it_stands() -> None:
    source = io.BytesIO(b"0123456789")
    source.seek(4)
    with open_form(b"{}", [FilePart("a", lambda: source, 6)]) as form:
        assert b"\r\n\r\n456789\r\n" in b"".join(form.pieces())
    assert source.closed


def test_when_one_file_fails_the_others_are_closed() -> None:
    first = io.BytesIO(b"x")

    def fail() -> bytes:
        raise PermissionError(13, "Permission denied", "/secret/folder/b.txt")

    with (
        pytest.raises(FileUnreadableError) as caught,
        open_form(b"{}", [FilePart("a.txt", lambda: first, 1), FilePart("b.txt", fail, 1)]),
    ):
        pytest.fail("it did not open")
    assert str(caught.value) == "attachment b.txt cannot be read: Permission denied"
    assert first.closed


class Pipe(io.BytesIO):
    """A file that cannot be asked how long it is."""

    def seekable(self) -> bool:
        return False


def test_of_what_cannot_be_measured_the_stated_size_counts() -> None:
    with open_form(b"{}", [FilePart("a.txt", lambda: Pipe(b"12345"), 5)]) as form:
        sent = b"".join(form.pieces())
    assert len(sent) == form.size_bytes
    assert b"\r\n\r\n12345\r\n--" in sent


class Failing(io.BytesIO):
    """A file on a disk that breaks."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError(5, "Input/output error")


def test_a_file_that_fails_while_it_is_read_says_which_and_why() -> None:
    with (
        open_form(b"{}", [FilePart("folder/a.txt", lambda: Failing(b"x"), 1)]) as form,
        pytest.raises(FileUnreadableError, match=r"^attachment a\.txt cannot be read: Input/output error$"),
    ):
        list(form.pieces())
