"""The sender's event loop: what other loops give to the default executor goes to threads that are there already.

Only the sender's thread imports this.
"""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from otel_discord.sdk.hands import Hand

T = TypeVar("T")


class SenderLoop(asyncio.SelectorEventLoop):
    """A selector loop of its own, whatever policy the application has set. Names are resolved on a thread of their
    own, so that a resolver that hangs holds nothing else up."""

    def __init__(self, *, resolver: Hand, worker: Hand) -> None:
        super().__init__()
        self._resolver = resolver
        self._worker = worker
        self.bell = asyncio.Event()
        """Rings when an outlet wants to be looked at."""

    def look(self) -> None:
        """Ring the bell; through ``call_soon_threadsafe``."""
        self.bell.set()

    def run_in_executor(  # type: ignore[override]  # typeshed speaks of a future, and so is this
        self,
        executor: Any,  # noqa: ARG002 - there is one for everything
        func: Callable[..., T],
        *args: Any,
    ) -> "asyncio.Future[T]":
        """Run ``func`` on the worker thread."""
        return asyncio.wrap_future(self._worker.submit(partial(func, *args)), loop=self)

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the name that the standard library gives it
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """Resolve a name on the resolver's thread."""
        look_up = partial(socket.getaddrinfo, host, port, family, type, proto, flags)
        return await asyncio.wrap_future(self._resolver.submit(look_up), loop=self)

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> Any:
        """Find a name on the resolver's thread."""
        look_up = partial(socket.getnameinfo, sockaddr, flags)
        return await asyncio.wrap_future(self._resolver.submit(look_up), loop=self)
