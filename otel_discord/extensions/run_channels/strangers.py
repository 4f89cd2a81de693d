"""Channels that the book does not know: Discord is asked whether they are a run's."""

from otel_discord.discord_api.bot.answers import Denied, Done, NotThere
from otel_discord.discord_api.webhook_url import is_snowflake
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.marker import parse_marker
from otel_discord.extensions.run_channels.outcome import problem_of
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State
from otel_discord.extensions.run_channels.workshop import Workshop


async def run_in_discord(channel_id: str, bench: Bench, shop: Workshop) -> Run | None:
    """Return the run of a channel that the book does not know; None where Discord does not have it either.

    Raises:
        RunProblem: NOT_FOUND: it is no run's; what Discord says instead.
    """
    unknown = RunProblem(Code.NOT_FOUND, "this channel is not a run's")
    if not is_snowflake(channel_id):
        raise unknown
    answer = await bench.api.channel(channel_id)
    if isinstance(answer, NotThere):
        return None
    if isinstance(answer, Denied):
        raise unknown
    if not isinstance(answer, Done):
        raise problem_of(answer, "looking at the channel")
    channel = answer.value
    is_marked = parse_marker(channel.topic, channel.guild_id, bench.key) is not None
    is_thread = shop.threads is not None and channel.owner_id == bench.bot.id
    if not channel.guild_id or not (is_marked or is_thread):
        raise unknown
    failure = await shop.reconciler.ensure(channel.guild_id, again=True)
    if failure is not None:
        raise problem_of(failure, "looking at the guild")
    run = shop.book.by_channel(channel_id)
    if run is None:
        raise unknown
    return run


def cleaned_stranger(channel_id: str) -> Run:
    """Return what there is to say of a channel that is in Discord no more, and in the book either."""
    return Run(
        run_id="",
        key=RunKey(guild_id="", task_id="", attempt=0, short_id=""),
        state=State.CLEANED,
        placement=Placement.CHANNEL,
        created_ms=0,
        retention_hours=0,
        channel_id=channel_id,
    )
