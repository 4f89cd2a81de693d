"""Stored things in the form in which Discord shows them: message, webhook, attachment."""

from typing import Any

from otel_discord.testing.fake_discord.snowflake import iso_time
from otel_discord.testing.fake_discord.state import FakeFile, FakeMessage, FakeWebhook

Json = dict[str, Any]

_FILES_BASE = "https://cdn.discordapp.com/attachments"


def message_json(message: FakeMessage) -> Json:
    """Return a ``MessageResponse``."""
    return {
        "type": 0,
        "content": message.content,
        "mentions": [],
        "mention_roles": [],
        "attachments": [_attachment_json(message, file) for file in message.files],
        "embeds": [_embed_json(message, embed) for embed in message.embeds],
        "timestamp": iso_time(message.created_wall_s),
        "edited_timestamp": None if message.edited_wall_s is None else iso_time(message.edited_wall_s),
        "flags": message.flags,
        "components": message.components,
        "id": message.id,
        "channel_id": message.channel_id,
        "author": _author_json(message),
        "pinned": False,
        "mention_everyone": "everyone" in message.pinged,
        "tts": message.tts,
        "webhook_id": message.webhook_id,
    }


def webhook_json(webhook: FakeWebhook) -> Json:
    """Return a ``GuildIncomingWebhookResponse``, without ``user`` as the routes with a token do."""
    return {
        "application_id": None,
        "avatar": webhook.avatar,
        "channel_id": webhook.channel_id,
        "guild_id": webhook.guild_id,
        "id": webhook.id,
        "name": webhook.name,
        "type": 1,
        "token": webhook.token,
        "url": webhook.url,
    }


def _author_json(message: FakeMessage) -> Json:
    return {
        "id": message.webhook_id,
        "username": message.username,
        "avatar": None,
        "discriminator": "0000",
        "public_flags": 0,
        "flags": 0,
        "bot": True,
        "global_name": None,
        "primary_guild": None,
    }


def _attachment_json(message: FakeMessage, file: FakeFile) -> Json:
    url = f"{_FILES_BASE}/{message.channel_id}/{file.id}/{file.filename}"
    answer: Json = {
        "id": file.id,
        "filename": file.filename,
        "size": len(file.data),
        "url": url,
        "proxy_url": url,
        "content_type": file.content_type or "application/octet-stream",
    }
    if file.title:
        answer["title"] = file.title
    if file.description:
        answer["description"] = file.description
    return answer


def _embed_json(message: FakeMessage, embed: Json) -> Json:
    files = {file.filename: file for file in message.files}
    shown = dict(embed)
    for key in ("image", "thumbnail"):
        url = embed.get(key, {}).get("url", "")
        file = files.get(url.removeprefix("attachment://"))
        if file is not None:
            shown[key] = {"url": f"{_FILES_BASE}/{message.channel_id}/{file.id}/{file.filename}"}
    return shown
