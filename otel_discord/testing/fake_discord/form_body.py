"""From the bytes of a request to JSON and files: Content-Type, sizes, JSON, multipart."""

import json
import re
from dataclasses import dataclass
from typing import Any

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.exchange import FakeRequest, FormPart
from otel_discord.testing.fake_discord.form_errors import FormErrors, invalid_form, refusal

_FILE_PART = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of a form; ``index`` is the n of ``files[n]``, None for another part with a file name."""

    index: int | None
    filename: str
    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a request says: its JSON object and its files in order."""

    json: dict[str, Any]
    files: tuple[UploadedFile, ...] = ()
    multipart: bool = False


def read_body(request: FakeRequest) -> Body:
    """Return the body of a POST or PATCH.

    Raises:
        RefusedError: 50035 for the Content-Type, 40005 for the size, 50109 for the JSON, 30015 for too many files.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in {"application/json", "multipart/form-data"}:
        errors = FormErrors()
        words = "Expected \"Content-Type\" header to be one of {'application/json', 'multipart/form-data'}."
        errors.add((), "CONTENT_TYPE_INVALID", words)
        raise invalid_form(errors)
    if request.total_bytes > limits.REQUEST_BYTES:
        raise refusal(413, 40005)
    if content_type == "application/json":
        return Body(_json_object(request.body))
    return _form(request.parts or ())


def read_list(request: FakeRequest) -> list[Any]:
    """Return the body of an operation that takes a list.

    Raises:
        RefusedError: 50109.
    """
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        raise refusal(400, 50109) from None
    if not isinstance(value, list):
        raise refusal(400, 50109)
    return value


def _form(parts: tuple[FormPart, ...]) -> Body:
    files = tuple(_uploaded(part) for part in parts if part.filename is not None)
    if any(len(file.data) > limits.FILE_BYTES for file in files):
        raise refusal(413, 40005)
    payload = next((part for part in parts if part.name == "payload_json" and part.filename is None), None)
    if payload is not None:
        body = _json_object(payload.data)
    else:
        fields = [part for part in parts if part.filename is None]
        body = {part.name: part.data.decode("utf-8", "replace") for part in fields}
    if len(files) > limits.FILES:
        raise refusal(400, 30015)
    return Body(body, files, multipart=True)


def _uploaded(part: FormPart) -> UploadedFile:
    named = _FILE_PART.fullmatch(part.name)
    return UploadedFile(int(named[1]) if named else None, part.filename or "", part.data, part.content_type)


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # an escaped lone surrogate is no text either
    except (UnicodeError, ValueError, RecursionError):
        raise refusal(400, 50109) from None
    if not isinstance(value, dict):
        raise refusal(400, 50109)
    return value
