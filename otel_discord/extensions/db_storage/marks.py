"""The model's statements as the driver wants them: its own marks for parameters, literals untouched. Pure."""

import re
from functools import lru_cache
from typing import Final

_PIECES: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\?|%")
_MARKS: Final = {"?": "%b", "%": "%%"}
"""``%b``: parameters go as they are, not spelled as text."""


@lru_cache(maxsize=4096)
def marked(sql: str) -> str:
    """Return a statement with the driver's marks in place of ``?``, but for those inside quotes."""
    return _PIECES.sub(lambda found: _MARKS.get(found[0]) or found[0].replace("%", "%%"), sql)


def quoted(name: str) -> str:
    """Return a name as a statement has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a statement has it."""
    return "'" + text.replace("'", "''") + "'"
