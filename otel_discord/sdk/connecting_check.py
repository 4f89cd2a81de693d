"""What is wrong with a connector's section, in words for whoever wrote it. Imports the models."""

from pydantic import ValidationError

from otel_discord.config.model_errors import explain
from otel_discord.config.raw_text import unwrap
from otel_discord.sdk.connecting import factory_of
from otel_discord.sdk.settings_sources import Given


def section_problems(type_name: str, given: Given) -> list[str]:
    """Return the problems of a section, each with the name of its argument or its place in the file."""
    config = factory_of(type_name).config
    problems: list[str] = []
    if unwrap(given.values.get("storage")) is not None:
        problems.append(f"{given.label(('storage',))}: is an extension of the service; an application has none")
    try:
        config.model_validate(given.values)
    except ValidationError as error:
        for path, message, hint in explain(error, config, given.values):
            label = given.label(path)
            problems.append(f"{label}{': ' if label else ''}{message}{'; ' if hint else ''}{hint}")
    return problems
