"""One question decides the route of every error: try again, or not?

Foreign exceptions become one of these at the border where they enter, nowhere else.
"""


class ComponentError(Exception):
    """What a consumer raises when it has not accepted a batch. ``reason`` is a metric label: a short word.

    ``outside`` is what clients read instead of the message, where that names what is not theirs to know.
    """

    reason = "error"

    def __init__(self, message: str, *, reason: str = "", outside: str = "") -> None:
        super().__init__(message)
        self.outside = outside or message
        if reason:
            self.reason = reason


class PermanentError(ComponentError):
    """Sending the same again would fail the same way; receivers answer INVALID_ARGUMENT or 400, nobody retries."""

    reason = "permanent"


class RetryableError(ComponentError):
    """The same may succeed later; receivers answer UNAVAILABLE or 503 with the delay."""

    reason = "retryable"

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, reason: str = "", outside: str = ""
    ) -> None:
        super().__init__(message, reason=reason, outside=outside)
        self.retry_after_s = retry_after_s


class QueueFullError(RetryableError):
    """A sending queue has no room; nothing of the batch was taken."""

    reason = "queue_full"


class ShutdownError(RetryableError):
    """The component is stopping; what is stored stays stored, what is not was not accepted."""

    reason = "shutdown"


class StartError(Exception):
    """A component cannot start; the message names the component's part and the fix, for a person to read."""
