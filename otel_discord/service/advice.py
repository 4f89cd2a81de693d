"""What the components in use have to say about their own sections. Pure."""

from otel_discord.component import Kind
from otel_discord.component.advice import GivesAdvice
from otel_discord.config.problem import join_path
from otel_discord.service.config_file import Configuration


def advice(configuration: Configuration) -> list[str]:
    """Return sentences with the whole path of their key first."""
    in_use = {(node.kind, node.id) for node in configuration.plan.order}
    in_use |= {(Kind.EXTENSION, each) for each in configuration.extensions}
    return [
        f"{join_path((f'{kind}s', str(each), ''))}{sentence}"
        for kind, made in configuration.components.items()
        for each, configured in made.items()
        if (kind, each) in in_use and isinstance(configured.config, GivesAdvice)
        for sentence in configured.config.advice()
    ]
