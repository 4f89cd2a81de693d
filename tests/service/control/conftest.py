"""A short directory for sockets: a unix path has 107 bytes, and pytest's own directories may be longer."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_path() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="od-"))
    yield directory
    shutil.rmtree(directory)
