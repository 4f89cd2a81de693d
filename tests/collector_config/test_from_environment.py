"""from-environment.yaml: each variable changes what it says, and nothing else."""

import re
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import Kind
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.redacted_config import redacted
from otel_discord.service.registry import Registry

FILE = Path(__file__).parents[2] / "collector-config" / "from-environment.yaml"
TEXT = FILE.read_text(encoding="utf-8")
ERROR_URL = "https://discord.com/api/webhooks/123456789012345678/" + "e" * 68
INFO_URL = "https://discord.com/api/webhooks/223456789012345678/" + "i" * 68
DISCORD = "exporters.discord"
TABLE: list[tuple[str, str, str, Any]] = [
    ("OTLP_GRPC_ENDPOINT", "0.0.0.0:14317", "receivers.otlp.protocols.grpc.endpoint", "0.0.0.0:14317"),
    ("OTLP_HTTP_ENDPOINT", "0.0.0.0:14318", "receivers.otlp.protocols.http.endpoint", "0.0.0.0:14318"),
    ("WEBHOOK_ERROR_MIN_SEVERITY", "ERROR", f"{DISCORD}.destinations.errors.min_severity", 17),
    ("WEBHOOK_INFO_MIN_SEVERITY", "INFO", f"{DISCORD}.destinations.info.min_severity", 9),
    ("WEBHOOK_CRITICAL_TO_ALL", "true", f"{DISCORD}.critical.to_all", True),
    ("DISCORD_ENDPOINT", "https://proxy.example/api/v10", f"{DISCORD}.endpoint", "https://proxy.example/api/v10"),
    ("DISCORD_ALLOW_INSECURE_ENDPOINT", "true", f"{DISCORD}.allow_insecure_endpoint", True),
    ("HTTP_TIMEOUT_MS", "2500", f"{DISCORD}.timeout", "2.5s"),
    ("HTTP_CONNECT_TIMEOUT_MS", "700", f"{DISCORD}.connect_timeout", "700ms"),
    ("WEBHOOK_QUEUE_CAP", "100", f"{DISCORD}.sending_queue.queue_size", 100),
    ("WEBHOOK_BATCH_TIMEOUT", "10", f"{DISCORD}.sending_queue.batch.flush_timeout", "10.05s"),
    ("BATCH_WINDOW_MS", "200", f"{DISCORD}.sending_queue.batch.flush_timeout", "200ms"),
    ("WEBHOOK_BATCH_SIZE", "5", f"{DISCORD}.sending_queue.batch.max_size", 5),
    ("MAX_ATTEMPTS", "3", f"{DISCORD}.retry_on_failure.max_attempts", 3),
    ("INITIAL_BACKOFF_MS", "1000", f"{DISCORD}.retry_on_failure.initial_interval", "1s"),
    ("MAX_BACKOFF_MS", "8000", f"{DISCORD}.retry_on_failure.max_interval", "8s"),
    ("JITTER", "full", f"{DISCORD}.retry_on_failure.jitter", "full"),
    ("WEBHOOK_MAX_REQUESTS_PER_MINUTE", "20", f"{DISCORD}.rate_limit.channel_messages_per_minute", 20),
    ("WEBHOOK_USE_EMBEDS", "false", f"{DISCORD}.render.embeds", False),
    ("WEBHOOK_INCLUDE_TIMESTAMPS", "false", f"{DISCORD}.render.timestamps", False),
    ("WEBHOOK_INCLUDE_BOT_INFO", "false", f"{DISCORD}.render.resource", False),
    ("WEBHOOK_INCLUDE_STACK_TRACES", "false", f"{DISCORD}.render.stack_traces", False),
    ("WEBHOOK_MAX_MESSAGE_LENGTH", "2000", f"{DISCORD}.render.max_message_length", 2000),
    ("FILE_IN_MEMORY_LIMIT_MB", "4", f"{DISCORD}.attachments.max_memory_mib", 4),
    ("SHUTDOWN_TIMEOUT", "30s", f"{DISCORD}.shutdown_timeout", "30s"),
]


def resolved(**environment: str) -> Configuration:
    return load_configuration(
        [str(FILE)], [], Registry.from_entry_points(), {"WEBHOOK_ERROR_URL": ERROR_URL, **environment}
    )


def flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {
        inner: leaf
        for key, item in value.items()
        for inner, leaf in flat(item, f"{path}.{key}" if path else key).items()
    }


@pytest.mark.parametrize(("variable", "written", "key", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_each_variable_changes_its_key_alone(variable: str, written: str, key: str, expected: Any) -> None:
    before, after = flat(redacted(resolved())), flat(redacted(resolved(**{variable: written})))
    assert after[key] == expected
    assert before.get(key) != expected
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {key}


def test_the_table_has_each_variable_of_the_file() -> None:
    assert set(re.findall(r"\$\{env:(\w+)", TEXT)) == {row[0] for row in TABLE} | {
        "WEBHOOK_ERROR_URL",
        "WEBHOOK_INFO_URL",
        "PROXY",
    }


def discord(configuration: Configuration) -> DiscordConfig:
    found = next(made.config for made in configuration.components[Kind.EXPORTER].values())
    assert isinstance(found, DiscordConfig)
    return found


def webhook(configuration: Configuration, destination: str) -> str:
    url = discord(configuration).destinations[destination].webhook_url
    assert url is not None
    return url.reveal()


def test_the_proxy_is_a_secret_and_none_by_default() -> None:
    assert not discord(resolved()).proxy_url
    proxy = discord(resolved(PROXY="http://user:word@proxy.example:3128")).proxy_url
    assert proxy is not None
    assert proxy.reveal() == "http://user:word@proxy.example:3128"


def test_the_second_channel_is_the_first_unless_it_is_named() -> None:
    assert webhook(resolved(), "info") == ERROR_URL
    assert webhook(resolved(WEBHOOK_INFO_URL=INFO_URL), "info") == INFO_URL
    assert webhook(resolved(WEBHOOK_INFO_URL=INFO_URL), "errors") == ERROR_URL


BARE = f"""
receivers: {{otlp: {{protocols: {{grpc: , http: }}}}}}
exporters: {{discord: {{webhook_url: '{ERROR_URL}'}}}}
service: {{pipelines: {{logs: {{receivers: [otlp], exporters: [discord]}}}}}}
"""


def test_the_defaults_are_those_of_the_exporter() -> None:
    bare = load_configuration([f"yaml:{BARE}"], [], Registry.from_entry_points(), {})
    ours, defaults = flat(redacted(resolved())), flat(redacted(bare))
    for key in {row[2] for row in TABLE if ".destinations." not in row[2]}:
        assert ours[key] == defaults[key], key
