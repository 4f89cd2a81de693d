"""The JSON of a message to be created and of one to be edited; they differ in what may and must be there."""

from dataclasses import replace
from typing import Final

from otel_discord.discord_api.filenames import cleanse_filename
from otel_discord.discord_api.models import Json, Message

SUPPRESS_EMBEDS: Final = 1 << 2
"""The one flag that an edit may set for our kind of message."""

_CREATE_ONLY: Final = ("username", "avatar_url", "thread_name")


def with_clean_filenames(message: Message) -> Message:
    """Return the message with the filenames that Discord would store, equal in the form and in ``attachments``."""
    if not message.files:
        return message
    return replace(
        message, files=tuple(replace(part, filename=cleanse_filename(part.filename)) for part in message.files)
    )


def create_json(message: Message) -> Json:
    """Return the body of POST; ``allowed_mentions`` is always there."""
    return message.to_json()


def components_query(message: Message) -> dict[str, str]:
    """Return what lets a message have buttons: a webhook of no application has to ask for it."""
    return {"with_components": "true"} if message.buttons or message.clears_buttons else {}


def edit_json(message: Message) -> Json:
    """Return the body of PATCH, which makes an existing message say what ``message`` says.

    What is left out of an edit stays as it was, so content and embeds are always named, also to be cleared. Without
    ``allowed_mentions`` the content would be parsed with Discord's defaults. Attachments are kept unless new files
    come, which replace them, or ``kept_file_ids`` names those that stay. https://docs.discord.com/developers/resources/webhook#edit-webhook-message
    """
    body = {key: value for key, value in message.to_json().items() if key not in _CREATE_ONLY}
    if message.kept_file_ids is not None:
        body["attachments"] = [*body.get("attachments", ()), *({"id": each} for each in message.kept_file_ids)]
    flags = message.flags & SUPPRESS_EMBEDS
    body.pop("flags", None)
    if message.clears_buttons:
        body.setdefault("components", [])
    return {"content": None, "embeds": []} | body | ({"flags": flags} if flags else {})
