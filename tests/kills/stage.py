"""Where a scene is played: one service with a failpoint, one client, Discord, and the books of both."""

import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from otel_discord.component.failpoint import VARIABLE
from otel_discord.service.control.client import ControlError, NotRunningError, call
from tests.end_to_end.processes import StandIn, started
from tests.kills.clients import ERROR, ByHttp, request_of
from tests.kills.disk import Found
from tests.kills.house import KILLED, READY, House, house, until
from tests.kills.launch import Launch
from tests.kills.ledger import Ledger
from tests.kills.sightings import sightings
from tests.sending.answers import Answer

MAIN, OPS = "main", "ops"
"""Everything goes to the first; the second is its fallback, and nothing is for it alone."""
_KILL_S = 15.0
_IMPATIENT = {
    "rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0},
    "retry_on_failure": {"initial_interval": "20ms", "max_interval": "100ms"},
}


@dataclass(slots=True)
class Stage:
    """What a scene has to play with. ``webhooks`` are its two addresses at FakeDiscord, by destination."""

    house: House
    fake: StandIn
    webhooks: dict[str, str]
    ledger: Ledger = field(default_factory=Ledger)
    left: Found = field(default_factory=Found)
    """What was on disk when the process had been killed."""
    collector: Counter[int] | None = None
    """What another collector has, where that takes Discord's place."""
    _threads: list[threading.Thread] = field(default_factory=list)
    _next: int = 0

    # ------------------------------------------------------------------------------------------------- the service

    def start(self, failpoint: str = "") -> None:
        """Start the service and wait until it is ready, or has been killed."""
        life = self.house.start(failpoint)
        until(
            lambda: any(READY in line for line in life.said) or life.process.poll() is not None,
            "the service is ready, or killed",
            _KILL_S,
            0.01,
        )
        if not failpoint:
            assert life.process.poll() is None, "".join(life.said)

    def await_kill(self) -> None:
        """Wait until the service has been killed, and look what it has left.

        Raises:
            AssertionError: it was not killed, or the disk is not as it should be.
        """
        life = self.house.life
        assert life is not None
        until(lambda: life.process.poll() is not None, f"the kill\n{''.join(life.said)[-2000:]}", _KILL_S, 0.01)
        assert life.wait() == KILLED, "".join(life.said)[-2000:]
        self.house.check_log()
        self.left = self.house.look()
        if not self.house.alarms_expected:
            assert not self.left.wrong, self.left.wrong

    def killed_at(self, failpoint: str, *, retry: bool = True) -> None:
        """Leave something on disk: start, send records, be killed there."""
        self.start(failpoint)
        self.offer(retry=retry)
        self.await_kill()

    def run_killed(self, program: str, failpoint: str) -> None:
        """Run a small Python program on the storage instead of the service; it must be killed at the failpoint."""
        with started([sys.executable, "-c", program, str(self.house.storage)], **{VARIABLE: failpoint}) as life:
            assert life.wait(_KILL_S) == KILLED, "".join(life.said)
        self.left = self.house.look()

    def terminate(self) -> None:
        """Ask the service to end, without waiting for it."""
        assert self.house.life is not None
        self.house.life.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End the service in order."""
        assert self.house.end(signal.SIGTERM) == 0, "".join(self.house.life.said if self.house.life else ())

    def ask(self, verb: str, **arguments: Any) -> list[dict[str, Any]]:
        """Ask the running service for something about dead letters; no answer where it was killed."""
        try:
            return list(call(self.house.storage / "control.sock", f"dead-letters/{verb}", arguments, timeout_s=20))
        except (ControlError, NotRunningError):
            return []

    # ------------------------------------------------------------------------------------------------------ records

    def offer(self, count: int = 3, severity: int = ERROR, *, retry: bool = True) -> list[int]:
        """Send new records in one request, in the background, until they are accepted; return their ids."""
        ids = [self._next + n + 1 for n in range(count)]
        self._next += count
        self.ledger.add(ids, [severity] * count, time.monotonic())
        request = request_of(ids, [severity] * count)

        def run() -> None:
            door = ByHttp(self.house.ports["http"])
            ends_at = time.monotonic() + 30
            while time.monotonic() < ends_at:
                answer, complaint = door.send(request)
                self.ledger.answered(ids, answer, time.monotonic())
                if complaint:
                    self.ledger.complain(complaint)
                if answer is Answer.OK or not retry:
                    break
                time.sleep(0.02)
            door.close()

        self._in_background(run)
        return ids

    def settle(self) -> None:
        """Wait until everything that was begun in the background has ended."""
        for thread in self._threads:
            thread.join(timeout=40)
            assert not thread.is_alive(), "a client hangs"
        self._threads.clear()

    def _in_background(self, run: Any) -> None:
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)

    # ------------------------------------------------------------------------------------------------------ Discord

    def fault(self, shape: str, times: int = 1000) -> None:
        """Let Discord answer so at the first destination."""
        self.fake.add_fault(shape=shape, times=times, webhook_id=self.webhook_id(MAIN))

    def clear_faults(self) -> None:
        """Let Discord be well again."""
        urlopen(Request(f"{self.fake.base_url}/_fake/faults", method="DELETE"), timeout=10).close()

    def remove_webhook(self) -> None:
        """Delete the webhook of the first destination at Discord."""
        url = f"{self.fake.base_url}/api/v10/webhooks/{self.webhooks[MAIN].split('/webhooks/')[1]}"
        headers = {"User-Agent": "DiscordBot (https://example.invalid, 1)"}
        urlopen(Request(url, headers=headers, method="DELETE"), timeout=10).close()

    def webhook_id(self, name: str) -> str:
        """Return the id of a destination's webhook."""
        return self.webhooks[name].rsplit("/", 2)[1]

    def shown(self, name: str) -> tuple[Counter[int], Counter[int]]:
        """Return how often a destination shows each id, and how often without saying that it may be a repeat."""
        if self.collector is not None:
            return (self.collector, self.collector) if name == MAIN else (Counter(), Counter())
        messages = sightings(self.fake.ask("messages"), self.webhook_id(name))
        copies = Counter(number for message in messages for number in message.ids)
        plain = Counter(number for message in messages for number in message.ids if number not in message.marked)
        return copies, plain

    def accepted(self) -> set[int]:
        """Return the ids that were answered OK."""
        return {each.id for each in self.ledger.snapshot().values() if each.accepted_s is not None}

    def tries(self, ids: Sequence[int]) -> dict[int, int]:
        """Return how often each id may have been taken in."""
        records = self.ledger.snapshot()
        return {number: records[number].tries if number in records else 1 for number in ids}


def stage(directory: Path, fake: StandIn, launch: Launch, urls: Sequence[str], **exporter: Any) -> Stage:
    """Set a stage with two webhooks that nobody else uses."""
    webhooks = dict(zip((MAIN, OPS), urls, strict=True))
    written = {
        MAIN: {"webhook_url": webhooks[MAIN], "fallback": OPS},
        OPS: {"webhook_url": webhooks[OPS], "min_severity": 24},
    }
    made = house(directory, fake, launch, written, **_IMPATIENT, **exporter)
    made.settings["service"]["telemetry"]["metrics"] = {"level": "none"}
    return Stage(made, fake, webhooks)
