"""The built-in templates: files of the format that users write, each compiled when it is first needed."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from otel_discord.exporters.discord.render_values import NAMES
from otel_discord.templating.template_file import MessageTemplate
from otel_discord.templating.template_parser import parse_templates

BUILT_IN_DIRECTORY: Final = Path(__file__).parent / "templates"


@cache
def built_in_template(name: str) -> MessageTemplate:
    """Return the template of a preset, or of a preset with ``_exception``.

    Raises:
        KeyError: there is no such template.
    """
    return parse_templates(_files(), NAMES, wanted=(name,))[name]


@cache
def _files() -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(BUILT_IN_DIRECTORY.glob("*.yaml"))}
