"""What an exporter offers that ``send-test`` can ask: one message, marked as a test, through the real path."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of one test message. ``link`` opens it, "" where there is none; no field holds a token."""

    __test__ = False  # not a test class of pytest's

    destination: str
    ok: bool
    text: str
    link: str = ""


@runtime_checkable
class SendTest(Protocol):
    """Can send a message marked as a test. Called while the component's lifespan is entered."""

    async def send_test(self, destination: str | None) -> Sequence[TestResult]:
        """Send to the destination of that name, or to each one; return a result for each.

        What goes wrong is a result too. A name that is not configured is one result that names those which are.
        """
        ...
