"""The page on sizing takes its figures from where they are measured, and its bounds from the defaults."""

import re

import pytest
import yaml

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.receivers.otlp.config import OtlpConfig
from tests.deploy.placed import DEPLOY, ROOT, unit

SIZING = (ROOT / "docs" / "explanation" / "sizing.md").read_text(encoding="utf-8")
PERFORMANCE = (ROOT / "docs" / "explanation" / "performance.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "figure", ["3,570", "49,000", "535,000", "775,000", "60,000", "95,100", "1,430", "12.9 µs", "76"]
)
def test_a_figure_is_the_measured_one(figure: str) -> None:
    """Where this fails, the figure was measured anew: see what the page makes of it."""
    assert figure in SIZING
    assert re.search(rf"(?<![\d,]){re.escape(figure)}(?![\d,])", PERFORMANCE)


def test_bounds_are_the_defaults() -> None:
    said = {key: int(mib.replace(",", "")) for key, mib in re.findall(r"`([\w:]+)`[^|]*\| \+? ?([\d,]+)", SIZING)}
    storage, discord = FileStorageConfig(), DiscordConfig.model_construct()
    assert said["max_mib"] == storage.max_mib
    assert said["min_free_mib"] == storage.min_free_mib
    assert said["damaged_files::max_mib"] == storage.damaged_files.max_mib
    assert said["dead_letters::max_mib"] == discord.dead_letters.max_mib
    assert said["evidence::max_mib"] == discord.evidence.max_mib
    assert said["sending_queue::queue_mib"] == discord.sending_queue.queue_mib
    assert said["max_decoding_mib"] == OtlpConfig.model_fields["max_decoding_mib"].default


def test_memory_is_bounded_alike_everywhere() -> None:
    deployment = yaml.safe_load((DEPLOY / "kubernetes" / "base" / "deployment.yaml").read_text(encoding="utf-8"))
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    compose = yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    assert container["resources"]["limits"]["memory"] == "512Mi"
    assert compose["services"]["otel-discord"]["mem_limit"] == "512m"
    assert unit()["Service"]["MemoryMax"] == "512M"
    assert "512 MiB" in SIZING
