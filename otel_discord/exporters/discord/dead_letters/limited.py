"""So many of the letters as are asked for, wherever they come from."""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from otel_discord.component.dead_letters import Letter


async def limited(letters: AsyncGenerator[Letter, None], limit: int, *, newest: bool) -> AsyncGenerator[Letter, None]:
    """Yield the ``limit`` newest (or oldest) of letters that come oldest first, in that order; all with 0.

    Of the newest only as many as asked for are held at once. The source is closed at the end.
    """
    last: deque[Letter] = deque(maxlen=limit)
    told = 0
    async with aclosing(letters):
        async for letter in letters:
            if limit and newest:
                last.append(letter)
                continue
            yield letter
            told += 1
            if told == limit:
                return
    for letter in last:
        yield letter
