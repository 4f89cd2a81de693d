"""Who waits at a queue: for a batch, for room, for an end. First come, first served, without those who gave up."""

import asyncio
from collections import deque
from typing import Final

from otel_discord.component.errors import ShutdownError
from otel_discord.component.storage import Settlement
from otel_discord.store.room import Load, Room

_REMEMBERED_DEAD: Final = 4096  # endings kept for a `settled` that asks late


def closed_error() -> ShutdownError:
    """Return what who asks a closed queue hears."""
    return ShutdownError("sending queue is stopped")


class Takers:
    """Tasks that wait for a batch."""

    def __init__(self) -> None:
        self._turns: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Return when there may be a batch to take, or the queue has closed."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.wake_one()  # the turn goes to the next one
            raise

    def wake_one(self) -> None:
        """Say that a batch has come."""
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def wake_all(self) -> None:
        """Say that the queue has closed."""
        while self._turns:
            self.wake_one()


class RoomSeekers:
    """Tasks that wait for room, which is held for each from its turn on until its ``put``."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._turns: deque[tuple[Load, asyncio.Future[None]]] = deque()

    async def wait(self, load: Load) -> None:
        """Return when there is room; then the caller's ``put`` must follow without a pause.

        Raises:
            ShutdownError: the queue has closed.
        """
        if not self._turns and self._room.fits(load):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append((load, turn))
        try:
            await turn
        finally:
            # The room was held so that nobody else took it; now the caller's `put` follows.
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._room.give_back(load)
            asyncio.get_running_loop().call_soon(self.admit)

    def admit(self) -> None:
        """Let in, in their order, those for whom there is room."""
        while self._turns:
            load, turn = self._turns[0]
            if not turn.done():
                if not self._room.fits(load):
                    return
                self._room.take(load)
                turn.set_result(None)
            self._turns.popleft()

    def turn_away(self) -> None:
        """Say that the queue has closed."""
        while self._turns:
            _, turn = self._turns.popleft()
            if not turn.done():
                turn.set_exception(closed_error())


class Endings:
    """How batches ended, and tasks that wait for it."""

    def __init__(self) -> None:
        self._waiters: dict[int, list[asyncio.Future[Settlement]]] = {}
        self._dead: dict[int, None] = {}

    def expect(self, batch_id: int) -> "asyncio.Future[Settlement]":
        """Return what will hold how a batch ends."""
        waiter: asyncio.Future[Settlement] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(batch_id, []).append(waiter)
        return waiter

    def known(self, batch_id: int) -> Settlement:
        """Return how a batch ended that is not there any more; of one long ended the answer is DELIVERED."""
        return Settlement.DEAD if batch_id in self._dead else Settlement.DELIVERED

    def end(self, batch_id: int, settlement: Settlement) -> None:
        """Say how a batch ended."""
        if settlement is Settlement.DEAD:
            self._dead[batch_id] = None
            if len(self._dead) > _REMEMBERED_DEAD:
                del self._dead[next(iter(self._dead))]
        for waiter in self._waiters.pop(batch_id, ()):
            if not waiter.done():
                waiter.set_result(settlement)

    def abandon(self) -> None:
        """Say that no more is to be heard."""
        while self._waiters:
            _, waiters = self._waiters.popitem()
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(closed_error())
