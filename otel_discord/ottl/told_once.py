"""What goes wrong with a condition or statement is told once, however many records it goes wrong with, and counted."""

from collections import Counter

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.sequences import OnError


class ToldOnce:
    """Passes the first error of each text on. ``counts`` are the errors of each text."""

    def __init__(self, tell: OnError) -> None:
        self._tell = tell
        self.counts: Counter[str] = Counter()

    def __call__(self, text: str, error: OttlError) -> None:
        """Count it, and tell it if it is the text's first."""
        self.counts[text] += 1
        if self.counts[text] == 1:
            self._tell(text, error)
