"""The socket's file: whose it is, who may use it, and what stands in its way."""

import os
import socket
import stat
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from otel_discord.component import StartError
from otel_discord.service.control.client import ControlError, call
from otel_discord.service.control.server import ControlSocket
from otel_discord.service.control.socket_file import address_of, identity_of, listen, remove


@pytest.fixture
def path(short_path: Path) -> Path:
    return short_path / "control.sock"


@pytest.fixture
def wide_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("wide_umask")
def test_only_the_owner_may_use_it(path: Path) -> None:
    with closing(listen(path, "key")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_dead_process_s_socket_is_replaced(path: Path) -> None:
    listen(path, "key").close()
    assert path.exists()
    with closing(listen(path, "key")), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_a_living_one_is_left_alone(path: Path) -> None:
    with closing(listen(path, "key")):
        with pytest.raises(StartError, match=r"^key: another service is running and listens on .*control\.sock"):
            listen(path, "key")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_file_that_is_no_socket_is_left_alone(path: Path) -> None:
    path.write_text("mine")
    with pytest.raises(StartError, match="exists and is not a socket"):
        listen(path, "key")
    assert path.read_text() == "mine"


def test_a_directory_that_everybody_may_write_to(path: Path) -> None:
    path.parent.chmod(0o777)
    with pytest.raises(StartError, match=r"^key: everybody may write to .*chmod o-w"):
        listen(path, "key")
    path.parent.chmod(0o1777)
    listen(path, "key").close()


def test_no_directory(path: Path) -> None:
    with pytest.raises(StartError, match=r"^key: cannot listen on .*: No such file or directory"):
        listen(path.parent / "none" / "control.sock", "key")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux names files through a directory's descriptor")
def test_a_deep_directory(short_path: Path) -> None:
    deep = short_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    path = deep / "control.sock"
    with closing(listen(path, "key")), address_of(path) as address, socket.socket(socket.AF_UNIX) as client:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        client.connect(address)
        with pytest.raises(StartError, match="another service"):
            listen(path, "key")
    with pytest.raises(StartError, match=r"^key: .*longer than"):
        listen(deep / ("n" * 120), "key")


def test_only_our_own_file_is_removed(path: Path) -> None:
    listen(path, "key").close()
    ours = identity_of(path)
    path.rename(path.with_name("moved"))
    path.write_text("somebody else's")
    remove(path, ours)
    assert path.exists()
    path.unlink()
    path.with_name("moved").rename(path)
    remove(path, ours)
    assert not path.exists()
    remove(path, ours)


async def test_opened_when_its_directory_is_there_and_removed_at_the_end(short_path: Path) -> None:
    control = ControlSocket(short_path / "storage" / "control.sock", [], redact=str)
    async with control.lifespan():
        assert not control.path.exists()
        control.path.parent.mkdir()
        control.listen()
        control.listen()
        assert control.path.is_socket()
    assert not control.path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_somebody_else_s(path: Path) -> None:
    with closing(listen(path, "key")):
        path.chmod(0)
        with pytest.raises(ControlError, match="run this as the user that the service runs as"):
            call(path, "status", {}, timeout_s=1)
