"""The built-in templates: files of the format that users write, read once."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from otel_discord.exporters.discord.render_values import NAMES
from otel_discord.templating.template_file import MessageTemplate
from otel_discord.templating.template_parser import parse_templates

BUILT_IN_DIRECTORY: Final = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def built_in_templates() -> Mapping[str, MessageTemplate]:
    """Return the built-in templates by name: each preset, and each preset with ``_exception``."""
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted(BUILT_IN_DIRECTORY.glob("*.yaml"))}
    return parse_templates(files, NAMES)
