"""A kill at a place that the code names, while a problem is counted on a message in Discord and another one is new."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.processes import StandIn
from tests.kills.books import Destination
from tests.kills.clients import WARN, ByHttp
from tests.kills.fold_books import FoldVerdict, judge_folded, seen_in
from tests.kills.fold_disk import counts_in
from tests.kills.fold_ends import Teller
from tests.kills.fold_ledger import FoldLedger
from tests.kills.house import KILLED, READY, House, house, until
from tests.kills.launch import Launch
from tests.kills.problems import Problem
from tests.kills.scenes import around

CHANNEL = Destination("main", WARN)
AT_THE_END = ("close.before_checkpoint", "close.before_mark", "close.after_mark", "close.after_checkpoint")
"""Reached when everything is shown and the service ends."""
FOLD_PLACES = (
    *around("open", "posted", "waiting", "head"),
    *around("put", "route"),
    "send.before_mark",
    *around("mark_sending"),
    "send.after_mark",
    "send.after_answer",
    *around("post", "mark_shown"),
    *AT_THE_END,
)
FOLD_IN_FLIGHT = frozenset({"send.after_answer", "post.before_commit"})
"""Discord has the new message and the disk does not know: exactly that one is repeated, and says so."""
FOLD_IN_DOUBT = FOLD_IN_FLIGHT | {"mark_sending.after_commit", "send.after_mark"}
"""The new message may say that it is a repeat."""
_KNOWN = [Problem(0, 0)] * 3 + [Problem(0, 1)] * 2 + [Problem(0, 3)]
_MORE = [Problem(0, 0)] * 4 + [Problem(0, 3)]
_NEW = [Problem(0, 4)] * 2
_EXPORTER = {
    "fold": {"enabled": True, "window": "1h", "edit_interval": "20ms"},
    "rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0},
    "retry_on_failure": {"initial_interval": "20ms", "max_interval": "100ms"},
}
_KILL_S = 15.0


@dataclass(frozen=True, slots=True)
class PlayedFolded:
    """How it went."""

    place: str
    left: str
    """What was on disk when it had been killed."""
    verdict: FoldVerdict


@dataclass(slots=True)
class _Play:
    house: House
    fake: StandIn
    webhook_id: str
    ledger: FoldLedger = field(default_factory=FoldLedger)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, failpoint: str = "") -> None:
        life = self.house.start(failpoint)
        until(
            lambda: any(READY in line for line in life.said) or life.process.poll() is not None,
            "the service is ready, or killed",
            _KILL_S,
            0.01,
        )

    def tell(self, *requests: list[Problem]) -> None:
        """Tell of problems in the background, one request after the other, until they are accepted."""
        teller = Teller(self.ledger, 0, ByHttp(self.house.ports["http"]), random.Random(len(self.threads)), 0.0, list)

        def run() -> None:
            for problems in requests:
                teller.deliver(problems)
            teller.sends.close()

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def settle(self) -> None:
        """Wait until everything that was told is accepted, and shown at least once."""
        for thread in self.threads:
            thread.join(40)
            assert not thread.is_alive(), "a client hangs"

        def is_shown() -> bool:
            return not self.ledger.accepted - self.shown()

        until(is_shown, "everything is shown", step_s=0.02)

    def shown(self) -> Counter[Problem]:
        """Return the most that one message shows of each problem."""
        found: Counter[Problem] = Counter()
        for message in seen_in(self.fake.ask("messages"), self.webhook_id):
            for embed in message.embeds:
                found[embed.problem] = max(found[embed.problem], embed.count)
        return found

    def look(self) -> tuple[str, frozenset[str]]:
        """Hold the disk against what was accepted; return what is on it, and the messages that it knows."""
        found = self.house.look()
        assert not found.wrong, found.wrong
        counts = counts_in(self.house.directory / "copy")
        complaint = self.ledger.decide(counts.of(CHANNEL.name) + counts.batches)
        assert not complaint, complaint
        shown = self.shown()
        for card in counts.cards:
            if card.message_id:
                there = shown[card.problem]
                assert card.shown <= there <= card.count, f"{card} shows {there}"
        waiting = [card for card in counts.cards if not card.message_id]
        words = {
            "batches": bool(counts.batches),
            "cards in doubt": any(card.in_doubt for card in waiting),
            "cards": any(not card.in_doubt for card in waiting),
            "unshown counts": any(card.count > card.shown for card in counts.cards if card.message_id),
        }
        return _in_words(words), frozenset(card.message_id for card in counts.cards)


def play_at(place: str, directory: Path, fake: StandIn, launch: Launch, url: str) -> PlayedFolded:
    """Play it.

    Raises:
        AssertionError: it was not killed there, or the books do not add up.
    """
    written = {CHANNEL.name: {"webhook_url": url}}
    with closing(house(directory, fake, launch, written, **_EXPORTER)) as made:
        made.settings["service"]["telemetry"]["metrics"] = {"level": "none"}
        play = _Play(made, fake, url.rsplit("/", 2)[1])
        play.start()
        play.tell(_KNOWN)
        play.settle()
        assert made.end(signal.SIGTERM) == 0
        ends_s = [time.monotonic()]
        play.look()
        play.start(place)
        play.tell(_MORE, _NEW, _MORE)
        life = made.life
        assert life is not None
        if place in AT_THE_END:
            play.settle()
            life.process.send_signal(signal.SIGTERM)
        until(lambda: life.process.poll() is not None, f"the kill\n{''.join(life.said)[-2000:]}", _KILL_S, 0.01)
        assert life.wait() == KILLED, "".join(life.said)[-2000:]
        ends_s.append(time.monotonic())
        made.check_log()
        time.sleep(0.15)  # what the client had open has failed by then
        left, _ = play.look()
        play.start()
        play.settle()
        assert made.end(signal.SIGTERM) == 0
        rest, known_ids = play.look()
        assert rest == "nothing", f"something is left on disk: {rest}"
        seen = {CHANNEL: seen_in(fake.ask("messages"), play.webhook_id)}
    verdict = judge_folded(play.ledger.accepted, seen, known_ids, ends_s, repeats_allowed=True)
    assert not verdict.wrong, verdict.wrong
    _hold(place, verdict, play.ledger.accepted)
    return PlayedFolded(place, left, verdict)


def _hold(place: str, verdict: FoldVerdict, accepted: Mapping[Problem, int]) -> None:
    if place in FOLD_IN_FLIGHT:
        assert verdict.repeated == len(_NEW), verdict
    else:
        assert not verdict.repeated, verdict
    assert verdict.marked_messages == (1 if place in FOLD_IN_DOUBT else 0), verdict
    assert verdict.messages <= 3, verdict  # the known problems, the new one, and once more the new one
    assert set(accepted) == {*_KNOWN, *_NEW}


def _in_words(words: Mapping[str, bool]) -> str:
    return " and ".join(name for name, is_there in words.items() if is_there) or "nothing"
