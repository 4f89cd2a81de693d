"""A machine whose numbers a test says, and calls that take no thread."""

from collections.abc import Callable
from typing import Any, TypeVar

from otel_discord.receivers.host_metrics.samples import (
    Cpus,
    Disk,
    Host,
    Interface,
    Load,
    Memory,
    Mount,
    OwnProcess,
    Paging,
    Usage,
)

T = TypeVar("T")

ROOT = Mount("/dev/sda1", "/", "ext4", "rw,relatime")
NFS = Mount("nas:/share", "/mnt/share", "nfs4", "ro,vers=4.2")


class FakeMachine:
    """Returns what is under a call's name in ``answers``; a function is called, an exception raised."""

    def __init__(self, **answers: Any) -> None:
        self.calls: list[str] = []
        self.answers: dict[str, Any] = {
            "host": Host("db-1", "linux", 1000.0),
            "cpus": Cpus(({"user": 10.0, "idle": 90.0},), 1),
            "memory": Memory(total=1000, free=200, available=300, buffers=10, cached=90),
            "load": Load(0.5, 1.0, 1.5),
            "paging": Paging(0, 0, 0, 0),
            "mounts": (ROOT,),
            "usage": lambda mount: Usage(mount, 60, 20, 20),
            "disks": (Disk("sda", 1, 2, 3, 4, 0.5),),
            "interfaces": (Interface("eth0", 1, 2, 3, 4, 5, 6, 7, 8),),
            "processes": {"running": 2},
            "own_process": OwnProcess(7, "python", 900.0, 1.0, 0.5, 100, 200, 3, 9, 2),
            **answers,
        }

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            answer = self.answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer(*arguments) if callable(answer) else answer

        return call


class Inline:
    """Calls where it stands; for tests on a virtual clock."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def call(self, function: Callable[[], T], timeout_s: float) -> T:
        return function()
