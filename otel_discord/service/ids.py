"""How ids are written: ``type/name`` for components, ``signal/name`` for pipelines. Rules as in the Collector."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from otel_discord.component import ComponentId
from otel_discord.signals import Signal

TYPE_CHARS: Final = 63
NAME_CHARS: Final = 1024
_TYPE: Final = re.compile(r"[A-Za-z][0-9A-Za-z_]*")


@dataclass(frozen=True, slots=True, order=True)
class PipelineId:
    """``logs``, ``metrics/fast``: a signal and, where there are several pipelines of it, a name."""

    signal: Signal
    name: str = ""

    def __str__(self) -> str:
        return f"{self.signal}/{self.name}" if self.name else str(self.signal)


def parse_component_id(text: str) -> ComponentId:
    """Return the id that a key or reference names; white space around its parts is left out.

    Raises:
        ValueError: it names no component; the message says why.
    """
    kind, name = _split(text)
    if len(kind) > TYPE_CHARS or not _TYPE.fullmatch(kind):
        raise ValueError(
            f'invalid type "{kind}": begins with a letter, then letters, digits or _, at most {TYPE_CHARS} characters'
        )
    return ComponentId(kind, name)


def parse_pipeline_id(text: str) -> PipelineId:
    """Return the id of a pipeline.

    Raises:
        ValueError: its first part is not a signal, or its name is not one.
    """
    kind, name = _split(text)
    try:
        return PipelineId(Signal(kind), name)
    except ValueError:
        known = ", ".join(Signal)
        raise ValueError(f'unknown signal "{kind}" in pipeline id "{text}" (valid values: [{known}])') from None


def _split(text: str) -> tuple[str, str]:
    kind, slash, name = (part.strip() for part in text.partition("/"))
    if not kind:
        raise ValueError(f'in "{text}" id: the part before / should not be empty')
    if slash and not name:
        raise ValueError(f'in "{text}" id: the part after / should not be empty')
    if len(name) > NAME_CHARS:
        raise ValueError(f"the name in an id has at most {NAME_CHARS} characters")
    if any(unicodedata.category(character)[0] in "ZCS" for character in name):
        raise ValueError(f'in "{text}" id: a name has no spaces, control characters or symbols')
    return kind, name
