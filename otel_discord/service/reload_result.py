"""What became of a reload, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """``ok``: the new configuration is in force; else the old one is, as it was.

    ``text`` is one line for a person without its end's full stop, ``problems`` has a line for each thing to mend, with
    key paths as ``validate`` says them. Neither holds a secret. The tuples have names such as ``exporter:discord``.
    """

    ok: bool
    text: str
    problems: tuple[str, ...] = ()
    duration_s: float = 0.0
    changed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
