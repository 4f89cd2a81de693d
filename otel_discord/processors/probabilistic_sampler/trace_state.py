"""The OpenTelemetry part of a W3C ``tracestate``: ``ot=th:8;rv:9b8233f7e3a151`` among other vendors' parts."""

import re
from dataclasses import dataclass, replace
from typing import Final

_VENDOR: Final = "ot"
_MEMBERS: Final = re.compile(r"[a-z][a-z0-9]*:[a-zA-Z0-9._\-]*(?:;[a-z][a-z0-9]*:[a-zA-Z0-9._\-]*)*", re.ASCII)
_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class TraceState:
    """Texts of threshold and randomness, "" where there is none, and everything else as it was."""

    threshold: str = ""
    randomness: str = ""
    others: tuple[str, ...] = ()
    """Other keys of the same part."""
    vendors: tuple[str, ...] = ()
    """Parts of other vendors."""

    def with_sampling(self, threshold: str, randomness: str) -> "TraceState":
        """Return it with another threshold and randomness."""
        return replace(self, threshold=threshold, randomness=randomness)

    def __str__(self) -> str:
        own = [f"{key}:{value}" for key, value in (("th", self.threshold), ("rv", self.randomness)) if value]
        members = ";".join([*own, *self.others])
        return ",".join([*([f"{_VENDOR}={members}"] if members else []), *self.vendors])


def parse_trace_state(text: str) -> TraceState:
    """Read a ``tracestate``.

    Raises:
        ValueError: the OpenTelemetry part is not readable.
    """
    vendors, own = [], ""
    for part in (each.strip() for each in text.split(",")):
        key, _, value = part.partition("=")
        if key == _VENDOR:
            own = value
        elif part:
            vendors.append(part)
    if not own:
        return TraceState(vendors=tuple(vendors))
    if len(own) > _LONGEST or not _MEMBERS.fullmatch(own):
        raise ValueError("a tracestate that cannot be read")
    threshold = randomness = ""
    others = []
    for member in own.split(";"):
        key, _, value = member.partition(":")
        if key == "th":
            threshold = value
        elif key == "rv":
            randomness = value
        else:
            others.append(member)
    return TraceState(threshold, randomness, tuple(others), tuple(vendors))
