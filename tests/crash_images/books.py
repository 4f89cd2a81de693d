"""What the application asked for and what it was told, and what may be on the disk at any moment because of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.crash_images.recorder import Recording

ABSENT = "absent"
UNANSWERED = 1 << 62


@dataclass
class Step:
    """Something was to become ``state``: asked for at ``begun``, answered at ``answered``."""

    state: str
    begun: int
    answered: int = UNANSWERED


@dataclass
class Findings:
    """What is wrong with one image."""

    lost: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    """Deletions that were acknowledged and did not last."""
    wrong: list[str] = field(default_factory=list)
    """Neither: half a transaction, a state that never was."""


class Books:
    """The history of every thing: batches ``b12``, cards ``c12.3``."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._steps: dict[str, list[Step]] = {}

    @contextmanager
    def changing(self, states: Mapping[str, str]) -> Iterator[None]:
        """Enter what is asked for before the block, and the answer after it (an error is no answer)."""
        steps = {name: Step(state, self._recording.now) for name, state in states.items()}
        for name, step in steps.items():
            self._steps.setdefault(name, []).append(step)
        yield
        for step in steps.values():
            step.answered = self._recording.now

    @property
    def answers(self) -> int:
        return sum(step.answered != UNANSWERED for steps in self._steps.values() for step in steps)

    def compare(self, moment: int, observed: Mapping[str, str]) -> Findings:
        """Return how what was found differs from everything that may be."""
        findings = Findings([], [], [])
        for name, steps in self._steps.items():
            sure, allowed = ABSENT, {ABSENT}
            for step in steps:
                if step.answered <= moment:
                    sure, allowed = step.state, {step.state}
                elif step.begun <= moment:
                    allowed.add(step.state)
            found = observed.get(name, ABSENT)
            if found in allowed:
                continue
            if found == ABSENT:
                findings.lost.append(name)
            elif sure == ABSENT:
                findings.returned.append(name)
            else:
                findings.wrong.append(f"{name}: {found}, should be {' or '.join(sorted(allowed))}")
        findings.wrong += [f"{name}: invented" for name in observed if name not in self._steps]
        for name, state in observed.items():  # a batch and its cards change in one step
            if name.startswith("b") and state == "waiting":
                cards = [each for each in observed if each.startswith(f"c{name[1:]}.")]
                findings.wrong += [f"{name}: waits beside its {each}" for each in cards]
        return findings
