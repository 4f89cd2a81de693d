"""What the doors (HTTP, gRPC) ask of the room behind them."""

from collections.abc import Collection
from typing import Protocol

from otel_discord.extensions.run_channels.runs import Created, Finalized, NewRun, Page, Run


class RunDesk(Protocol):
    """Carries requests out. All methods raise :class:`problems.RunProblem`, and may be called concurrently.

    A request that is cancelled (its client went away) loses nothing: what was begun goes on behind.
    """

    async def create(self, wanted: NewRun, *, by: str) -> Created:
        """Return the run's channel and webhook, made now or earlier; ``by`` is the name of the caller's token."""
        ...

    async def finalize(self, channel_id: str, *, outcome: str, by: str, guilds: Collection[str] = ()) -> Finalized:
        """End the run that has this channel. One that has ended, or is gone, is no error; NOT_FOUND only for a channel
        that was never a run's as far as is known here and in Discord. FORBIDDEN, and nothing is done, where ``guilds``
        are named and the run's is none of them."""
        ...

    def find(self, channel_id: str) -> Run:
        """Return one run."""
        ...

    def page(self, *, guild_id: str = "", state: str = "", size: int = 50, token: str = "") -> Page:
        """Return runs, newest first."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether runs can be created: the bot's token was accepted and what an earlier run left is known."""
        ...
