"""Discord's numbers once more, apart from ``discord_api.limits``, so that neither hides the other's slip."""

from typing import Final

LIMITS_SOURCE: Final = "https://docs.discord.com/developers/resources/message#embed-object-embed-limits"

CONTENT: Final = 2000
EMBEDS: Final = 10
EMBEDS_TOTAL: Final = 6000
TITLE: Final = 256
DESCRIPTION: Final = 4096
FIELDS: Final = 25
FIELD_NAME: Final = 256
FIELD_VALUE: Final = 1024
FOOTER: Final = 2048
AUTHOR: Final = 256
COLOR: Final = 16_777_215
URL: Final = 2048
USERNAME: Final = 80
THREAD_NAME: Final = 100
APPLIED_TAGS: Final = 5
MENTION_IDS: Final = 100
COMPONENTS: Final = 40
FILES: Final = 10
FILE_BYTES: Final = 10_485_760
REQUEST_BYTES: Final = 26_214_400
ATTACHMENT_TEXT: Final = 1024
"""Filename, title and description each."""

SUPPRESS_EMBEDS: Final = 1 << 2
SUPPRESS_NOTIFICATIONS: Final = 1 << 12
IS_COMPONENTS_V2: Final = 1 << 15

CHANNEL_NAME: Final = 100
TOPIC: Final = 1024
FORUM_TOPIC: Final = 4096
OVERWRITES: Final = 100
GUILD_CHANNELS: Final = 500
CATEGORY_CHANNELS: Final = 50
CHANNEL_WEBHOOKS: Final = 15
GUILD_WEBHOOKS: Final = 1000
ACTIVE_THREADS: Final = 1000
NONCE: Final = 25
AUDIT_REASON: Final = 512
