"""The functions of the language by name. ``ottl/registry.py`` tells how one is added."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from otel_discord.ottl.functions import assignment, matching, text
from otel_discord.ottl.registry import Function

_MODULES: Final = (assignment, matching, text)

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {function.name: function for module in _MODULES for function in module.FUNCTIONS}
)
