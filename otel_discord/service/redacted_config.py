"""A configuration as it may be shown: every key in use with its default, secrets as ``[REDACTED]``."""

from typing import Any

from otel_discord.config.yaml_file import dump_yaml
from otel_discord.service.config_file import Configuration
from otel_discord.service.telemetry.redact import Redactor, each_text, secrets_in


def redacted(configuration: Configuration) -> dict[str, Any]:
    """Return every key in use, defaults included, without any secret, whatever key it stands in."""
    redactor = Redactor()
    data: dict[str, Any] = {}
    for kind, components in configuration.components.items():
        redactor.add(secrets_in([made.config for made in components.values()]))
        if components:
            data[f"{kind}s"] = {str(each): _dumped(made.config) for each, made in components.items()}
    redactor.add(secrets_in(configuration.service))
    data["service"] = _dumped(configuration.service)
    redacted_data: dict[str, Any] = each_text(data, redactor)
    return redacted_data


def redacted_yaml(configuration: Configuration) -> str:
    """Return the same as YAML, as ``otel-discord print-config`` prints it."""
    return dump_yaml(redacted(configuration))


def _dumped(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    return dumped
