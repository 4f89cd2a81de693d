"""Files and attachments of a message: ids, names, what an edit keeps."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.form_body import UploadedFile
from otel_discord.testing.fake_discord.form_values import Form

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif")


@dataclass(frozen=True, slots=True)
class Upload:
    """A new file of a message, under the name that Discord gives it."""

    filename: str
    title: str
    """The name as sent, where cleansing changed it; otherwise ""."""
    description: str
    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Attachments:
    """What a message's form says about files: new ones, and ids of old ones to keep (None: not said)."""

    uploads: tuple[Upload, ...]
    keep: tuple[str, ...] | None


def check_attachments(
    form: Form, body: Mapping[str, Any], files: Sequence[UploadedFile], known: Sequence[str] = ()
) -> Attachments:
    """Return new and kept files; ``known`` are the ids of files that an edited message has."""
    listed = body.get("attachments")
    entries = form.items(body, "attachments", (), limits.FILES)
    by_index = {str(file.index): file for file in files if file.index is not None}
    if len(by_index) < sum(file.index is not None for file in files):
        form.errors.add(("files",), "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
    described: dict[str, Mapping[str, Any]] = {}
    keep: list[str] = []
    for index, entry in enumerate(entries):
        path = ("attachments", index)
        if not isinstance(entry, dict):
            form.errors.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            continue
        if entry.get("id") is None:
            form.required((*path, "id"))
            continue
        name = str(entry["id"])
        if name in described or name in keep:
            form.errors.add((*path, "id"), "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value")
        form.text(entry, "description", path, limits.ATTACHMENT_TEXT)
        form.bounded_text(entry, "filename", path, 1, limits.ATTACHMENT_TEXT)
        form.text(entry, "title", path, limits.ATTACHMENT_TEXT)
        if name in by_index:
            described[name] = entry
        elif name in known:
            keep.append(name)
        else:
            form.errors.add((*path, "id"), "MESSAGE_ATTACHMENT_NOT_FOUND", f"Attachment {name} could not be found.")
    uploads = tuple(_upload(file, described.get(str(file.index), {})) for file in files)
    return Attachments(uploads, tuple(keep) if listed is not None else None)


def _upload(file: UploadedFile, entry: Mapping[str, Any]) -> Upload:
    asked = str(entry.get("filename") or file.filename)
    name = cleansed(asked)
    title = "" if name == asked else asked
    return Upload(name, title, str(entry.get("description") or ""), file.data, file.content_type)


def cleansed(filename: str) -> str:
    """Return a file name as Discord stores it: blanks become ``_``, other than ``[A-Za-z0-9_.-]`` goes.

    Source: discord/discord-api-docs#7754; the same is done to ``attachment://`` names.
    """
    name = re.sub(r"[\s/\\]+", "_", filename)
    name = re.sub(r"[^A-Za-z0-9_.-]", "", name).lstrip("._")
    return name or "file"
