"""A PgBouncer before a server, in any of its modes."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.extensions.db_storage.server import NOBODY, Server

_CONFIG = """[databases]
postgres = host=127.0.0.1 port={server_port} dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {pool}
max_client_conn = 200
server_idle_timeout = 30
logfile = {directory}/log
pidfile = {directory}/pid
ignore_startup_parameters = extra_float_digits
"""


def find_bouncer() -> str | None:
    """Return the program; None where there is none."""
    return shutil.which("pgbouncer") or next((path for path in ("/usr/sbin/pgbouncer",) if Path(path).exists()), None)


@contextmanager
def bouncer(program: str, server: Server, directory: Path, mode: str, pool: int = 3) -> Iterator[str]:
    """Run one; yield the address of the database behind it."""
    directory.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = directory / "pgbouncer.ini"
    path.write_text(
        _CONFIG.format(server_port=server.port, port=port, mode=mode, pool=pool, directory=directory), encoding="utf-8"
    )
    identity = {}
    if os.geteuid() == 0:
        for each in (directory, path):
            shutil.chown(each, NOBODY)
        for each in directory.parents:
            if str(each).startswith("/tmp/"):
                each.chmod(each.stat().st_mode | 0o111)
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
    running = subprocess.Popen(
        [program, "-q", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **identity
    )
    url = f"postgres://postgres@127.0.0.1:{port}/postgres"
    try:
        _await(url, running, directory)
        yield url
    finally:
        running.kill()
        running.wait(10)


def _await(url: str, running: subprocess.Popen[bytes], directory: Path) -> None:
    deadline_s = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(url, autocommit=True, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert running.poll() is None, (directory / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        else:
            return
