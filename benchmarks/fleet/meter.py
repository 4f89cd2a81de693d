"""What a piece of work cost: wall time, CPU of this process and of the database's, statements and transactions."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from tests.extensions.db_storage.server import Server

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the counters stand. Those of a server are 0 where there is none, statements where nobody counts them."""

    wall_s: float = 0.0
    own_cpu_s: float = 0.0
    server_cpu_s: float = 0.0
    transactions: int = 0
    statements: int = 0

    def since(self, before: "Reading") -> "Reading":
        """Return what has been used up between two readings."""
        return Reading(
            self.wall_s - before.wall_s,
            self.own_cpu_s - before.own_cpu_s,
            self.server_cpu_s - before.server_cpu_s,
            self.transactions - before.transactions,
            self.statements - before.statements,
        )


Meter = Callable[[], Reading]


def of_this_process() -> Reading:
    """Read what there is without a server."""
    return Reading(time.monotonic(), time.process_time())


def of_server(server: Server) -> Meter:
    """Return what reads a server's counters along with this process's."""

    def read() -> Reading:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("SELECT pg_stat_force_next_flush()")
            row = connection.execute(
                "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
            ).fetchone()
            transactions = int(row[0]) if row else 0
            statements = 0
            if connection.execute("SELECT to_regclass('public.pg_stat_statements')").fetchone() != (None,):
                found = connection.execute("SELECT coalesce(sum(calls), 0) FROM public.pg_stat_statements").fetchone()
                statements = int(found[0]) if found else 0
        own = of_this_process()
        cpu_s = sum(map(_cpu_s, server.pids()))
        return Reading(own.wall_s, own.own_cpu_s, cpu_s, transactions, statements)

    return read


def _cpu_s(pid: int) -> float:
    """Return the CPU time of a process; 0 for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
