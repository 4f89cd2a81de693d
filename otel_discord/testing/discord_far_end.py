"""FakeDiscord as the far end of :mod:`otel_discord.testing.exporter_contract`."""

import re
from collections.abc import Callable, Sequence
from math import inf

from otel_discord.component.component import Exporter
from otel_discord.testing.exporter_contract import Decide, FarEnd
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.fake import FakeDiscord
from otel_discord.testing.fake_discord.fault_shapes import ODD_ANSWERS, SERVER_ERRORS
from otel_discord.testing.fake_discord.faults import Fault
from otel_discord.testing.fake_discord.oracles import MARKER, arrivals


class DiscordFarEnd(FarEnd):
    """Discord that answers POSTs 200, 503, or 400 with code 200000 (content blocked).

    ``make`` builds an exporter that posts to the fake's first webhook through ``fake.transport()``.
    """

    def __init__(self, make: Callable[[FakeDiscord], Exporter], fake: FakeDiscord | None = None) -> None:
        self.fake = fake or FakeDiscord("unlimited")
        if not self.fake.webhooks:
            self.fake.add_webhook()
        self._make = make
        self._refused: set[str] = set()
        self._verdict = "ok"
        self._decide: Decide = lambda: "ok"
        self.fake.faults.add(
            Fault(SERVER_ERRORS["503_json"], match=self._is_retryable, times=inf),
            Fault(ODD_ANSWERS["automod_200000"], match=self._is_permanent, times=inf),
        )

    def make_exporter(self) -> Exporter:
        """Return a new exporter."""
        return self._make(self.fake)

    def answer_by(self, decide: Decide) -> None:
        """Ask for each POST."""
        self._decide = decide

    def delivered(self) -> Sequence[str]:
        """Return the markers in the messages that exist."""
        return [marker for markers in arrivals(self.fake).by_webhook.values() for marker in markers]

    def refused(self) -> set[str]:
        """Return the markers in POSTs that were refused for good."""
        return self._refused

    def _is_retryable(self, request: FakeRequest) -> bool:
        # Asked first for each request, so the answer is drawn here.
        self._verdict = self._decide() if request.method == "POST" else "ok"
        return self._verdict == "retryable"

    def _is_permanent(self, request: FakeRequest) -> bool:
        if self._verdict != "permanent":
            return False
        sent = request.body + b"\n".join(part.data for part in request.parts or ())
        self._refused |= set(re.findall(MARKER, sent.decode("utf-8", "replace")))
        return True
