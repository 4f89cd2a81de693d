"""What a configuration says about itself that is not wrong, but will not be what was meant."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class GivesAdvice(Protocol):
    """A component's configuration that looks at itself; its component logs the same at its start."""

    def advice(self) -> Sequence[str]:
        """Return sentences, each with the path of its key below the component first (``fold::enabled: …``)."""
        ...
