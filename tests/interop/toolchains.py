"""Clients in other languages, built once for each state of their sources into a folder that git ignores."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent / "clients"
CACHE = Path(__file__).parent / ".cache"
BUILD_S = 100.0
FIRST_BUILD_S = 600.0
WANTED = "OTEL_DISCORD_INTEROP"
"""Set by ``make interop``: every language is asked for, and a registry that does not answer is a failure."""
_NETWORK_SIGNS = (
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "EIDLETIMEOUT",
    "ENETUNREACH",
    "ENOTFOUND",
    "ETIMEDOUT",
    "E403",
    "E502",
    "E503",
)

Command = Sequence[str | Path]


class BuildError(Exception):
    """A tool failed; says what it printed."""


def wanted() -> bool:
    return os.environ.get(WANTED, "") not in ("", "0")


def need_tools(*names: str) -> None:
    """Skip the test, with the reason, where a tool is missing."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def python_client() -> Command:
    """Return the command; the SDK is among the packages that develop this one."""
    return [sys.executable, CLIENTS / "python_sdk.py"]


def javascript_client() -> Command:
    """Return the command; the packages come from the npm registry at the first time."""
    return ["node", _with_npm("javascript") / "client.js"]


def javascript_metrics_client() -> Command:
    """Return the command of the one that makes a load and tells it as metrics."""
    return ["node", _with_npm("javascript_metrics") / "metrics.js"]


def aiohttp_application() -> Command:
    """Return the command; it has an environment of its own, since its instrumentation needs another SDK than ours."""

    def build(folder: Path) -> None:
        _run([sys.executable, "-m", "venv", "venv"], folder)
        pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"]
        _run([folder / "venv" / "bin" / "python", *pip], folder)

    folder = _built("aiohttp_web", build)
    tools = folder / "venv" / "bin"
    return [tools / "opentelemetry-instrument", tools / "python", folder / "aiohttp_shop.py"]


def _with_npm(name: str) -> Path:
    need_tools("node", "npm")
    install = ["npm", "ci", "--no-audit", "--no-fund", "--no-progress", "--ignore-scripts"]
    if not wanted():
        install += ["--fetch-retries=1", "--fetch-timeout=10000"]
    folder = _built_or_error(name, tuple(install))
    if isinstance(folder, BuildError):
        signs = [line for line in str(folder).splitlines() if any(sign in line for sign in _NETWORK_SIGNS)]
        if signs and not wanted():
            pytest.skip(f"the npm registry does not answer: {signs[0]}")
        raise folder
    return folder


@cache
def _built_or_error(name: str, command: tuple[str, ...]) -> Path | BuildError:
    """Build once in a run, also where it fails: a registry that does not answer is not asked for each test."""
    try:
        return _built(name, lambda folder: _run(command, folder))
    except BuildError as error:
        return error


def go_client() -> Command:
    need_tools("go")
    return [_built("go", lambda folder: _run(["go", "build", "-o", "client", "."], folder)) / "client"]


def java_client() -> Command:
    need_tools("java", "mvn")
    package = ["mvn", "--quiet", "--batch-mode", "compile", "dependency:copy-dependencies"]
    folder = _built("java", lambda folder: _run(package, folder)) / "target"
    return ["java", "-cp", f"{folder / 'classes'}{os.pathsep}{folder / 'dependency'}{os.sep}*", "Client"]


def _built(name: str, build: Callable[[Path], None]) -> Path:
    """Return the folder in which the client is ready; workers that need the same one wait for the first."""
    sources = sorted(
        path for path in (CLIENTS / name).rglob("*") if path.is_file() and "node_modules" not in path.parts
    )
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in sources)).hexdigest()
    folder = CACHE / f"{name}-{digest[:16]}"
    ready = folder / ".ready"
    with _lock(name):
        if not ready.exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(CLIENTS / name, folder, ignore=shutil.ignore_patterns("node_modules", "target"))
            build(folder)
            ready.touch()
    return folder


@contextmanager
def _lock(name: str) -> Iterator[None]:
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command: Command, folder: Path) -> None:
    within_s = FIRST_BUILD_S if wanted() else BUILD_S
    try:
        subprocess.run(
            [str(part) for part in command],
            cwd=folder,
            timeout=within_s,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"{' '.join(map(str, command))}: ETIMEDOUT after {within_s} s") from None
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{' '.join(map(str, command))}:\n{error.stdout}") from None
