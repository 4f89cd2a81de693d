"""What the host offers beside :class:`Host`: time for a start that is long. One that stands still is given up."""

from typing import Protocol, runtime_checkable

from otel_discord.component.host import Host


@runtime_checkable
class WaitsForStarts(Protocol):
    """The service's host is one: its deadline for a start counts from the last step of which it hears."""

    def start_goes_on(self, how_far: str) -> None:
        """Say that the component which is opening has come further; ``how_far`` is one line for people, no secrets."""
        ...


def start_goes_on(host: Host, how_far: str) -> None:
    """Say that this component, which is opening, has come further since it last said so, if anybody waits for it.

    For work whose end is in sight, such as one question for each destination; never for waiting itself.
    """
    if isinstance(host, WaitsForStarts):
        host.start_goes_on(how_far)
