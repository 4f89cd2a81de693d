"""The operations of bots by their names in Discord's contract."""

from collections.abc import Callable
from typing import Final

from otel_discord.testing.fake_discord import account_operations as account
from otel_discord.testing.fake_discord import bot_messages as messages
from otel_discord.testing.fake_discord import channel_operations as channels
from otel_discord.testing.fake_discord import thread_operations as threads
from otel_discord.testing.fake_discord import webhook_management as webhooks
from otel_discord.testing.fake_discord.bot_call import Answer, BotCall

BOT_OPERATIONS: Final[dict[str, Callable[[BotCall], Answer]]] = {
    operation.__name__: operation
    for operation in (
        account.get_my_user,
        account.list_my_guilds,
        account.get_my_application,
        account.get_my_oauth2_application,
        account.get_guild,
        account.list_guild_roles,
        account.get_guild_member,
        channels.list_guild_channels,
        channels.create_guild_channel,
        channels.bulk_update_guild_channels,
        channels.get_channel,
        channels.update_channel,
        channels.delete_channel,
        webhooks.create_webhook,
        webhooks.list_channel_webhooks,
        webhooks.get_guild_webhooks,
        webhooks.get_webhook,
        webhooks.update_webhook,
        webhooks.delete_webhook,
        messages.create_message,
        messages.list_messages,
        messages.get_message,
        messages.update_message,
        messages.delete_message,
        threads.create_thread,
        threads.create_thread_from_message,
        threads.get_active_guild_threads,
        threads.list_public_archived_threads,
    )
}
