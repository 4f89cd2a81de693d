"""What senders were told, record by record. Written by several threads; times are monotonic."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tests.sending.answers import Answer


@dataclass(slots=True)
class Record:
    """One log record and its history with its sender."""

    id: int
    destinations: tuple[str, ...]
    first_sent_s: float
    tries: int = 0
    """How often it may have been taken in: answers OK, and tries without an answer."""
    accepted_s: float | None = None


@dataclass(slots=True)
class Ledger:
    """All records of a run, by id; ids of one sender ascend."""

    records: dict[int, Record] = field(default_factory=dict)
    answers: Counter[Answer] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    """Answers that no client should get."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, records: Iterable[tuple[int, tuple[str, ...]]], now_s: float) -> None:
        """Note that new records are sent for the first time."""
        with self._lock:
            for number, destinations in records:
                self.records[number] = Record(number, destinations, now_s)

    def answered(self, ids: Sequence[int], answer: Answer, now_s: float, complaint: str = "") -> None:
        """Note how a try ended."""
        with self._lock:
            self.answers[answer] += 1
            if complaint and len(self.unexpected) < 20:
                self.unexpected.append(complaint)
            for number in ids:
                record = self.records[number]
                record.tries += answer is not Answer.REFUSED
                if answer is Answer.OK and record.accepted_s is None:
                    record.accepted_s = now_s

    def snapshot(self) -> dict[int, Record]:
        """Return the records as they are now; those change no more."""
        with self._lock:
            return {number: replace(each) for number, each in self.records.items()}
