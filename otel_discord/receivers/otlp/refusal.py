"""Why a request is not taken, as a value: the same for both transports until the answer is written."""

from dataclasses import dataclass
from enum import Enum

DEFAULT_RETRY_DELAY_S = 1.0
MAX_RETRY_DELAY_S = 8.0
"""SDKs give up at once when told to wait longer than what is left of their export deadline (10 s by default)."""


class Reason(Enum):
    """One word for each way to say no; ``answers`` has the code that each transport gives it."""

    INVALID = "invalid"
    """The data cannot be decoded, or the pipeline never takes it."""
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    TIMED_OUT = "timed_out"
    """The client did not send its request in time."""
    UNAVAILABLE = "unavailable"
    """Overload, a full queue, shutdown, a failure that may pass: try again."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was not taken. ``message`` is for a person; ``field`` is the path of the value at fault."""

    reason: Reason
    message: str
    field: str = ""
    retry_after_s: float = DEFAULT_RETRY_DELAY_S

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return self.reason is Reason.UNAVAILABLE
