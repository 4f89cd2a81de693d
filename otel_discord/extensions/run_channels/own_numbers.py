"""What the extension shows of itself: how many runs there are, what came of requests, how its bot fares."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, Literal

from opentelemetry.metrics import Meter, NoOpMeter

from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.instruments import counter, gauge, histogram
from otel_discord.discord_api.bot.observer import OUTCOMES
from otel_discord.extensions.run_channels.problems import Code
from otel_discord.extensions.run_channels.runs import State

_OFTEN: Final = {
    "create": ("created", "existing", *(str(code) for code in Code if code.value.startswith(("discord", "missing")))),
    "finalize": ("finalized", "cleaned"),
}
"""Shown from the start, so that a first one is seen as a rise."""


class OwnNumbers:
    """Of one extension. A ``BotObserver``."""

    def __init__(self, meter: Meter, extension: str) -> None:
        self._labels = {"extension": extension}
        self._requests = counter(meter, f"{PREFIX}run_requests_total")
        self._create_s = histogram(meter, f"{PREFIX}run_create_duration_seconds")
        self._adopted = counter(meter, f"{PREFIX}runs_adopted_total")
        self._mended = counter(meter, f"{PREFIX}runs_mended_total")
        self._bot_requests = counter(meter, f"{PREFIX}run_bot_requests_total")
        self._bot_waits = histogram(meter, f"{PREFIX}run_bot_wait_seconds")
        self._runs = gauge(meter, f"{PREFIX}runs")
        self._overdue = gauge(meter, f"{PREFIX}runs_overdue")
        self._states: dict[str, State] = {}
        self._in_state: Counter[State] = Counter()
        self.overdue = 0
        """Runs whose time is over by long, and that are not cleaned up after."""
        for action, outcomes in _OFTEN.items():
            for outcome in outcomes:
                self._requests.add(0, {**self._labels, "action": action, "outcome": outcome})
        for outcome in OUTCOMES:
            self._bot_requests.add(0, {**self._labels, "outcome": outcome})
        for what in ("webhook", "channel"):
            self._mended.add(0, {**self._labels, "what": what})
        self._adopted.add(0, self._labels)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show how many runs there are by state, and how many are overdue, as long as the block runs."""
        with ExitStack() as stack:
            for state in State:
                labels = {**self._labels, "state": str(state)}
                stack.enter_context(self._runs.watch(self._reader(state), labels))
            stack.enter_context(self._overdue.watch(lambda: self.overdue, self._labels))
            stack.callback(self._forget)
            yield

    def know(self, run_id: str, state: State | None) -> None:
        """Hear of a run as it is now, None where it is forgotten."""
        former = self._states.pop(run_id, None)
        if former is not None:
            self._in_state[former] -= 1
        if state is not None:
            self._states[run_id] = state
            self._in_state[state] += 1

    def request(self, action: str, outcome: str) -> None:
        """Count a request that was answered; both are fixed short words."""
        self._requests.add(1, {**self._labels, "action": action, "outcome": outcome})

    def made(self, duration_s: float) -> None:
        """Record how long the caller of a new run has waited for it."""
        self._create_s.record(duration_s, self._labels)

    def adopted(self) -> None:
        """Count a run that was found in Discord alone."""
        self._adopted.add(1, self._labels)

    def mended(self, what: Literal["webhook", "channel"]) -> None:
        """Count what somebody had deleted by hand: a webhook that was made anew, a channel whose run has ended."""
        self._mended.add(1, {**self._labels, "what": what})

    def asked(self, outcome: str) -> None:
        """Count one request of the bot."""
        self._bot_requests.add(1, {**self._labels, "outcome": outcome})

    def waited(self, duration_s: float) -> None:
        """Record how long a request of the bot waited for its turn."""
        self._bot_waits.record(duration_s, self._labels)

    def _forget(self) -> None:
        """Begin anew: who opens the next time says what there is."""
        self._states.clear()
        self._in_state.clear()
        self.overdue = 0

    def _reader(self, state: State) -> Callable[[], float]:
        return lambda: self._in_state[state]


def not_shown() -> OwnNumbers:
    """Return numbers that nobody sees."""
    return OwnNumbers(NoOpMeter("none"), "run_channels")
