"""Stands between both doors and the desk: lets callers in, asks in their name, writes down what came of it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import RetryableError
from otel_discord.extensions.run_channels.asked import (
    RIGHTS,
    Asked,
    CreateRun,
    FinalizeRun,
    GetRun,
    ListRuns,
    Result,
)
from otel_discord.extensions.run_channels.audit import AuditLog, Visit
from otel_discord.extensions.run_channels.desk import RunDesk
from otel_discord.extensions.run_channels.own_numbers import OwnNumbers, not_shown
from otel_discord.extensions.run_channels.pace import Pace, network_of
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from otel_discord.extensions.run_channels.runs import Created, Page, Run
from otel_discord.extensions.run_channels.tokens import Caller, KnownTokens

WRONG_TOKENS_PER_MINUTE: Final = 60
"""Of one address (of IPv6: one network); beyond, the answer is 429 and nothing is written down. Who shows none at all
guesses nothing, and is answered 401 for ever, but written down no more often either."""
MOST_IN_HAND: Final = 256
"""Requests that are worked on at a time; creates may wait for Discord for many seconds."""
MOST_PAGES: Final = 50
"""How many pages are looked through for one, where a token sees some guilds only."""
_RETRY_LATER_S: Final = 5.0


@dataclass(slots=True)
class Attendant:
    """What both doors do with a request. ``tokens`` may be exchanged at any time."""

    desk: RunDesk
    tokens: KnownTokens
    audit: AuditLog
    logger: logging.Logger
    patience_s: float
    """Beyond it a request is answered 503; what it asked for goes on behind."""
    unix_now_s: Callable[[], float]
    is_open: bool = True
    """Whether the desk is there; the doors open before it, and close after it."""
    numbers: OwnNumbers = field(default_factory=not_shown)
    _pace: Pace = field(default_factory=Pace)
    _strangers: Pace = field(default_factory=Pace)
    _in_hand: set[asyncio.Timeout] = field(default_factory=set)

    def not_ready_because(self) -> Sequence[str]:
        """Return why runs cannot be created now; nothing where they can."""
        if not self.is_open:
            return ("the service is starting, or ending",)
        if not self.desk.is_ready:
            return ("the bot's token was not accepted yet, or what an earlier run left is not known yet",)
        return ()

    def use(self, tokens: KnownTokens) -> None:
        """Let in by these tokens from now on."""
        self.tokens = tokens

    def close(self) -> None:
        """Take no more requests; those in hand are told to ask again, what they began goes on after the next start."""
        self.is_open = False
        for deadline in self._in_hand:
            if deadline.when() is not None and not deadline.expired():
                deadline.reschedule(asyncio.get_running_loop().time())

    def admit(self, visit: Visit, authorization: str, asked_type: type[Asked]) -> Caller:
        """Return who asks.

        Raises:
            RunProblem: UNAUTHENTICATED, TOO_MANY_REQUESTS, FORBIDDEN.
        """
        now_s = asyncio.get_running_loop().time()
        try:
            caller = self.tokens.caller(authorization, now_unix_s=self.unix_now_s())
        except RunProblem:
            too_many = self._strangers.take(network_of(visit.peer), WRONG_TOKENS_PER_MINUTE, now_s)
            visit.is_quiet = too_many is not None and not too_many.is_first
            if too_many is None or not authorization:
                raise
            raise RunProblem(
                Code.TOO_MANY_REQUESTS,
                "too many requests without a token that lets in",
                retry_after_s=too_many.retry_after_s,
            ) from None
        visit.caller = caller.name
        too_many = self._pace.take(caller.name, caller.requests_per_minute, now_s)
        if too_many is not None:
            visit.is_quiet = not too_many.is_first
            raise RunProblem(
                Code.TOO_MANY_REQUESTS,
                f"the token {caller.name} may ask {caller.requests_per_minute} times a minute",
                retry_after_s=too_many.retry_after_s,
            )
        caller.require(RIGHTS[asked_type])
        return caller

    def too_many_of(self, name: str) -> RunProblem | None:
        """Count a request that another replica has let in; return why it is refused where the token, by its name, asks
        too often on all of them together."""
        caller = self.tokens.named(name)
        if caller is None:
            return None
        too_many = self._pace.take(name, caller.requests_per_minute, asyncio.get_running_loop().time())
        if too_many is None:
            return None
        return RunProblem(
            Code.TOO_MANY_REQUESTS,
            f"the token {name} may ask {caller.requests_per_minute} times a minute",
            retry_after_s=too_many.retry_after_s,
        )

    async def carry_out(self, visit: Visit, asked: Asked, caller: Caller) -> Result:
        """Return what the desk says, in time; what it did is written down.

        Raises:
            RunProblem: why not.
        """
        if not self.is_open:
            raise RunProblem(
                Code.NOT_READY, "the service is starting, or ending; ask again", retry_after_s=_RETRY_LATER_S
            )
        if len(self._in_hand) >= MOST_IN_HAND:
            raise RunProblem(Code.NOT_READY, "too many requests are waiting; ask again", retry_after_s=_RETRY_LATER_S)
        clock = asyncio.get_running_loop().time
        began_s = clock()
        deadline = asyncio.timeout(self.patience_s)
        self._in_hand.add(deadline)
        try:
            async with deadline:
                result = await self._ask(asked, caller)
        except TimeoutError:
            raise RunProblem(
                Code.DISCORD_UNAVAILABLE, "this takes long; it goes on behind, ask again", retry_after_s=_RETRY_LATER_S
            ) from None
        except RetryableError as error:
            delay_s = error.retry_after_s or _RETRY_LATER_S
            self.logger.warning(
                "a request waits for storage", extra={"request_id": visit.request_id, "why": str(error)}
            )
            raise RunProblem(Code.NOT_READY, "the service cannot store it now", retry_after_s=delay_s) from None
        except RunProblem:
            raise
        except Exception:  # the border: whatever it is, the caller gets an answer that tells nothing of our insides
            self.logger.exception("a request failed", extra={"request_id": visit.request_id, "action": visit.action})
            raise RunProblem(Code.INTERNAL, "this failed; the service's log has it by the request's id") from None
        finally:
            self._in_hand.discard(deadline)
        if isinstance(result, Created) and result.is_new:
            self.numbers.made(clock() - began_s)
        self.audit.done(visit, asked, result)
        return result

    async def _ask(self, asked: Asked, caller: Caller) -> Result:
        match asked:
            case CreateRun(new=new):
                caller.require_guild(new.key.guild_id)
                return await self.desk.create(new, by=caller.name)
            case FinalizeRun(channel_id=channel_id, outcome=outcome):
                return await self.desk.finalize(channel_id, outcome=outcome, by=caller.name, guilds=caller.guilds)
            case GetRun(channel_id=channel_id):
                run = self.desk.find(channel_id)
                caller.require_guild(run.key.guild_id)
                return run
            case ListRuns():
                return self._listed(asked, caller)

    def _listed(self, asked: ListRuns, caller: Caller) -> Page:
        if asked.guild_id:
            caller.require_guild(asked.guild_id)
        elif len(caller.guilds) == 1:
            asked = ListRuns(next(iter(caller.guilds)), asked.state, asked.size, asked.page_token)
        token, seen = asked.page_token, tuple[Run, ...]()
        for _ in range(MOST_PAGES):
            page = self.desk.page(guild_id=asked.guild_id, state=asked.state, size=asked.size, token=token)
            seen = tuple(run for run in page.runs if not caller.guilds or run.key.guild_id in caller.guilds)
            token = page.next_token
            if seen or not token:
                break
        return Page(runs=seen, next_token=token)
