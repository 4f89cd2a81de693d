"""Reading a multipart form from its bytes, strictly: names as they are written, nothing repaired (RFC 7578)."""

import re
from email.message import Message

from otel_discord.testing.fake_discord.exchange import FormPart

_BOUNDARY = re.compile(r'boundary="?([^";]{1,70})"?')
_NAME = re.compile(r'(?:^|;)\s*name="([^"]*)"')
_FILENAME = re.compile(r'(?:^|;)\s*filename="([^"]*)"')


class MalformedFormError(ValueError):
    """The bytes are no multipart form of this boundary."""


def read_form(content_type: str, data: bytes) -> tuple[FormPart, ...]:
    """Return the parts of a form in order.

    Raises:
        MalformedFormError: no boundary, no end, or a part without a name.
    """
    named = _BOUNDARY.search(content_type)
    if named is None:
        raise MalformedFormError("no boundary")
    pieces = (b"\r\n" + data).split(b"\r\n--" + named[1].encode())
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise MalformedFormError("no end")
    return tuple(_part(piece) for piece in pieces[1:-1])


def _part(piece: bytes) -> FormPart:
    head, gap, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not gap:
        raise MalformedFormError("a part without a head")
    headers = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        headers[key.strip()] = value.strip()
    disposition = headers.get("Content-Disposition", "")
    name = _NAME.search(disposition)
    if name is None:
        raise MalformedFormError("a part without a name")
    filename = _FILENAME.search(disposition)
    return FormPart(name[1], data, filename and filename[1], headers.get("Content-Type", ""))
