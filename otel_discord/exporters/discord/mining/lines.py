"""Which line of a message tells what the problem is."""

from typing import Final

TRACEBACK: Final = "Traceback (most recent call last):"


def problem_text(text: str) -> str:
    """Return the first line that is not blank; of a bare Python traceback the last one, which names the exception."""
    text = text.strip()
    if "\n" not in text:
        return text
    first, _, rest = text.partition("\n")
    if first.strip() == TRACEBACK:
        first = rest.rpartition("\n")[2]
    return first.strip()
