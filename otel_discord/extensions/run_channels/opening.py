"""What happens before runs can be created: whose token it is, what the bot may do where, what an earlier run left."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from otel_discord.component.errors import RetryableError, StartError
from otel_discord.discord_api.bot import permissions
from otel_discord.discord_api.bot.answers import Denied, Done, Failed, Failure, Limited, NotThere
from otel_discord.discord_api.bot.bot_api import Guild
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.guilds import Guilds
from otel_discord.extensions.run_channels.outcome import UNKNOWN_GUILD, problem_of
from otel_discord.extensions.run_channels.reconcile import Reconciler

FIRST_TRY_S: Final = 10.0
_LONGEST_BACKOFF_S: Final = 60.0


@dataclass(slots=True, kw_only=True)
class Opening:
    """Of one extension."""

    bench: Bench
    guilds: Guilds
    reconciler: Reconciler

    async def find_bot(self) -> bool:
        """Ask who the token belongs to; return whether Discord has said so.

        Raises:
            StartError: it belongs to nobody.
        """
        answer = await self.bench.api.me()
        match answer:
            case Done(value=bot):
                self.bench.bot = bot
                return True
            case Denied(status=HTTPStatus.UNAUTHORIZED):
                raise StartError(
                    "bot_token: Discord does not accept it; take the one from the Bot page of your application in the "
                    "Developer Portal, not the client secret or a webhook"
                )
            case _:
                why = str(problem_of(answer, "asking who the bot is"))
                self.bench.tell_once("bot", "Discord does not say who the bot is; it is asked again", why=why)
                return False

    async def first_pass(self) -> Sequence[str]:
        """Look at every guild once; return those that have to be looked at again."""
        known = await self._known()
        if known is None:
            return ("",)
        left: list[str] = []
        for guild_id in known:
            failure = await self._look(guild_id)
            if isinstance(failure, (Limited, Failed)):
                left.append(guild_id)
        return left

    async def go_on(self, left: Sequence[str]) -> None:
        """Look again at guilds of which Discord has not said enough, until it has."""
        backoff_s = 1.0
        while left:
            await asyncio.sleep(backoff_s * (0.5 + 0.5 * self.bench.dice()))
            backoff_s = min(_LONGEST_BACKOFF_S, backoff_s * 2)
            if "" in left:
                left = await self.first_pass()
            else:
                left = [item for item in left if isinstance(await self._look(item), (Limited, Failed))]

    async def _known(self) -> Sequence[str] | None:
        answer = await self.bench.api.guilds()
        if not isinstance(answer, Done):
            self.bench.tell_once("guilds", "Discord does not say which guilds the bot is in", discord=answer.detail)
            return sorted({*self.bench.config.guilds, *self.reconciler.guilds_of_runs()}) or None
        self.bench.is_well("guilds")
        wanted = self.bench.config.guilds
        there = {guild.id: guild for guild in answer.value}
        for guild in answer.value:
            if not wanted or guild.id in wanted:
                self.guilds.is_known(guild)
                self._probe(guild)
        for guild_id in wanted:
            if guild_id not in there:
                invite = permissions.invite_url(self._application_id(), needed(self.bench.config), guild_id=guild_id)
                self.bench.logger.warning(
                    "the bot is not in a guild of `guilds`", extra={"guild": guild_id, "invite": invite}
                )
        return sorted({*(wanted or there), *self.reconciler.guilds_of_runs()})

    def _probe(self, guild: Guild) -> None:
        lacking = permissions.missing(guild.permissions, needed(self.bench.config))
        if not lacking:
            self.bench.logger.info(
                "the bot may do all that runs need", extra={"guild": guild.id, "guild_name": guild.name}
            )
            return
        words = permissions.explain(
            lacking,
            where=guild.name,
            application_id=self._application_id(),
            need=needed(self.bench.config),
            guild_id=guild.id,
        )
        self.bench.logger.warning(words, extra={"guild": guild.id})

    async def _look(self, guild_id: str) -> Failure | None:
        try:
            failure = await self.reconciler.ensure(guild_id)
            if isinstance(failure, NotThere) and failure.code == UNKNOWN_GUILD:
                await self.reconciler.left(guild_id)
        except RetryableError as error:
            failure = Failed(ambiguous=False, detail=str(error))
        if failure is None:
            self.bench.is_well(f"guild {guild_id}")
        else:
            why = str(problem_of(failure, "looking at its channels"))
            self.bench.tell_once(f"guild {guild_id}", "a guild cannot be looked at", guild=guild_id, why=why)
        return failure

    def _application_id(self) -> str:
        return self.bench.bot.application_id or self.bench.bot.id


def needed(config: RunChannelsConfig) -> int:
    """Return the permissions that runs need in a guild."""
    if config.placement != "channel":
        return permissions.WITH_THREADS
    return permissions.WITH_MESSAGES if config.header_embed else permissions.WITH_SILENCE
