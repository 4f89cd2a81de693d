"""What the connector shows of itself."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from opentelemetry.metrics import Meter

from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.instruments import counter, gauge
from otel_discord.connectors.heartbeat.groups import EVICTED, FORGOTTEN, Groups


class OwnNumbers:
    """Of one connector."""

    def __init__(self, meter: Meter, connector: str, watches: Mapping[str, Groups]) -> None:
        self._labels = {"connector": connector}
        self._watches = watches
        self._groups = gauge(meter, f"{PREFIX}heartbeat_groups")
        self._let_go = counter(meter, f"{PREFIX}heartbeat_groups_let_go_total")
        self._shown = {"sending": 0, "silent": 0}
        self._counted = {FORGOTTEN: 0, EVICTED: 0}
        for cause in self._counted:
            self._let_go.add(0, {**self._labels, "cause": cause})

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show how many groups send and how many are silent, as long as the block runs."""
        with ExitStack() as stack:
            for state in self._shown:
                stack.enter_context(self._groups.watch(self._reader(state), {**self._labels, "state": state}))
            yield

    def checked(self) -> None:
        """Count what is there, and what was let go since the last time."""
        silent = sum(1 for groups in self._watches.values() for _ in groups.silent())
        known = sum(group.is_known for groups in self._watches.values() for _, group in groups.all())
        self._shown = {"sending": max(0, known - silent), "silent": silent}
        for cause, counted in self._counted.items():
            total = sum(groups.let_go[cause] for groups in self._watches.values())
            if total > counted:
                self._let_go.add(total - counted, {**self._labels, "cause": cause})
            self._counted[cause] = total

    def _reader(self, state: str) -> Callable[[], float]:
        return lambda: self._shown[state]  # of the last check: who looks may be another thread
