"""What every test gets: no task and no event loop outlives it."""

import asyncio


def pytest_sessionstart() -> None:
    # Python 3.11 makes a loop of its own when pytest-asyncio asks for the present one, and nobody closes it.
    asyncio.set_event_loop(None)
