"""One measurement: each part of the machine asked beside the others, what hangs or is not there left out."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from otel_discord.receivers.host_metrics.aside import Aside, Calls, HangsError
from otel_discord.receivers.host_metrics.config import (
    Devices,
    DiskConfig,
    FilesystemConfig,
    FsTypes,
    Interfaces,
    MountPoints,
    NetworkConfig,
    Scrapers,
)
from otel_discord.receivers.host_metrics.points import (
    Point,
    of_cpus,
    of_disks,
    of_filesystems,
    of_interfaces,
    of_load,
    of_memory,
    of_own_process,
    of_paging,
    of_processes,
)
from otel_discord.receivers.host_metrics.samples import Cpus, Machine, Mount, OwnProcess, Usage
from otel_discord.receivers.host_metrics.selection import (
    Matches,
    is_remote,
    is_virtual,
    is_wanted,
    matcher,
    one_for_each_device,
)

T = TypeVar("T")

_LOCAL: Final = "the local file systems"
_FILE_SYSTEM: Final = "file system "


@dataclass(slots=True)
class Measured:
    """What a measurement found. ``process`` is None where this process was not measured."""

    points: list[Point] = field(default_factory=list)
    process_points: list[Point] = field(default_factory=list)
    process: OwnProcess | None = None


class Scraping:
    """Measures, and remembers the last measurement and what hangs."""

    def __init__(
        self,
        machine: Machine,
        config: Scrapers,
        *,
        timeout_s: float,
        logger: logging.Logger,
        make_aside: Callable[[str], Calls] = Aside,
    ) -> None:
        self._machine = machine
        self._config = config
        self._timeout_s = timeout_s
        self._logger = logger
        self._make_aside = make_aside
        self._asides: dict[str, Calls] = {}
        self._hanging: set[str] = set()
        self._missing: set[str] = set()
        self._last_cpus: Cpus | None = None
        self._last_process: tuple[OwnProcess, float] | None = None

    async def measure(self, now_s: float) -> Measured:
        """Return what answers within the timeout; ``now_s`` is Unix time."""
        found = Measured()
        chosen = self._config.chosen
        async with asyncio.TaskGroup() as tasks:
            parts = {name: tasks.create_task(self._part(name)) for name in chosen if name != "process"}
            own = tasks.create_task(self._ask("process", self._machine.own_process)) if "process" in chosen else None
        switched_off = frozenset[str]().union(*(config.switched_off for config in chosen.values()))
        found.points = [point for part in parts.values() for point in part.result() if point.metric not in switched_off]
        if own is not None and (process := own.result()) is not None:
            found.process = process
            points = self._of_process(process, now_s)
            found.process_points = [point for point in points if point.metric not in switched_off]
        return found

    async def _part(self, name: str) -> Sequence[Point]:
        machine = self._machine
        match name:
            case "cpu":
                return self._of_cpus(await self._ask(name, machine.cpus))
            case "memory":
                return _points(of_memory, await self._ask(name, machine.memory))
            case "load":
                return _points(of_load, await self._ask(name, machine.load))
            case "paging":
                return _points(of_paging, await self._ask(name, machine.paging))
            case "processes":
                return _points(of_processes, await self._ask(name, machine.processes))
            case "disk" if self._config.disk is not None:
                return await self._disks(self._config.disk)
            case "network" if self._config.network is not None:
                return await self._interfaces(self._config.network)
            case "filesystem" if self._config.filesystem is not None:
                return await self._filesystems(self._config.filesystem)
            case _:
                raise ValueError(name)

    def _of_cpus(self, cpus: Cpus | None) -> Sequence[Point]:
        if cpus is None:
            return ()
        before, self._last_cpus = self._last_cpus, cpus
        return list(of_cpus(cpus, before))

    def _of_process(self, process: OwnProcess, now_s: float) -> Iterable[Point]:
        loop_s = asyncio.get_running_loop().time()
        before, before_s = self._last_process or (None, loop_s)
        self._last_process = process, loop_s
        return of_own_process(process, before, passed_s=loop_s - before_s, now_s=now_s)

    async def _disks(self, config: DiskConfig) -> Sequence[Point]:
        include, exclude = _matcher(config.include), _matcher(config.exclude)
        found = await self._ask("disk", self._machine.disks) or ()
        return list(of_disks(each for each in found if is_wanted(each.device, include, exclude)))

    async def _interfaces(self, config: NetworkConfig) -> Sequence[Point]:
        include, exclude = _matcher(config.include), _matcher(config.exclude)
        found = await self._ask("network", self._machine.interfaces) or ()
        return list(of_interfaces(each for each in found if is_wanted(each.name, include, exclude)))

    async def _filesystems(self, config: FilesystemConfig) -> Sequence[Point]:
        """Ask local file systems together and each remote one alone, so that one that hangs takes none along."""
        mounts = wanted_mounts(await self._ask("filesystem", self._machine.mounts) or (), config)
        remote = [mount for mount in mounts if is_remote(mount)]
        local = [mount for mount in mounts if not is_remote(mount)]
        async with asyncio.TaskGroup() as tasks:
            calls = {_name(mount): partial(self._usages, [mount]) for mount in remote}
            if local:
                calls[_LOCAL] = partial(self._usages, local)
            asked = [tasks.create_task(self._ask(name, call)) for name, call in calls.items()]
        self._forget_but({_name(mount) for mount in remote})
        return list(of_filesystems(usage for each in asked for usage in each.result() or ()))

    def _usages(self, mounts: Sequence[Mount]) -> Sequence[Usage]:
        found = []
        for mount in mounts:
            try:
                found.append(self._machine.usage(mount))
            except OSError as error:  # unmounted meanwhile, or not ours to look at
                self._tell_missing(_name(mount), error)
            else:
                self._missing.discard(_name(mount))
        return found

    def _forget_but(self, remote: set[str]) -> None:
        """Forget remote file systems that are not mounted any more."""
        for name in [each for each in self._asides if each.startswith(_FILE_SYSTEM) and each not in remote]:
            del self._asides[name]
            self._hanging.discard(name)

    async def _ask(self, name: str, function: Callable[[], T]) -> T | None:
        """Return what the machine says, or None where it hangs or has no such thing, which is said once."""
        if name not in self._asides:
            self._asides[name] = self._make_aside(name)
        try:
            found = await self._asides[name].call(function, self._timeout_s)
        except HangsError:
            if name not in self._hanging:
                self._hanging.add(name)
                self._logger.warning(
                    "%s does not answer within %g s; it is left out until it does", name, self._timeout_s
                )
            return None
        except Exception as error:  # noqa: BLE001 - whatever a system lacks, the rest is measured
            self._tell_missing(name, error)
            return None
        if name in self._hanging:
            self._hanging.discard(name)
            self._logger.info("%s answers again", name)
        if not name.startswith(_FILE_SYSTEM):  # those may have answered with an error
            self._missing.discard(name)
        return found

    def _tell_missing(self, name: str, error: Exception) -> None:
        if name not in self._missing:
            self._missing.add(name)
            self._logger.warning("%s cannot be measured here: %s", name, error)


def wanted_mounts(mounts: Iterable[Mount], config: FilesystemConfig) -> list[Mount]:
    """Return the file systems that are measured. Pure."""
    types = _matcher(config.include_fs_types), _matcher(config.exclude_fs_types)
    devices = _matcher(config.include_devices), _matcher(config.exclude_devices)
    places = _matcher(config.include_mount_points), _matcher(config.exclude_mount_points)
    return one_for_each_device(
        mount
        for mount in mounts
        if (config.include_virtual_filesystems or not is_virtual(mount))
        and is_wanted(mount.type, *types)
        and is_wanted(mount.device, *devices)
        and is_wanted(mount.mount_point, *places)
    )


def _name(mount: Mount) -> str:
    return f"{_FILE_SYSTEM}{mount.mount_point}"


def _points(make: Callable[[T], Iterable[Point]], sample: T | None) -> Sequence[Point]:
    return () if sample is None else list(make(sample))


def _matcher(names: Devices | Interfaces | FsTypes | MountPoints) -> Matches | None:
    return matcher(names.names, names.match_type)
