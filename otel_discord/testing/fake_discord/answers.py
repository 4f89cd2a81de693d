"""Stored things in the form in which Discord shows them: message, webhook, attachment."""

from typing import Any

from otel_discord.testing.fake_discord.snowflake import iso_time
from otel_discord.testing.fake_discord.state import FakeFile, FakeMessage, FakeWebhook

Json = dict[str, Any]

FILES_BASE = "https://cdn.discordapp.com/attachments"


def message_json(message: FakeMessage, *, files_base: str = FILES_BASE) -> Json:
    """Return a ``MessageResponse``; files that an embed shows are not among its attachments.

    Source: discord/discord-api-docs#1340. ``files_base``: where files are said to be.
    """
    shown = [file for embed in message.embeds for file in _shown_files(message, embed).values()]
    return {
        "type": 0,
        "content": message.content,
        "mentions": [],
        "mention_roles": [],
        "attachments": [_attachment_json(message, file, files_base) for file in message.files if file not in shown],
        "embeds": [_embed_json(message, embed, files_base) for embed in message.embeds],
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


def _attachment_json(message: FakeMessage, file: FakeFile, files_base: str) -> Json:
    url = f"{files_base}/{message.channel_id}/{file.id}/{file.filename}"
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


def _embed_json(message: FakeMessage, embed: Json, files_base: str) -> Json:
    pictures = {
        key: {"url": f"{files_base}/{message.channel_id}/{file.id}/{file.filename}"}
        for key, file in _shown_files(message, embed).items()
    }
    return {**embed, **pictures}


def _shown_files(message: FakeMessage, embed: Json) -> dict[str, FakeFile]:
    """Return the files that an embed shows, by its key."""
    found: dict[str, FakeFile] = {}
    for key in ("image", "thumbnail"):
        url = embed.get(key, {}).get("url", "")
        name = url.removeprefix("attachment://")
        file = next((each for each in message.files if each.filename == name != url), None)
        if file is not None:
            found[key] = file
    return found
