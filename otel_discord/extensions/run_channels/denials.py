"""Adds to a refusal for want of a permission what a person does about it: what is missing, and the invite for it."""

from otel_discord.discord_api.bot import permissions
from otel_discord.discord_api.bot.answers import Done
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.guilds import Guilds
from otel_discord.extensions.run_channels.opening import needed
from otel_discord.extensions.run_channels.problems import Code, RunProblem


async def explained(problem: RunProblem, bench: Bench, guilds: Guilds, guild_id: str) -> RunProblem:
    """Return the problem; a missing permission with what the bot lacks in the guild, and the invite that grants it.

    Discord says only that something is missing; which one it was, the guild's roles tell, asked for anew.
    """
    if problem.code is not Code.MISSING_PERMISSION:
        return problem
    need = needed(bench.config)
    guilds.has_changed(guild_id)
    guild = await guilds.guild(guild_id)
    lacking = permissions.missing(guild.value.permissions, need) if isinstance(guild, Done) else ()
    if isinstance(guild, Done) and not lacking:
        more = (
            f"in {guild.value.name} as a whole the bot has all that runs need, so a category or channel takes it away: "
            "look at the permissions set there"
        )
        return RunProblem(problem.code, f"{problem}; {more}")
    link = permissions.invite_url(bench.bot.application_id or bench.bot.id, need, guild_id=guild_id)
    invite = f"invite the bot with permissions={need}: {link}"
    if not isinstance(guild, Done):
        return RunProblem(problem.code, f"{problem}; {invite}")
    return RunProblem(problem.code, f"{problem}; {permissions.explain(lacking, where=guild.value.name)}; {invite}")
