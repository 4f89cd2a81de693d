"""Which batches are shown when there are many. Pure: time is an argument."""


class Sampler:
    """Of each second the first ``initial`` ones, then every ``thereafter``-th (0: none)."""

    def __init__(self, initial: int, thereafter: int) -> None:
        self._initial = initial
        self._thereafter = thereafter
        self._second = -1
        self._seen = 0

    def admits(self, now_s: float) -> bool:
        """Return whether the batch that comes now is shown."""
        if int(now_s) != self._second:
            self._second, self._seen = int(now_s), 0
        self._seen += 1
        beyond = self._seen - self._initial
        return beyond <= 0 or (self._thereafter > 0 and beyond % self._thereafter == 0)
