"""Adds to a refusal for want of a permission what a person does about it: the invite that grants it."""

from otel_discord.discord_api.bot import permissions
from otel_discord.discord_api.bot.bot_api import BotUser
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.opening import needed
from otel_discord.extensions.run_channels.problems import Code, RunProblem


def explained(problem: RunProblem, bot: BotUser, config: RunChannelsConfig, guild_id: str) -> RunProblem:
    """Return the problem; a missing permission with number and link of the invite that grants all that is needed."""
    if problem.code is not Code.MISSING_PERMISSION:
        return problem
    need = needed(config)
    link = permissions.invite_url(bot.application_id or bot.id, need, guild_id=guild_id)
    return RunProblem(problem.code, f"{problem}; invite the bot with permissions={need}: {link}")
