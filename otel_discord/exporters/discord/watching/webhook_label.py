"""What Discord says of a webhook, in a few words. Pure."""

from otel_discord.discord_api.turn import WebhookInfo


def label_of(info: WebhookInfo) -> str:
    """Return its name and its channel."""
    return f"{info.name!r} posts to channel {info.channel_id}"
