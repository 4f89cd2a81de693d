"""What bots ask about themselves and the guilds that they are in."""

from otel_discord.testing.fake_discord.bot_call import Answer, BotCall
from otel_discord.testing.fake_discord.form_errors import refusal
from otel_discord.testing.fake_discord.guild_answers import (
    application_json,
    guild_json,
    member_json,
    my_guild_json,
    own_user_json,
    roles_json,
)


def get_my_user(call: BotCall) -> Answer:
    """Return who the bot is."""
    return 200, own_user_json(call.bot)


def list_my_guilds(call: BotCall) -> Answer:
    """Return the bot's guilds by id, at most ``limit`` of them, after or before one."""
    limit = call.number("limit", 200, 1, 200)
    before, after = call.number("before", 0, 0, 2**63), call.number("after", 0, 0, 2**63)
    guilds = sorted(
        (each for each in call.state.guilds.values() if call.bot.id in each.permissions), key=lambda each: int(each.id)
    )
    if before:
        guilds = [each for each in guilds if int(each.id) < before][-limit:]
    guilds = [each for each in guilds if int(each.id) > after][:limit]
    return 200, [my_guild_json(each, call.bot) for each in guilds]


def get_my_application(call: BotCall) -> Answer:
    """Return the application that the bot belongs to."""
    return 200, application_json(call.bot)


def get_my_oauth2_application(call: BotCall) -> Answer:
    """Return the same, at its former address."""
    return get_my_application(call)


def get_guild(call: BotCall) -> Answer:
    """Return a guild with its roles."""
    return 200, guild_json(call.guild, _names(call))


def list_guild_roles(call: BotCall) -> Answer:
    """Return the roles of a guild."""
    return 200, roles_json(call.guild, _names(call))


def get_guild_member(call: BotCall) -> Answer:
    """Return a member; only bots are known here."""
    bot = next((each for each in call.state.bots.values() if each.id == call.route.user_id), None)
    if bot is None:
        raise refusal(404, 10013)
    if bot.id not in call.guild.permissions:
        raise refusal(404, 10007)
    return 200, member_json(call.guild, bot)


def _names(call: BotCall) -> dict[str, str]:
    return {bot.id: bot.name for bot in call.state.bots.values()}
