"""How much goes over each wire, as far as our own numbers say. Pure.

A receiver says what it has handed on; what only changes records passes as many on, a filter says what it drops. Behind
what makes fewer or other records (a threshold, deduplication) nothing is known but at the exporters, and nothing is
claimed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.component.instrument_list import FILTERED, ITEMS
from otel_discord.component.service_view import Wire
from otel_discord.extensions.status_page.rates import RateMeter
from otel_discord.signals import Signal

_PASSES_ALL: Final = frozenset(
    {"processor:attributes", "processor:resource", "processor:batch", "processor:memory_limiter"}
    | {"processor:transform", "processor:redaction", "processor:nop", "connector:forward", "connector:nop"}
)


@dataclass(frozen=True, slots=True)
class Part:
    """A name on the board taken apart: ``processor:filter/mine@logs``."""

    kind: str
    id: str
    pipeline: str

    @property
    def type(self) -> str:
        """``processor:filter``."""
        return f"{self.kind}:{self.id.partition('/')[0]}"


def part_of(name: str) -> Part:
    """Return the parts of a component's name."""
    kind, _, rest = name.partition(":")
    id_, _, pipeline = rest.partition("@")
    return Part(kind, id_, pipeline)


def wire_rates(wires: Sequence[Wire], meter: RateMeter) -> Mapping[Wire, float | None]:
    """Return items a second for each wire; None where nothing says how many."""
    into: dict[tuple[str, str], list[Wire]] = {}
    for wire in wires:
        into.setdefault((wire.target, wire.signal), []).append(wire)
    known: dict[tuple[str, str], float | None] = {}

    def leaving(name: str, signal: str) -> float | None:
        key = (name, signal)
        if key not in known:
            known[key] = None  # a circle, which there is not, would end here
            known[key] = _leaving(part_of(name), signal, meter, lambda: arriving(name, signal))
        return known[key]

    def arriving(name: str, signal: str) -> float | None:
        rates = [leaving(wire.source, signal) for wire in into.get((name, signal), ())]
        present = [rate for rate in rates if rate is not None]
        return sum(present) if present and len(present) == len(rates) else None

    return {wire: leaving(wire.source, wire.signal) for wire in wires}


def _leaving(part: Part, signal: str, meter: RateMeter, arriving: Callable[[], float | None]) -> float | None:
    try:
        items = ITEMS[Signal(signal)][0]
    except ValueError:
        return None
    if part.kind == "receiver":
        return meter.per_second(f"otelcol_receiver_accepted_{items}", {"receiver": part.id})
    if part.type in _PASSES_ALL:
        return arriving()
    if part.type == "processor:filter":
        rate, dropped = arriving(), meter.per_second(FILTERED[Signal(signal)], {"filter": part.id})
        return None if rate is None or dropped is None else max(0.0, rate - dropped)
    return None
