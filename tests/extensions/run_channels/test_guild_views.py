"""Lists of channels: shared while they are true, and asked for again once something was made meanwhile."""

import asyncio
from typing import Any

from otel_discord.discord_api.bot.answers import Done
from otel_discord.extensions.run_channels.guild_views import GuildViews


class _Lists:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def channels(self, guild_id: str) -> Any:
        self.asked += 1
        await self.may_answer.wait()
        return Done(())


async def test_a_list_is_shared() -> None:
    lists = _Lists()
    views = GuildViews(lists, lambda: 7.0)  # type: ignore[arg-type]
    lists.may_answer.set()
    await asyncio.gather(*(views.channels("1", max_age_s=1.0) for _ in range(5)))
    assert lists.asked == 1


async def test_a_list_asked_for_before_a_change_is_not_believed_after_it() -> None:
    lists = _Lists()
    views = GuildViews(lists, lambda: 7.0)  # type: ignore[arg-type]
    early = asyncio.create_task(views.channels("1", max_age_s=1.0))
    await asyncio.sleep(0)
    views.has_changed("1")
    lists.may_answer.set()
    await early
    await views.channels("1", max_age_s=1.0)
    assert lists.asked == 2
