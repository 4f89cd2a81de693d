"""Looking around, several times a second: who lives, whose which seat is, what was put, what is asked."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from otel_discord.component.errors import ComponentError
from otel_discord.extensions.db_storage.failures import AWAY
from otel_discord.extensions.db_storage.fleet.comings import comings_and_goings
from otel_discord.extensions.db_storage.fleet.member_works import enrol, silent_of, stay
from otel_discord.extensions.db_storage.fleet.repeating import Repeating
from otel_discord.extensions.db_storage.fleet.view import View, look

TICK_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 1.0
_ONES_WAY_BACK_S: Final = 2.5
"""So long replicas may take to say that they live after a server that was away is back."""
_SHORTEST_S: Final = 0.02
_AWAY_AFTER_S: Final = 3.0
"""A server that is started again, or whose standby takes over at once, is back in less."""
_SILENT_AFTER_S: Final = 5.0
"""One that does not even refuse may only be busy."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who looks, and for whom."""

    owner: str
    replica: str
    egress: str
    shards: int
    lease_s: float


class Watch:
    """The last look, kept fresh by :meth:`keep_looking`."""

    def __init__(self, member: Member, repeating: Repeating, logger: logging.Logger) -> None:
        self._member = member
        self._repeating = repeating
        self._logger = logger
        self._looked = asyncio.Event()
        self._hurry = asyncio.Event()
        self._enrol_at_s = 0.0
        self._last_good_s: float | None = None
        self._keep_until_s = 0.0
        self._failure = ""
        self.on_view: Callable[[View], None] = lambda _: None
        self.on_back: Callable[[], None] = lambda: None
        self.is_closed = False
        self.view = View({member.replica: member.egress})
        self.mine: set[int] = set()
        """The shards that this replica is to work on."""

    @property
    def is_out(self) -> bool:
        """Whether the fleet is not any more the one that this replica has joined."""
        return self.view.shards not in (self._member.shards, None)

    def away(self, now_s: float) -> str:
        """Return why nothing has been seen for some seconds, at loop time ``now_s``; "" where that is not so."""
        silent_s = now_s - self._last_good_s if self._last_good_s is not None else 0.0
        if self._failure and silent_s >= _AWAY_AFTER_S:
            return self._failure
        return f"{AWAY}: no answer for {silent_s:.0f} s" if silent_s >= _SILENT_AFTER_S else ""

    async def next_look(self) -> None:
        """Return after the next look, whether it saw anything or not; at once where nobody looks any more."""
        if not self.is_closed:
            await self._looked.wait()

    def hurry(self) -> None:
        """Look at once."""
        self._hurry.set()

    def close(self) -> None:
        """Look no more."""
        self.is_closed = True
        self._wake()

    async def look(self) -> None:
        """Look once, and say that this replica lives where it is time.

        Raises:
            RetryableError: the server is away.
        """
        member, now_s = self._member, asyncio.get_running_loop().time()
        if now_s >= self._enrol_at_s and not self.is_out:
            await self._repeating.run(enrol(member.owner, member.replica, member.egress, member.lease_s), attempts=2)
            self._enrol_at_s = now_s + member.lease_s / 3
        view = await self._repeating.run(look(member.owner, member.shards), attempts=2)
        if member.replica not in view.egress:
            self._enrol_at_s = 0.0
        was_out, had, is_first_look = self.is_out, {*self.view.egress}, self._last_good_s is None
        self._take_over(view, asyncio.get_running_loop().time())
        if self.is_out and not was_out:
            self._logger.error(
                "the fleet was divided anew while this process stood still (%d shards before, %d now): it takes nothing"
                " in and sends nothing; start it again",
                member.shards,
                view.shards or 0,
                extra={"owner": member.owner},
            )
            await self._repeating.run(stay(member.owner, member.replica, 0.0), attempts=2)
        await self._say_who_came_and_went(had, is_first_look=is_first_look)

    async def _say_who_came_and_went(self, had: Collection[str], *, is_first_look: bool) -> None:
        owner, has = self._member.owner, self.view.egress
        gone, silent = [name for name in had if name not in has], set[str]()
        if gone:
            with contextlib.suppress(ComponentError):  # then it is only not said how they went
                silent = await self._repeating.run(silent_of(owner, gone), attempts=2)
        for said in comings_and_goings(had, has, silent, is_first_look=is_first_look):
            extra = {"owner": owner, "replica": said.replica, "replicas": ", ".join(sorted(has))}
            self._logger.log(said.level, said.words, extra=extra)

    def _take_over(self, view: View, now_s: float) -> None:
        if self._last_good_s is not None and now_s - self._last_good_s > self._member.lease_s / 2:
            self._keep_until_s = now_s + _ONES_WAY_BACK_S
        self._last_good_s = now_s
        before = self.view.egress if now_s < self._keep_until_s else {}
        self.view = replace(view, egress={**before, **view.egress, self._member.replica: self._member.egress})
        self.mine = self.view.assigned(self._member.replica, self._member.shards)
        self.on_view(self.view)

    async def keep_looking(self) -> None:
        """Look until cancelled."""
        pause_s = TICK_S
        while True:
            try:
                await self.look()
                self._failure = ""
                if pause_s > TICK_S:
                    self.on_back()
                pause_s = TICK_S
            except ComponentError as error:
                self._logger.debug("the fleet cannot be seen now: %s", error)
                self._failure = str(error) if str(error).startswith(AWAY) else f"{AWAY}: {error}"
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            except Exception:  # whatever it is: who does not look any more keeps seats that are others'
                self._logger.exception("the fleet cannot be seen")
                pause_s = _LONGEST_PAUSE_S
            self._wake()
            await asyncio.sleep(_SHORTEST_S)
            try:
                async with asyncio.timeout(pause_s - _SHORTEST_S):
                    await self._hurry.wait()
            except TimeoutError:
                continue
            self._hurry.clear()

    def _wake(self) -> None:
        looked, self._looked = self._looked, asyncio.Event()
        looked.set()
