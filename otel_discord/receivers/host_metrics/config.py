"""What users write under ``receivers: {host_metrics: …}``: the keys of the Collector's hostmetrics receiver."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import Field, model_validator

from otel_discord.config import Duration, StrictModel
from otel_discord.receivers.host_metrics.catalogue import METRICS, SCRAPERS
from otel_discord.receivers.host_metrics.selection import MatchType, matcher

_ROOT_PATH: Final = (
    "measures the machine or container that it runs in; to measure the host of a container, run it there, or with "
    "the host's pid and network namespaces"
)


class MetricConfig(StrictModel):
    """One metric."""

    enabled: bool = True
    """false: it is not sent."""


class ScraperConfig(StrictModel):
    """A part of the machine."""

    metrics: dict[str, MetricConfig] = Field(default_factory=dict)
    """Metrics to switch off, by name."""

    scraper: ClassVar[str] = ""

    @model_validator(mode="after")
    def _metrics_exist(self) -> Self:
        known = [name for name, definition in METRICS.items() if definition.scraper == self.scraper]
        for name in self.metrics:
            if name not in known:
                raise ValueError(f"metrics: {name!r} is not made here; there are {', '.join(known)}")
        return self

    @property
    def switched_off(self) -> frozenset[str]:
        """Names of the metrics that are not sent."""
        return frozenset(name for name, each in self.metrics.items() if not each.enabled)


class CpuConfig(ScraperConfig):
    """CPUs."""

    scraper = "cpu"


class LoadConfig(ScraperConfig):
    """Load averages."""

    scraper = "load"


class MemoryConfig(ScraperConfig):
    """Memory."""

    scraper = "memory"
    within_cgroup: bool = False
    """true: where this process has a memory limit (a container, a systemd unit), that limit and what counts against
    it, in place of the machine's memory."""


class PagingConfig(ScraperConfig):
    """Swap."""

    scraper = "paging"


class ProcessesConfig(ScraperConfig):
    """How many processes there are."""

    scraper = "processes"


class ProcessConfig(ScraperConfig):
    """This process."""

    scraper = "process"


class _Names(StrictModel):
    match_type: MatchType = "strict"
    """strict: the names themselves; regexp: regular expressions that match somewhere in them."""

    names_key: ClassVar[str] = ""

    @property
    def names(self) -> Sequence[str]:
        """What is to be matched."""
        found: Sequence[str] = getattr(self, self.names_key)
        return found

    @model_validator(mode="after")
    def _is_expression(self) -> Self:
        try:
            matcher(self.names, self.match_type)
        except ValueError as error:
            raise ValueError(f"{self.names_key}: {error}") from None
        return self


class Devices(_Names):
    """Devices by name."""

    devices: tuple[str, ...] = ()
    """Names, as in `sda`; for file systems as in `/dev/sda1`."""
    names_key = "devices"


class Interfaces(_Names):
    """Network interfaces by name."""

    interfaces: tuple[str, ...] = ()
    """Names, as in `eth0`."""
    names_key = "interfaces"


class FsTypes(_Names):
    """File systems by type."""

    fs_types: tuple[str, ...] = ()
    """Types, as in `ext4`."""
    names_key = "fs_types"


class MountPoints(_Names):
    """File systems by where they are mounted."""

    mount_points: tuple[str, ...] = ()
    """Paths, as in `/var`."""
    names_key = "mount_points"


class FilesystemConfig(ScraperConfig):
    """File systems."""

    scraper = "filesystem"
    include_virtual_filesystems: bool = False
    """true: also those without a disk (tmpfs, overlay, …) and those that are always full (squashfs, …)."""
    include_devices: Devices = Devices()
    """Only these devices."""
    exclude_devices: Devices = Devices()
    """Not these devices."""
    include_fs_types: FsTypes = FsTypes()
    """Only these types."""
    exclude_fs_types: FsTypes = FsTypes()
    """Not these types."""
    include_mount_points: MountPoints = MountPoints()
    """Only what is mounted there."""
    exclude_mount_points: MountPoints = MountPoints()
    """Not what is mounted there."""


class DiskConfig(ScraperConfig):
    """Block devices."""

    scraper = "disk"
    include: Devices = Devices()
    """Only these devices."""
    exclude: Devices = Devices(devices=(r"^(loop|ram|zram|fd|sr)\d+$",), match_type="regexp")
    """Not these devices."""


class NetworkConfig(ScraperConfig):
    """Network interfaces."""

    scraper = "network"
    include: Interfaces = Interfaces()
    """Only these interfaces."""
    exclude: Interfaces = Interfaces()
    """Not these interfaces."""


class Scrapers(StrictModel):
    """What is measured; a key without a value takes its defaults."""

    cpu: CpuConfig | None = None
    """CPUs."""
    load: LoadConfig | None = None
    """Load averages."""
    memory: MemoryConfig | None = None
    """Memory."""
    paging: PagingConfig | None = None
    """Swap."""
    filesystem: FilesystemConfig | None = None
    """File systems."""
    disk: DiskConfig | None = None
    """Block devices."""
    network: NetworkConfig | None = None
    """Network interfaces."""
    processes: ProcessesConfig | None = None
    """How many processes there are."""
    process: ProcessConfig | None = None
    """This process: what otel-discord itself uses."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_defaults(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: {} if item is None and key in SCRAPERS else item for key, item in value.items()}
        return value

    @property
    def chosen(self) -> Mapping[str, ScraperConfig]:
        """The scrapers that run."""
        found = {name: getattr(self, name) for name in SCRAPERS}
        return {name: config for name, config in found.items() if config is not None}


def _all_scrapers() -> Scrapers:
    return Scrapers.model_validate(dict.fromkeys(SCRAPERS))


class HostMetricsConfig(StrictModel):
    """The host_metrics receiver."""

    collection_interval: Annotated[Duration, Field(ge=0.1)] = 10.0
    """Time between two measurements."""
    initial_delay: Duration = 1.0
    """Time until the first one."""
    timeout: Annotated[Duration, Field(gt=0)] = 5.0
    """How long a part of the machine may take to answer. One that hangs is left out until it answers."""
    scrapers: Scrapers = Field(default_factory=_all_scrapers)
    """What is measured; without this key all of them."""

    foreign_keys: ClassVar[Mapping[str, str]] = {"root_path": _ROOT_PATH}

    @model_validator(mode="after")
    def _measures_something(self) -> Self:
        if not self.scrapers.chosen:
            raise ValueError(f"scrapers: names none; choose from {', '.join(SCRAPERS)}, or leave the key out")
        return self
