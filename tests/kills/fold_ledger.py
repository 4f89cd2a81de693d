"""What was accepted of each problem, to the record: what a kill left unanswered is decided by what is on disk. Pure.

A client sends one request at a time, so that after a kill few tries are open.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from tests.kills.problems import Problem
from tests.sending.answers import Answer


@dataclass(slots=True)
class FoldLedger:
    """Written by several threads."""

    accepted: Counter[Problem] = field(default_factory=Counter)
    open: list[Counter[Problem]] = field(default_factory=list)
    """Tries without an answer."""
    answers: Counter[Answer] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    """Answers that no client should get."""
    taken_unanswered: int = 0
    """Tries without an answer that had been taken in all the same."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, records: Counter[Problem], answer: Answer, complaint: str = "") -> None:
        """Note how a try ended."""
        with self._lock:
            self.answers[answer] += 1
            if complaint:
                self.unexpected.append(complaint)
            if answer is Answer.OK:
                self.accepted += records
            elif answer is Answer.NONE:
                self.open.append(records)

    def decide(self, stored: Mapping[Problem, int]) -> str:
        """Find out which open tries were taken in: those with which the books say exactly what is stored.

        Returns:
            what does not add up; "" where it does.
        """
        with self._lock:
            tries, self.open = self.open, []
            wanted = +Counter(stored)
            for count in range(len(tries) + 1):
                for chosen in combinations(tries, count):
                    total = sum(chosen, self.accepted.copy())
                    if total == wanted:
                        self.accepted = total
                        self.taken_unanswered += count
                        return ""
            missing, excess = self.accepted - wanted, wanted - self.accepted
            return f"accepted and not stored: {_some(missing)}; stored and not accepted: {_some(excess)}"


def _some(counts: Counter[Problem]) -> str:
    words = ", ".join(f"{problem.word} ×{count}" for problem, count in counts.most_common(4))
    return f"{counts.total()} ({words})" if words else "none"
