"""A second server that follows the first one synchronously, and takes its place."""

import os
import shutil
import time
from pathlib import Path

import psycopg

from tests.end_to_end.processes import free_port
from tests.extensions.db_storage.server import NOBODY, Server
from tests.fleet.town import Town


def can_follow(server: Server) -> bool:
    """Whether what is installed can make a standby."""
    return (server.programs / "pg_basebackup").exists()


def follow(server: Server, directory: Path) -> Server:
    """Return a running standby; from now on the server answers a commit when both have it on disk."""
    directory.mkdir(mode=0o755)
    if os.geteuid() == 0:
        shutil.chown(directory, NOBODY)
    made = Server(server.programs, directory, dict(server.settings), port=free_port())
    source = f"host=127.0.0.1 port={server.port} user=postgres"
    made._run("pg_basebackup", "-D", made.data, "-R", "-X", "stream", "-c", "fast", "-d", source)
    made.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        ends_s = time.monotonic() + 20
        while connection.execute("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").fetchone() is None:
            assert time.monotonic() < ends_s, "the standby does not follow"
            time.sleep(0.05)
    return made


def take_over(there: Town, standby: Server) -> None:
    """Kill a town's server; the standby becomes the one, and all ways lead to it."""
    former = there.server
    former.kill()
    standby._run("pg_ctl", "-D", standby.data, "-w", "-s", "promote")
    there.server = standby
    for way in there.backstage.ways:
        way.lead_to(standby.port)
