"""Which file systems, disks and interfaces are measured."""

from typing import Any

import pytest
from pydantic import ValidationError

from otel_discord.receivers.host_metrics.config import DiskConfig, FilesystemConfig, HostMetricsConfig
from otel_discord.receivers.host_metrics.samples import Mount
from otel_discord.receivers.host_metrics.scraping import wanted_mounts
from otel_discord.receivers.host_metrics.selection import is_wanted, matcher
from tests.receivers.host_metrics.fake_machine import NFS, ROOT

DATA = Mount("/dev/sdb1", "/data", "xfs", "rw")
TMP = Mount("tmpfs", "/tmp", "tmpfs", "rw")
SNAP = Mount("/dev/loop3", "/snap/core/1", "squashfs", "ro")
LAYER = Mount("overlay", "/var/lib/docker/overlay2/abc/merged", "overlay", "rw")
BIND = Mount("/dev/sda1", "/etc/hosts", "ext4", "rw")
CONTAINER_ROOT = Mount("overlay", "/", "overlay", "rw")
ALL = [BIND, ROOT, DATA, TMP, SNAP, LAYER, NFS]


@pytest.mark.parametrize(
    ("keys", "mounted"),
    [
        ({}, ["/", "/data", "/mnt/share"]),
        (
            {"include_virtual_filesystems": True},
            ["/", "/data", "/tmp", SNAP.mount_point, LAYER.mount_point, "/mnt/share"],
        ),
        ({"exclude_fs_types": {"fs_types": ["nfs4", "xfs"]}}, ["/"]),
        ({"include_fs_types": {"fs_types": ["nfs.*"], "match_type": "regexp"}}, ["/mnt/share"]),
        ({"exclude_mount_points": {"mount_points": ["^/(data|mnt)(/|$)"], "match_type": "regexp"}}, ["/"]),
        ({"include_mount_points": {"mount_points": ["/etc/hosts"]}}, ["/etc/hosts"]),
        ({"include_devices": {"devices": ["/dev/sdb1"]}}, ["/data"]),
        ({"exclude_devices": {"devices": ["/dev/sda1"]}}, ["/data", "/mnt/share"]),
    ],
)
def test_file_systems(keys: dict[str, Any], mounted: list[str]) -> None:
    assert [mount.mount_point for mount in wanted_mounts(ALL, FilesystemConfig(**keys))] == mounted


def test_the_root_of_a_container_counts() -> None:
    assert wanted_mounts([CONTAINER_ROOT, LAYER, TMP], FilesystemConfig()) == [CONTAINER_ROOT]


@pytest.mark.parametrize(("device", "wanted"), [("sda", True), ("nvme0n1", True), ("loop0", False), ("zram0", False)])
def test_disks(device: str, wanted: bool) -> None:
    config = DiskConfig()
    assert is_wanted(device, None, matcher(config.exclude.names, config.exclude.match_type)) is wanted


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"root_path": "/hostfs"}, "root_path"),
        ({"collection_interval": "0s"}, "greater than or equal to 0.1"),
        ({"timeout": "0s"}, "greater than 0"),
        ({"scrapers": {}}, "scrapers: names none; choose from cpu, load, memory"),
        ({"scrapers": {"gpu": None}}, "gpu"),
        (
            {"scrapers": {"cpu": {"metrics": {"system.memory.usage": {"enabled": False}}}}},
            "is not made here; there are",
        ),
        (
            {"scrapers": {"disk": {"include": {"devices": ["("], "match_type": "regexp"}}}},
            "is not a regular expression",
        ),
        ({"scrapers": {"disk": {"include": {"match_type": "glob"}}}}, "strict"),
    ],
)
def test_wrong_keys(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        HostMetricsConfig.model_validate(keys)
    assert said in str(refused.value)


def test_keys() -> None:
    assert list(HostMetricsConfig().scrapers.chosen) == [
        "cpu", "load", "memory", "paging", "filesystem", "disk", "network", "processes", "process"
    ]  # fmt: skip
    some = HostMetricsConfig.model_validate({"scrapers": {"memory": None, "cpu": {}}})
    assert list(some.scrapers.chosen) == ["cpu", "memory"]
