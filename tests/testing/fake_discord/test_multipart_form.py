"""Forms as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.testing.fake_discord.exchange import FormPart
from otel_discord.testing.fake_discord.multipart_form import MalformedFormError, read_form

HEAD = b'--b\r\nContent-Disposition: form-data; name="files[0]"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'


@given(st.binary().filter(lambda data: b"\r\n--b" not in data))
def test_any_bytes_come_out_as_they_went_in(data: bytes) -> None:
    assert read_form("multipart/form-data; boundary=b", HEAD + data + b"\r\n--b--\r\n") == (
        FormPart("files[0]", data, "a.txt", "text/plain"),
    )


def test_names_are_read_as_written() -> None:
    form = b'--"--\r\n\r\n--b\r\ncontent-disposition: form-data; name="files%5B0%5D"\r\n\r\nx\r\n--b--'
    assert read_form('multipart/form-data; boundary="b"', form) == (FormPart("files%5B0%5D", b"x"),)


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("multipart/form-data", b"--b--"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", HEAD + b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\nnothing\r\n--b--"),
    ],
)
def test_what_is_no_form_is_refused(content_type: str, data: bytes) -> None:
    with pytest.raises(MalformedFormError):
        read_form(content_type, data)
