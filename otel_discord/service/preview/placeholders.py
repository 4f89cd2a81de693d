"""Variables that are not set where a preview does not need them: addresses get a placeholder, and that is said."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_discord.config.sources import read_sources

PLACEHOLDER_URL: Final = "https://discord.com/api/webhooks/1300000000000000000/" + "placeholder" * 6
_REFERENCE: Final = re.compile(r"\$\{(?:env:)?([a-zA-Z_]\w*)\}")
_ADDRESS_KEYS: Final = frozenset({"webhook_url"})
_UNUSED_SECTIONS: Final = frozenset({"receivers", "extensions"})
_UNUSED: Final = "placeholder-that-is-not-used"


def with_placeholders(
    configs: Sequence[str],
    sets: Sequence[str],
    environ: Mapping[str, str] | None = None,
    *,
    addresses_alone: bool = False,
) -> tuple[dict[str, str], list[str]]:
    """Return the environment to read a configuration with, and the names in it that stand for something not set.

    ``addresses_alone``: receivers and extensions are needed as they are written.

    Raises:
        ConfigurationError: the configuration cannot be read.
    """
    given = dict(os.environ if environ is None else environ)
    document = read_sources(configs, sets, given)
    missing: dict[str, str] = {}
    _look(document.data, (), given, missing, frozenset() if addresses_alone else _UNUSED_SECTIONS)
    return given | missing, list(missing)


def _look(
    value: Any, path: tuple[str, ...], given: Mapping[str, str], missing: dict[str, str], unused: frozenset[str]
) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _look(item, (*path, str(key)), given, missing, unused)
    elif isinstance(value, list):
        for item in value:
            _look(item, path, given, missing, unused)
    elif isinstance(value, str):
        is_address = bool(path) and path[-1] in _ADDRESS_KEYS and path[0] == "exporters"
        if is_address or (path and path[0] in unused):
            for name in _REFERENCE.findall(value):
                if not given.get(name):
                    is_whole = _REFERENCE.fullmatch(value.strip()) is not None
                    missing[name] = PLACEHOLDER_URL if is_address and is_whole else missing.get(name, _UNUSED)
