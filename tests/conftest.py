"""What every test gets: no task and no event loop outlives it."""

import asyncio

from hypothesis import settings

settings.register_profile("patient", deadline=None)  # the machine is shared: no example is wrong for being slow
settings.load_profile("patient")


def pytest_sessionstart() -> None:
    # Python 3.11 makes a loop of its own when pytest-asyncio asks for the present one, and nobody closes it.
    asyncio.set_event_loop(None)
