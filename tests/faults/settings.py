"""Configurations that rows start from. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def merged(base: Json, changes: Json) -> Json:
    """Return settings with changes laid over them, mapping by mapping; None removes a key."""
    made = dict(base)
    for key, value in changes.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = merged(made[key], value)
        else:
            made[key] = value
    return made


def exporter_settings(base_url: str, urls: Mapping[str, str], dead_letters: Path) -> Json:
    """Return the settings of a discord exporter: impatient, so that rows are short; ``urls`` by destination."""
    settings: Json = {
        "endpoint": f"{base_url}/api/v10",
        "allow_insecure_endpoint": True,
        "timeout": "2s",
        "connect_timeout": "1s",
        "sending_queue": {"storage": "file_storage", "queue_size": 10_000, "batch": {"flush_timeout": "10ms"}},
        "retry_on_failure": {"initial_interval": "50ms", "max_interval": "500ms"},
        "circuit_breaker": {"failure_threshold": 5, "cooldown": "500ms"},
        "shutdown_timeout": "3s",
        "rate_limit": {"channel_messages_per_minute": 0, "requests_per_second": 1000},
        "fold": {"enabled": False},
        "dead_letters": {"directory": str(dead_letters)},
    }
    if list(urls) == ["default"]:
        return settings | {"webhook_url": urls["default"]}
    return settings | {"destinations": {name: {"webhook_url": url} for name, url in urls.items()}}


def service_settings(ports: Mapping[str, int], exporter: Json, storage: Path) -> Json:
    """Return the configuration of a service that takes OTLP at ``ports`` and keeps its queue in ``storage``."""
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": ports["metrics"]}}}}
    protocols = {kind: {"endpoint": f"127.0.0.1:{ports[kind]}"} for kind in ("grpc", "http")}
    return {
        "receivers": {"otlp": {"protocols": protocols}},
        "exporters": {"discord": exporter},
        "extensions": {"file_storage": {"directory": str(storage), "min_free_mib": 0}},
        "service": {
            "extensions": ["file_storage"],
            "telemetry": {
                "logs": {"level": "debug", "sampling": {"enabled": False}},
                "metrics": {"readers": [reader]},
            },
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["discord"]}},
        },
    }
