"""What the clients of a run were told, record by record. Written by several threads."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.sending.answers import Answer

CRITICAL = 21


@dataclass(slots=True)
class Record:
    """One log record and its history with its client. Times are monotonic."""

    id: int
    severity: int
    is_mixed: bool
    """Sent in one request with others of another severity, whose priority its request then had."""
    first_sent_s: float
    tries: int = 0
    """How often it may have been taken in: answers OK, and tries without an answer."""
    accepted_s: float | None = None

    @property
    def is_critical(self) -> bool:
        """Whether it goes before others."""
        return self.severity >= CRITICAL


@dataclass(slots=True)
class Ledger:
    """All records of a run, by id."""

    records: dict[int, Record] = field(default_factory=dict)
    answers: Counter[Answer] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    """Answers that no client should get."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, ids: Sequence[int], severities: Sequence[int], now_s: float) -> None:
        """Note that new records are sent for the first time."""
        mixed = len(set(severities)) > 1
        with self._lock:
            for number, severity in zip(ids, severities, strict=True):
                self.records[number] = Record(number, severity, mixed, now_s)

    def answered(self, ids: Iterable[int], answer: Answer, now_s: float) -> None:
        """Note how a try ended."""
        with self._lock:
            self.answers[answer] += 1
            for number in ids:
                record = self.records[number]
                record.tries += answer is not Answer.REFUSED
                if answer is Answer.OK:
                    record.accepted_s = now_s

    def complain(self, words: str) -> None:
        """Note an answer that no client should get."""
        with self._lock:
            self.unexpected.append(words)

    def snapshot(self) -> dict[int, Record]:
        """Return the records as they are now; those change no more."""
        with self._lock:
            return {
                number: Record(each.id, each.severity, each.is_mixed, each.first_sent_s, each.tries, each.accepted_s)
                for number, each in self.records.items()
            }
