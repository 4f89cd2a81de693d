"""What every test gets: no task and no event loop outlives it."""

import asyncio
import os
import signal

import pytest
from hypothesis import settings

from tests.long_tests import skip_long

# The machine is shared: no example is wrong for being slow. Fewer of them than usual, since the runs are many.
settings.register_profile("patient", deadline=None, max_examples=int(os.environ.get("OTEL_DISCORD_EXAMPLES", "30")))
settings.load_profile("patient")


def pytest_sessionstart() -> None:
    # Python 3.11 makes a loop of its own when pytest-asyncio asks for the present one, and nobody closes it.
    asyncio.set_event_loop(None)
    # A shell lets what it runs in the background ignore interrupts, and services that tests start would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes long."""
    skip_long(items)
