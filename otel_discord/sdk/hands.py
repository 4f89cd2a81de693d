"""Threads for what would hold up the sender's loop: name resolution and files.

They are daemons, started together with the sender: Python's own pool refuses work while the interpreter ends, which
is when the last records go out, and from 3.12 on no thread can be started then.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from otel_discord.sdk.ours import working

T = TypeVar("T")


class Hand:
    """One thread that does one piece of work after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._is_running = False

    def start(self) -> None:
        """Start the thread; where no thread can be started any more, work is done by whoever brings it."""
        try:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        except RuntimeError:
            return
        self._is_running = True

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Have ``work`` done; the future has its result or its error. Cancelled before its turn it is left out."""
        future: Future[T] = Future()
        if self._is_running:
            self._work.put((future, work))
        else:
            _do(future, work)
        return future

    def stop(self) -> None:
        """End the thread once what was brought is done."""
        self._work.put(None)

    def _run(self) -> None:
        with working():
            while (item := self._work.get()) is not None:
                _do(*item)
                del item  # or its result would live until the next piece of work


def _do(future: "Future[Any]", work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
