"""Discord's limits as named constants with units; no bare 4096 anywhere else.

``_CHARS`` counts Unicode code points (``len(str)``) after leading and trailing whitespace is trimmed, as Discord does
(discord/discord-api-docs#1315). Source: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
and resources/webhook#execute-webhook.
"""

from typing import Final

CONTENT_CHARS: Final = 2000
EMBEDS_PER_MESSAGE: Final = 10
EMBEDS_TOTAL_CHARS: Final = 6000
"""Sum of title, description, field names and values, footer text and author name over all embeds of a message."""

EMBED_TITLE_CHARS: Final = 256
EMBED_DESCRIPTION_CHARS: Final = 4096
EMBED_FIELDS: Final = 25
EMBED_FIELD_NAME_CHARS: Final = 256
EMBED_FIELD_VALUE_CHARS: Final = 1024
EMBED_FOOTER_CHARS: Final = 2048
EMBED_AUTHOR_CHARS: Final = 256
EMBED_COLOR_MAX: Final = 0xFFFFFF

URL_CHARS: Final = 2048
USERNAME_CHARS: Final = 80
THREAD_NAME_CHARS: Final = 100
BUTTONS: Final = 25
"""Below one message, five a row."""
BUTTON_LABEL_CHARS: Final = 80
BUTTON_URL_CHARS: Final = 512
ALLOWED_MENTION_IDS: Final = 100
"""Users and roles each, unique."""

FILES_PER_MESSAGE: Final = 10
FILE_MAX_BYTES: Final = 10 * 1024 * 1024
REQUEST_MAX_BYTES: Final = 25 * 1024 * 1024
FILES_TOTAL_BYTES: Final = REQUEST_MAX_BYTES - 256 * 1024
"""What the files of one message may have together; the rest is for the longest JSON and the form around it."""

FILE_NAME_CHARS: Final = 1024
FILE_DESCRIPTION_CHARS: Final = 1024

USERNAME_FORBIDDEN_PARTS: Final = ("discord", "clyde")
"""Refused anywhere in a webhook's or message's username, in any case."""
USERNAME_FORBIDDEN: Final = ("everyone", "here")
"""Refused as the whole username."""
