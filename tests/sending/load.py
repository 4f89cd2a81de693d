"""Load: senders in threads."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

JOIN_S = 110.0
"""Longer than any sender goes on with what it has begun."""


class Sends(Protocol):
    """One of those who send."""

    @property
    def number(self) -> int:
        """Which one."""
        ...

    def run(self, over: threading.Event) -> None:
        """Send until it is over; what was begun is brought to its end."""
        ...


@contextmanager
def load(senders: Sequence[Sends]) -> Iterator[None]:
    """Let them send, each in a thread of its own, while the block runs; then wait for what they have begun.

    Raises:
        AssertionError: a sender has failed.
    """
    over = threading.Event()
    failures: list[BaseException] = []

    def run(sender: Sends) -> None:
        try:
            sender.run(over)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is shown by the one that waits for it
            failures.append(error)

    threads = [threading.Thread(target=run, args=(each,), name=f"sender {each.number}") for each in senders]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=JOIN_S)
    assert not any(thread.is_alive() for thread in threads), "a sender hangs"
    assert not failures, f"senders failed: {failures}"
