"""The form of a message, to be created or edited: everything that Discord says about it at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.form_body import Body
from otel_discord.testing.fake_discord.form_embed import check_embeds, visible
from otel_discord.testing.fake_discord.form_errors import invalid_form, refusal
from otel_discord.testing.fake_discord.form_files import Attachments, check_attachments
from otel_discord.testing.fake_discord.form_mentions import check_mentions
from otel_discord.testing.fake_discord.form_values import Form
from otel_discord.testing.fake_discord.rules import Switches

Json = dict[str, Any]

EDIT_KEYS = frozenset(["content", "embeds", "allowed_mentions", "components", "attachments", "flags", "poll"])
CREATE_KEYS = EDIT_KEYS | {"username", "avatar_url", "tts", "thread_name", "applied_tags"}
BOT_CREATE_KEYS = EDIT_KEYS | {"tts", "nonce", "enforce_nonce", "message_reference", "sticker_ids"}

_CREATE_FLAGS = limits.SUPPRESS_EMBEDS | limits.SUPPRESS_NOTIFICATIONS | limits.IS_COMPONENTS_V2
_EDIT_FLAGS = limits.SUPPRESS_EMBEDS | limits.IS_COMPONENTS_V2


@dataclass(frozen=True, slots=True)
class MessageForm:
    """A valid form, as Discord understands it."""

    content: str
    embeds: list[Json]
    components: list[Json]
    attachments: Attachments
    username: str | None
    flags: int | None
    thread_name: str


def check_create(body: Body, switches: Switches, *, with_components: bool) -> MessageForm:
    """Return the form of a new message.

    Raises:
        RefusedError: 50035 with every error, or 50006 where nothing is to be shown.
    """
    form = Form(switches)
    checked = _check(form, body, _CREATE_FLAGS, {})
    username = form.bounded_text(body.json, "username", (), 1, limits.USERNAME)
    if username is not None:
        check_username(form, username, "username")
    form.url(body.json, "avatar_url", ())
    form.flag(body.json, "tts", ())
    thread_name = form.bounded_text(body.json, "thread_name", (), 0, limits.THREAD_NAME) or ""
    form.items(body.json, "applied_tags", (), limits.APPLIED_TAGS)
    if form.errors:
        raise invalid_form(form.errors)
    embeds = checked.embeds if switches.empty_embed == "accept" else [e for e in checked.embeds if visible(e)]
    shown = checked.content or embeds or checked.attachments.uploads or body.json.get("poll")
    if not shown and not (checked.components and with_components):
        raise refusal(400, 50006)
    components = checked.components if with_components else []
    return MessageForm(checked.content, embeds, components, checked.attachments, username, checked.flags, thread_name)


def check_edit(body: Body, switches: Switches, *, known_files: Mapping[str, str]) -> MessageForm:
    """Return the form of an edit; what it does not name stays as it is. ``known_files``: their names by ids.

    Raises:
        RefusedError: 50035 with every error.
    """
    form = Form(switches)
    checked = _check(form, body, _EDIT_FLAGS, known_files)
    if form.errors:
        raise invalid_form(form.errors)
    return checked


def check_username(form: Form, name: str, key: str) -> None:
    """Note a name that Discord forbids (MinnDevelopment/discord-webhooks#100, Xujiayao/Discord-MC-Chat#286)."""
    for word in ("discord", "clyde"):
        if word in name.lower():
            words = f'Username cannot contain "{word}"'
            form.errors.add((key,), "USERNAME_INVALID_CONTAINS", words)
    if name.lower() in {"here", "everyone"}:
        form.errors.add((key,), "USERNAME_INVALID", f'Username cannot be "{name}"')


def _check(form: Form, body: Body, flag_mask: int, known_files: Mapping[str, str]) -> MessageForm:
    json = body.json
    content = form.text(json, "content", (), limits.CONTENT)
    embeds = check_embeds(form, json)
    components = form.items(json, "components", (), limits.COMPONENTS)
    check_mentions(form, json)
    attachments = check_attachments(form, json, body.files, tuple(known_files))
    flags = form.integer(json, "flags", (), (1 << 53) - 1)
    if flags is not None and flags & ~flag_mask and form.switches.unknown_flags == "reject":
        form.errors.add(("flags",), "BASE_TYPE_CHOICES", f"Value must be within {flag_mask}.")
    if form.switches.unknown_attachment_url == "reject":
        kept = known_files if attachments.keep is None else attachments.keep
        names = {upload.filename for upload in attachments.uploads} | {known_files[each] for each in kept}
        for path, name in attachment_urls(embeds):
            if name not in names:
                words = f"Attachment {name} could not be found."
                form.errors.add(path, "MESSAGE_ATTACHMENT_NOT_FOUND", words)
    _check_components_v2(form, json, flags or 0)
    return MessageForm(content, embeds, components, attachments, None, flags, "")


def attachment_urls(embeds: Sequence[Json]) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the path and the file name of every ``attachment://`` in embeds."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for index, embed in enumerate(embeds):
        places = [("image", "url"), ("thumbnail", "url"), ("author", "icon_url"), ("footer", "icon_url")]
        for owner, key in places:
            url = embed.get(owner, {}).get(key, "")
            if url.startswith("attachment://"):
                found.append((("embeds", index, owner, key), url.removeprefix("attachment://")))
    return found


def _check_components_v2(form: Form, json: Mapping[str, Any], flags: int) -> None:
    if not flags & limits.IS_COMPONENTS_V2:
        return
    for key in ("content", "embeds", "poll"):
        if json.get(key):
            words = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            form.errors.add((key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", words)
