"""A far end and a service for each test, as processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.far_end import FarEnd, running_far_end
from tests.interop.service import Service, running_service
from tests.interop.toolchains import WANTED, wanted


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not wanted():
        for item in items:
            if item.get_closest_marker("interop"):
                item.add_marker(pytest.mark.skip(reason=f"run by `make interop` ({WANTED}=1)"))


@pytest.fixture
def far_end(tmp_path: Path) -> Iterator[FarEnd]:
    with running_far_end(tmp_path) as running:
        yield running


@pytest.fixture
def service(tmp_path: Path, far_end: FarEnd) -> Iterator[Service]:
    with running_service(tmp_path, far_end) as running:
        yield running


@pytest.fixture
def narrow_service(tmp_path: Path, far_end: FarEnd) -> Iterator[Service]:
    """A service whose queue has room for one request."""
    with running_service(tmp_path, far_end, queue={"queue_size": 1}) as running:
        yield running


@pytest.fixture
def blocking_service(tmp_path: Path, far_end: FarEnd) -> Iterator[Service]:
    """A service that lets clients wait while the only place in its queue is taken."""
    with running_service(tmp_path, far_end, queue={"queue_size": 1, "block_on_overflow": True}) as running:
        yield running
