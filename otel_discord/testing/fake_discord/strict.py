"""What Discord tolerates and a careful client does not do, found in one request.

Independent of whether Discord accepts the request; nothing here answers anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.form_body import Body
from otel_discord.testing.fake_discord.form_files import IMAGE_SUFFIXES, cleansed
from otel_discord.testing.fake_discord.form_message import BOT_CREATE_KEYS, CREATE_KEYS, EDIT_KEYS, attachment_urls
from otel_discord.testing.fake_discord.form_values import fraction_digits

Finding = tuple[str, str]
"""Name of the rule, and a sentence."""

_USER_AGENT = re.compile(r"DiscordBot \(\S+, \S+\).*")
_EMBED_KEYS = frozenset(
    ["type", "title", "description", "url", "color", "timestamp", "fields", "author", "footer", "image", "thumbnail"]
)
_PARTS = {
    "author": frozenset(["name", "url", "icon_url"]),
    "footer": frozenset(["text", "icon_url"]),
    "image": frozenset(["url"]),
    "thumbnail": frozenset(["url"]),
}
_FIELD_KEYS = frozenset(["name", "value", "inline"])
_MENTION_KEYS = frozenset(["parse", "users", "roles", "replied_user"])


def find_in_request(request: FakeRequest) -> Iterator[Finding]:
    """Yield what the line, the headers and the encoding of any request show."""
    agent = request.headers.get("user-agent", "")
    if not _USER_AGENT.fullmatch(agent):
        yield "user_agent_form", f"User-Agent {agent!r} is not «DiscordBot (url, version)»"
    for data in (request.body, *(part.data for part in request.parts or () if part.name == "payload_json")):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            yield "not_utf8", "the JSON is not UTF-8"


def find_in_create(request: FakeRequest, body: Body) -> Iterator[Finding]:
    """Yield what a new message shows."""
    if request.query.get("wait", "").lower() not in {"true", "1"}:
        yield "wait_false", "without wait=true nothing tells whether the message was saved"
    yield from unknown_keys(body.json, CREATE_KEYS, "")
    yield from _noise(body.json, "", allow_null=False)
    yield from _in_message(body)


def find_in_bot_create(body: Body) -> Iterator[Finding]:
    """Yield what a new message of a bot shows; it is always waited for."""
    yield from unknown_keys(body.json, BOT_CREATE_KEYS)
    yield from _noise(body.json, "", allow_null=False)
    yield from _in_message(body)


def find_in_edit(body: Body, *, files: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what an edit shows; null is allowed, it clears. ``files`` of the message: names by ids."""
    yield from unknown_keys(body.json, EDIT_KEYS, "")
    yield from _noise(body.json, "", allow_null=True)
    if files and body.files and "attachments" not in body.json:
        yield "edit_clears_attachments", "an edit with files must name every file to keep"
    listed = {str(entry.get("id")) for entry in _list(body.json.get("attachments")) if isinstance(entry, dict)}
    kept = [name for file_id, name in files.items() if "attachments" not in body.json or file_id in listed]
    yield from _in_message(body, kept)


def _in_message(body: Body, kept: Sequence[str] = ()) -> Iterator[Finding]:
    if "allowed_mentions" not in body.json or body.json["allowed_mentions"] is None:
        yield "missing_allowed_mentions", "without allowed_mentions the text decides who is pinged"
    elif isinstance(body.json["allowed_mentions"], dict):
        yield from unknown_keys(body.json["allowed_mentions"], _MENTION_KEYS, "allowed_mentions.")
    embeds = [embed for embed in _list(body.json.get("embeds")) if isinstance(embed, dict)]
    urls = [embed["url"] for embed in embeds if embed.get("url")]
    if len(set(urls)) < len(urls):
        yield "same_embed_url", "of embeds with one url only the first is shown"
    for index, embed in enumerate(embeds):
        yield from _in_embed(embed, f"embeds[{index}].")
    yield from _in_files(body, embeds, kept)
    yield from _nul(body.json, "")


def _in_embed(embed: dict[str, Any], path: str) -> Iterator[Finding]:
    yield from unknown_keys(embed, _EMBED_KEYS, path)
    for key, allowed in _PARTS.items():
        if isinstance(embed.get(key), dict):
            yield from unknown_keys(embed[key], allowed, f"{path}{key}.")
    for index, field in enumerate(_list(embed.get("fields"))):
        if isinstance(field, dict):
            yield from unknown_keys(field, _FIELD_KEYS, f"{path}fields[{index}].")
    timestamp = embed.get("timestamp")
    if isinstance(timestamp, str) and (fraction_digits(timestamp) or 0) > 6:
        yield "timestamp_digits", f"{path}timestamp has more than 6 digits of a second"


def _in_files(body: Body, embeds: list[dict[str, Any]], kept: Sequence[str]) -> Iterator[Finding]:
    if body.multipart and not body.files:
        yield "multipart_without_files", "a form without files costs more than JSON"
    if not body.multipart and not body.files and not any(map(_has_attachment_url, embeds)):
        return
    described = {
        str(entry.get("id")): entry for entry in _list(body.json.get("attachments")) if isinstance(entry, dict)
    }
    names: set[str] = set(kept)
    for file in body.files:
        if file.index is None:
            yield "file_part_name", "a file's part is not named files[n]"
        entry = described.get(str(file.index))
        if entry is None:
            yield "file_part_name", f"files[{file.index}] is not named in attachments"
        name = str((entry or {}).get("filename") or file.filename)
        if cleansed(name) != name:
            yield "file_name", f"the file name {name!r} will be changed"
        if name in names:
            yield "file_name", f"two files are named {name!r}"
        names.add(name)
    for path, name in attachment_urls([_shape(embed) for embed in embeds]):
        place = ".".join(map(str, path))
        if name not in names:
            yield "attachment_url", f"{place}: no file is named {name!r}"
        elif not name.lower().endswith(IMAGE_SUFFIXES):
            yield "attachment_url", f"{place}: {name!r} is no image"


def _has_attachment_url(embed: dict[str, Any]) -> bool:
    return bool(attachment_urls([_shape(embed)]))


def _shape(embed: dict[str, Any]) -> dict[str, Any]:
    owners = {key: embed.get(key) for key in _PARTS}
    return {
        key: {name: text for name, text in owner.items() if isinstance(text, str)}
        for key, owner in owners.items()
        if isinstance(owner, dict)
    }


def unknown_keys(owner: dict[str, Any], known: frozenset[str], path: str = "") -> Iterator[Finding]:
    """Yield the keys that an object should not have."""
    for key in owner:
        if key not in known:
            yield "unknown_key", f"{path}{key} is no key here"


def _noise(value: Any, path: str, *, allow_null: bool) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _noise(item, f"{path}.{key}" if path else str(key), allow_null=allow_null)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _noise(item, f"{path}[{index}]", allow_null=allow_null)
    elif value is None and not allow_null:
        yield "noise_key", f"{path} is null; leave it out"
    elif value == "" and not (allow_null and path == "content"):
        yield "noise_key", f'{path} is ""; leave it out'


def _nul(value: Any, path: str) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _nul(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nul(item, f"{path}[{index}]")
    elif isinstance(value, str) and "\0" in value:
        yield "nul_character", f"{path} holds NUL"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
