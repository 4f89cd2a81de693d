"""Where components are joined: places whose far side is exchanged while data passes through.

Behind each component stand its outlets, one for each way on; before each component that takes data stands one gate. So
a component that a reload leaves alone feeds another one, or a new one under the same name, without noticing.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from otel_discord.component import Consumer, Receipt, ShutdownError
from otel_discord.signals import Batch

PATIENCE_S: Final = 5.0
"""How long a batch waits for a component that is being exchanged; half of an SDK's export deadline."""
_TRY_AGAIN_AFTER_S: Final = 1.0


class Outlet:
    """One way on; :meth:`point` says to whom."""

    __slots__ = ("_target",)

    def __init__(self, target: Consumer) -> None:
        self._target = target

    def point(self, target: Consumer) -> None:
        """Pass every batch from now on to ``target``; those under way end where they are."""
        self._target = target

    def consume(self, batch: Batch) -> Coroutine[Any, Any, Receipt]:
        """Pass the batch on."""
        return self._target.consume(batch)


class Entrance:
    """One component behind a gate, and how many calls are inside it."""

    __slots__ = ("_left", "calls", "consumer")

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer
        self.calls = 0
        self._left = asyncio.Event()

    def leave(self) -> None:
        """Note that a call has ended."""
        self.calls -= 1
        if not self.calls:
            self._left.set()

    async def empty(self, timeout_s: float) -> bool:
        """Wait until no call is inside; return False where that took too long. Of use once no new ones come."""
        if self.calls:
            self._left.clear()
            try:
                async with asyncio.timeout(timeout_s):
                    await self._left.wait()
            except TimeoutError:
                return False
        return True


class Gate:
    """The one way into a component, the same for all that feed it and for each instance of it.

    With ``asks_again`` a batch that the leaving instance refuses with ShutdownError is passed to its successor. That is
    right for exporters alone: what stands before others may have passed a part of the batch on already.
    """

    def __init__(self, name: str, *, asks_again: bool, patience_s: float = PATIENCE_S) -> None:
        self._name = name
        self._asks_again = asks_again
        self._patience_s = patience_s
        self._awaits_successor = False
        self._exchanged = asyncio.Event()
        self.entrance: Entrance | None = None

    def open(self, consumer: Consumer) -> None:
        """Let every batch from now on, and those that wait, through to ``consumer``."""
        self.entrance = Entrance(consumer)
        self._awaits_successor = False
        self._exchanged.set()

    def await_successor(self) -> None:
        """Say that another instance comes: what the present one refuses waits for it."""
        self._awaits_successor = True
        self._exchanged.clear()

    def shut(self) -> None:
        """Let nothing through until :meth:`open`; batches wait for it, for ``patience_s`` at most."""
        self.await_successor()
        self.entrance = None

    def give_up(self) -> None:
        """Say that no other instance comes; who waits for one is told to try again."""
        self._awaits_successor = False
        self._exchanged.set()

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch to the component.

        Raises:
            ShutdownError: there is none, and none came in time; nothing was taken.
            ComponentError: what the component raises.
        """
        entrance = self.entrance
        patient_until_s: float | None = None
        while True:
            if entrance is None:
                patient_until_s = patient_until_s or asyncio.get_running_loop().time() + self._patience_s
                entrance = await self._next(None, patient_until_s)
            entrance.calls += 1
            try:
                return await entrance.consumer.consume(batch)
            except ShutdownError:
                is_leaving = self._awaits_successor or self.entrance is not entrance
                if not (self._asks_again and is_leaving):
                    raise
            finally:
                entrance.leave()
            patient_until_s = patient_until_s or asyncio.get_running_loop().time() + self._patience_s
            entrance = await self._next(entrance, patient_until_s)

    async def _next(self, left: Entrance | None, patient_until_s: float) -> Entrance:
        while self.entrance is None or self.entrance is left:
            if not self._awaits_successor:
                raise ShutdownError(f"{self._name} is not running")
            try:
                async with asyncio.timeout_at(patient_until_s):
                    await self._exchanged.wait()
            except TimeoutError:
                raise ShutdownError(
                    f"{self._name} is being exchanged; try again", retry_after_s=_TRY_AGAIN_AFTER_S
                ) from None
        return self.entrance
