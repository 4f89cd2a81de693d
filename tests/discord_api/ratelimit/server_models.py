"""How Discord may count: the shapes of a bucket, exact, on the server's own clock."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

EPS = 1e-9


@dataclass(frozen=True)
class Verdict:
    accepted: bool
    remaining: int
    reset_after_s: float
    retry_after_s: float = 0.0


class Model(Protocol):
    limit: int

    def arrive(self, now: float) -> Verdict: ...

    def slot_at(self, now: float) -> float: ...


class Fixed:
    """A window opens with the first request after the last one ended."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self.ends_at, self.used = -1e18, 0

    def start(self, now: float) -> float:
        return now

    def arrive(self, now: float) -> Verdict:
        if now >= self.ends_at - EPS:
            self.ends_at, self.used = self.start(now) + self.window_s, 0
        if self.used >= self.limit:
            return Verdict(False, 0, self.ends_at - now, self.ends_at - now)
        self.used += 1
        return Verdict(True, self.limit - self.used, self.ends_at - now)

    def slot_at(self, now: float) -> float:
        return now if self.used < self.limit else max(now, self.ends_at)


class Grid(Fixed):
    """Windows follow the clock."""

    def start(self, now: float) -> float:
        return (now + EPS) // self.window_s * self.window_s


class Gcra:
    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self.interval_s = window_s / limit
        self.full_at = -1e18

    def arrive(self, now: float) -> Verdict:
        slot_at = self.slot_at(now)
        if slot_at > now + EPS:
            return Verdict(False, 0, self.full_at - now, slot_at - now)
        self.full_at = max(self.full_at, now) + self.interval_s
        remaining = int((self.window_s - (self.full_at - now)) / self.interval_s + 1e-6)
        return Verdict(True, remaining, self.full_at - now)

    def slot_at(self, now: float) -> float:
        return max(now, self.full_at - self.window_s + self.interval_s)


class Log:
    """Reset-After tells when all of it is free again."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self.log: deque[float] = deque()

    def reset_after_s(self, now: float) -> float:
        return self.log[-1] + self.window_s - now

    def arrive(self, now: float) -> Verdict:
        while self.log and self.log[0] <= now - self.window_s + EPS:
            self.log.popleft()
        if len(self.log) >= self.limit:
            return Verdict(False, 0, self.reset_after_s(now), self.log[0] + self.window_s - now)
        self.log.append(now)
        return Verdict(True, self.limit - len(self.log), self.reset_after_s(now))

    def slot_at(self, now: float) -> float:
        if len(self.log) < self.limit:
            return now
        return max(now, self.log[-self.limit] + self.window_s)


class LogNext(Log):
    """Reset-After tells when the first slot is free again."""

    def reset_after_s(self, now: float) -> float:
        return self.log[0] + self.window_s - now


MODELS: dict[str, type[Fixed] | type[Gcra] | type[Log]] = {
    "fixed": Fixed,
    "grid": Grid,
    "gcra": Gcra,
    "log": Log,
    "log_next": LogNext,
}
