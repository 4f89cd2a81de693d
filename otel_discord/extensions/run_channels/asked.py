"""What a request asks of the desk, as a value: the same from both doors."""

from dataclasses import dataclass
from typing import Final, TypeAlias

from otel_discord.extensions.run_channels.runs import Created, Finalized, NewRun, Page, Run
from otel_discord.extensions.run_channels.tokens import Right


@dataclass(frozen=True, slots=True)
class CreateRun:
    """A channel and a webhook, please."""

    new: NewRun


@dataclass(frozen=True, slots=True)
class FinalizeRun:
    """The run of this channel has ended."""

    channel_id: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class GetRun:
    """How is the run of this channel?"""

    channel_id: str


@dataclass(frozen=True, slots=True)
class ListRuns:
    """Which runs are there? Empty texts mean any; ``page_token`` "" is the first page."""

    guild_id: str = ""
    state: str = ""
    size: int = 50
    page_token: str = ""


Asked: TypeAlias = CreateRun | FinalizeRun | GetRun | ListRuns
Result: TypeAlias = Created | Finalized | Run | Page

RIGHTS: Final[dict[type[Asked], Right]] = {
    CreateRun: "create",
    FinalizeRun: "finalize",
    GetRun: "read",
    ListRuns: "read",
}
"""What a token needs for it."""
