"""The form of a channel, to be made or changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.channel_names import text_channel_name
from otel_discord.testing.fake_discord.form_errors import Path, invalid_form
from otel_discord.testing.fake_discord.form_values import Form
from otel_discord.testing.fake_discord.permissions import FakeOverwrite
from otel_discord.testing.fake_discord.rules import Switches
from otel_discord.testing.fake_discord.state import ANNOUNCEMENT, CATEGORY, FORUM, MEDIA, TEXT

Json = Mapping[str, Any]

_NUMBER: Final = re.compile(r"[0-9]{1,30}")

_VOICE, _STAGE, _DIRECTORY = 2, 13, 14
_TYPES: Final = (TEXT, _VOICE, CATEGORY, ANNOUNCEMENT, _STAGE, _DIRECTORY, FORUM, MEDIA)
_NORMALISED: Final = (TEXT, ANNOUNCEMENT, FORUM, MEDIA)
CHANNEL_KEYS: Final = frozenset(
    [
        *("name", "type", "position", "topic", "nsfw", "rate_limit_per_user", "bitrate", "user_limit", "parent_id"),
        *("permission_overwrites", "rtc_region", "video_quality_mode", "flags", "default_auto_archive_duration"),
        *("default_thread_rate_limit_per_user", "available_tags", "default_reaction_emoji", "default_sort_order"),
        *("default_forum_layout", "default_tag_setting"),
    ]
)
"""What a new channel, or a changed one, may name."""
THREAD_KEYS: Final = frozenset(
    ["name", "archived", "locked", "auto_archive_duration", "invitable", "rate_limit_per_user", "flags", "applied_tags"]
)
NEW_THREAD_KEYS: Final = frozenset(
    ["name", "type", "auto_archive_duration", "invitable", "rate_limit_per_user", "message", "applied_tags"]
)


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """A valid form; None for what it does not name. ``parent_id`` "": in no category."""

    name: str | None
    type: int
    topic: str | None
    parent_id: str | None
    overwrites: list[FakeOverwrite] | None


def check_channel(json: Json, switches: Switches, *, type: int | None = None) -> ChannelForm:  # noqa: A002 - Discord's name
    """Return the form of a channel: of a new one, or of a change where ``type`` is what the channel is.

    Raises:
        RefusedError: 50035 with every error.
    """
    form = Form(switches)
    asked = form.integer(json, "type", (), max(_TYPES))
    if asked is not None and asked not in _TYPES:
        words = f"Value must be one of {set(_TYPES)}."
        form.errors.add(("type",), "BASE_TYPE_CHOICES", words)
    kind = type if type is not None else (asked or TEXT)
    name = channel_name(form, json, required=type is None, normalised=kind in _NORMALISED)
    topic_limit = limits.FORUM_TOPIC if kind in {FORUM, MEDIA} else limits.TOPIC
    topic = form.bounded_text(json, "topic", (), 0, topic_limit)
    if "topic" in json and topic is None:
        topic = ""
    parent_id = _snowflake(form, json, "parent_id", ())
    form.integer(json, "rate_limit_per_user", (), 21_600)
    form.integer(json, "position", (), 2**31)
    overwrites = _overwrites(form, json)
    if form.errors:
        raise invalid_form(form.errors)
    return ChannelForm(name, kind, topic, parent_id, overwrites)


def channel_name(form: Form, json: Json, *, required: bool, normalised: bool) -> str | None:
    """Return a name as Discord stores it; None where it is absent."""
    if json.get("name") is None:
        if required:
            form.required(("name",))
        return None
    name = form.bounded_text(json, "name", (), 1, limits.CHANNEL_NAME) or ""
    stored = text_channel_name(name) if normalised else name
    if name and not stored:
        form.errors.add(("name",), "CHANNEL_NAME_INVALID", "The channel name is invalid.")
    return stored


def _snowflake(form: Form, owner: Json, key: str, path: Path) -> str | None:
    if key not in owner:
        return None
    value = owner[key]
    if value is None:
        return ""
    if not _NUMBER.fullmatch(str(value)):
        form.errors.add((*path, key), "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
        return None
    return str(value)


def _overwrites(form: Form, json: Json) -> list[FakeOverwrite] | None:
    if "permission_overwrites" not in json:
        return None
    found: dict[tuple[int, str], FakeOverwrite] = {}
    for index, entry in enumerate(form.items(json, "permission_overwrites", (), limits.OVERWRITES)):
        path: Path = ("permission_overwrites", index)
        if not isinstance(entry, dict):
            form.errors.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
            continue
        target_id = _snowflake(form, entry, "id", path)
        if not target_id:
            form.required((*path, "id"))
            continue
        kind = form.integer(entry, "type", path, 1) or 0
        overwrite = FakeOverwrite(target_id, kind, _bits(form, entry, "allow", path), _bits(form, entry, "deny", path))
        found[kind, target_id] = overwrite
    return list(found.values())


def _bits(form: Form, owner: Json, key: str, path: Path) -> int:
    value = owner.get(key)
    if value is None:
        return 0
    if not _NUMBER.fullmatch(str(value)):
        form.errors.add((*path, key), "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        return 0
    return int(value)
