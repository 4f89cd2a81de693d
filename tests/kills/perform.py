"""Plays a scene at a place: killed there, started again, and the books at the kill and at the end."""

import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.processes import StandIn
from tests.kills.disk import Found
from tests.kills.house import until
from tests.kills.launch import Launch
from tests.kills.scenes import IN_DOUBT, IN_FLIGHT, End, Scene, letters_of, letters_written
from tests.kills.stage import MAIN, OPS, Stage, stage

ON_DISK = {
    "put.before_commit": "nothing",
    "put.after_commit": "batches",
    "route.before_commit": "batches",
    "route.after_commit": "cards",
    "mark_sending.before_commit": "cards",
    "mark_sending.after_commit": "cards in doubt",
    "send.after_answer": "cards in doubt",
    "settle.before_commit": "cards in doubt",
    "settle.after_commit": "nothing",
    "mark_unsent.before_commit": "cards in doubt",
    "mark_unsent.after_commit": "cards",
    "revive.before_commit": "letters",
    "revive.after_commit": "cards",
    "purge.before_commit": "letters",
    "purge.after_commit": "nothing",
    "adopt.before_commit": "nothing",
    "adopt.after_commit": "cards",
    "post.before_commit": "cards",
    "post.after_commit": "posted cards",
    "mark_shown.before_commit": "posted cards",
    "mark_shown.after_commit": "posted cards",
    "unpost.before_commit": "posted cards",
    "unpost.after_commit": "nothing",
    "forget_messages.before_commit": "posted cards",
    "forget_messages.after_commit": "nothing",
}
"""What the place says about the disk, whatever the scene: before a commit nothing of it is there, after it all."""


@dataclass(frozen=True, slots=True)
class Played:
    """How it went."""

    scene: str
    place: str
    on_disk: str
    end: str
    repeats: int
    took_s: float


def perform(scene: Scene, place: str, directory: Path, fake: StandIn, launch: Launch, urls: list[str]) -> Played:
    """Play a scene at a place.

    Raises:
        AssertionError: it was not killed there, or the books do not add up.
    """
    started_s = time.monotonic()
    before = len(fake.ask("violations"))
    played = stage(directory, fake, launch, urls, **scene.settings)
    with closing(played.house):
        try:
            scene.before(played)
            played.house.alarms_expected = scene.alarms
            if scene.program:
                played.run_killed(scene.program, place)
            else:
                played.start(place)
                scene.act(played)
                played.await_kill()
            due = _hold_at_the_kill(scene, place, played)
            played.start()
            scene.after(played)
            played.settle()
            due |= played.accepted() if scene.end is not End.FILES else set()
            _await_end(scene, played, due)
            played.stop()
            repeats = _hold_at_the_end(scene, place, played, due)
        finally:
            played.clear_faults()
    violations = [each for each in fake.ask("violations")[before:] if each["rule"] not in scene.tolerated]
    assert not violations, f"Discord would mind: {violations}"
    return Played(scene.name, place, _in_words(played.left), scene.end.value, repeats, time.monotonic() - started_s)


def _hold_at_the_kill(scene: Scene, place: str, played: Stage) -> set[int]:
    """See that every record that was accepted is in exactly one place; return those that are on disk."""
    left = played.left
    if scene.end is End.FILES:
        return set(letters_written(played))
    expected = ON_DISK.get(place)
    assert expected in (None, _in_words(left)), f"on disk: {_in_words(left)}, expected {expected}"
    stored = Counter(_stored(left))
    shown = set(played.shown(MAIN)[0]) | set(played.shown(OPS)[0])
    doubtful = _doubtful(left)
    for record in played.ledger.snapshot().values():
        if record.accepted_s is None or record.tries > 1 or scene.end is End.NOWHERE:
            continue
        found = stored[record.id] + (record.id in shown)
        # What Discord has is settled while the next message is made; until then it is in doubt, and so in both places.
        both = record.id in shown and (place in IN_FLIGHT or record.id in doubtful)
        assert found == (2 if both else 1), f"{record.id} is in {found} places: {left}, shown {sorted(shown)}"
    return set(stored)


