"""How a try to send ended, as whoever sends can know it."""

from enum import Enum


class Answer(Enum):
    """How one try to send a request ended."""

    OK = "OK"
    REFUSED = "refused"
    """It was answered, or never got there: certainly not taken in."""
    NONE = "no answer"
    """The connection broke or nothing came: taken in or not, nobody knows."""
