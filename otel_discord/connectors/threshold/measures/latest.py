"""The latest value of each stream of a group, made one: for ``last``, and for quantiles that arrive ready-made."""

from otel_discord.connectors.threshold.measures.aggregation import Across
from otel_discord.connectors.threshold.measures.stream import Stream


class Latest:
    """Streams with a value in the window."""

    __slots__ = ("_across", "_streams")

    def __init__(self, across: Across) -> None:
        self._across = across
        self._streams: dict[Stream, None] = {}

    def add(self, stream: Stream, value: float | None) -> None:
        """Put in the value of a stream, in place of its last."""
        stream.latest = value
        self._streams[stream] = None

    def drop(self, stream: Stream) -> None:
        """Forget a stream that says that it has ended, or that there is no room for."""
        self._streams.pop(stream, None)

    def value(self, oldest_ns: int) -> float | None:
        """Let go streams without a point after ``oldest_ns``; return the rest as one value."""
        gone = [stream for stream in self._streams if stream.at_ns <= oldest_ns]
        for stream in gone:
            del self._streams[stream]
        values = [stream.latest for stream in self._streams if stream.latest is not None]
        if not values:
            return None
        match self._across:
            case Across.SUM:
                return float(sum(values))
            case Across.AVG:
                return sum(values) / len(values)
            case Across.MIN:
                return float(min(values))
            case Across.MAX:
                return float(max(values))

    def next_ns(self) -> int | None:
        """Return the time of the oldest of them."""
        return min((stream.at_ns for stream in self._streams), default=None)