def _doubtful(left: Found) -> set[int]:
    return {number for of_lane in left.in_doubt.values() for number in of_lane}


def _await_end(scene: Scene, played: Stage, due: set[int]) -> None:
    def ended() -> bool:
        match scene.end:
            case End.MAIN | End.COLLECTOR:
                return due <= set(played.shown(MAIN)[0])
            case End.OPS:
                return due <= set(played.shown(OPS)[0])
            case End.EITHER:
                return due <= set(played.shown(MAIN)[0]) | set(played.shown(OPS)[0])
            case End.LETTERS if scene.alarms:  # of a damaged row the text is not shown
                return bool(played.ask("list", limit=0))
            case End.LETTERS:
                return due <= set(letters_of(played))
            case End.FILES:
                return True
            case End.NOWHERE:
                return not letters_of(played)

    until(ended, f"{sorted(due)} are {scene.end.value}", step_s=0.01)


def _hold_at_the_end(scene: Scene, place: str, played: Stage, due: set[int]) -> int:
    """See that every record has ended once, in the right way; return how many came twice."""
    found = played.house.look()
    if scene.end is End.FILES:
        _hold_files(place, played, due)
        return 0
    if not scene.alarms:
        assert not found.wrong, found.wrong
    assert (found.is_empty, found.batch_rows) == (True, 0), f"something is left on disk: {found}"
    tries = played.tries(sorted(due))
    copies, plain = (one + other for one, other in zip(played.shown(MAIN), played.shown(OPS), strict=True))
    buried = Counter(number for ids in found.letters.values() for number in ids)
    for name, wrong in ((MAIN, (End.OPS, End.LETTERS, End.NOWHERE)), (OPS, (End.MAIN, End.LETTERS, End.NOWHERE))):
        assert scene.end not in wrong or not played.shown(name)[0], f"{name} shows {played.shown(name)[0]}"
    if scene.end in (End.LETTERS, End.NOWHERE):
        assert set(buried) == (due if scene.end is End.LETTERS else set()), f"letters {buried}, due {due}"
        assert all(buried[number] <= tries[number] for number in buried), f"buried twice: {buried}, tries {tries}"
        return 0
    assert not buried, f"dead letters: {buried}"
    assert set(copies) == due, f"shown {sorted(copies)}, due {sorted(due)}"
    repeats = {number: copies[number] - tries[number] for number in due if copies[number] > tries[number]}
    if place in IN_FLIGHT:
        assert set(repeats.values()) == {1}, f"copies {copies}, tries {tries}"
    else:
        assert set(repeats) <= _doubtful(played.left), f"copies {copies}, tries {tries}"
        assert set(repeats.values()) <= {1}, f"copies {copies}, tries {tries}"
    if scene.end is End.COLLECTOR:
        return sum(repeats.values())
    assert all(plain[number] <= tries[number] for number in due), f"repeated without a word: {plain}, tries {tries}"
    if place not in IN_DOUBT and scene.end is End.MAIN and not scene.alarms and not place.startswith("mark_unsent"):
        assert plain == copies, f"marked as repeats: {copies - plain}"
    return sum(repeats.values())


def _hold_files(place: str, played: Stage, due: set[int]) -> None:
    """The queue is in memory, so what was not written yet went with the process; what was is there, once."""
    written = Counter(letters_written(played))
    tries = played.tries(sorted(written))
    assert all(written[number] <= tries[number] for number in written), f"letters {written}, tries {tries}"
    assert not any(played.shown(MAIN)), "refused records are shown"
    assert due <= set(written), f"letters {written}, due {due}"
    assert bool(due) == (place == "bury.after_file"), f"letters at the kill: {due}"


def _stored(left: Found) -> list[int]:
    found = list(left.batches)
    for ids in (*left.cards.values(), *left.letters.values()):
        found += ids
    return found


def _in_words(left: Found) -> str:
    kinds = [("batches", left.batches), ("cards", left.cards), ("letters", left.letters)]
    words = [name for name, ids in kinds if ids]
    if words == ["cards"] and left.in_doubt:
        return "cards in doubt"
    return " and ".join(words) or ("posted cards" if left.posted else "nothing")
