"""What a component offers that can tell whether it finds what its predecessor leaves."""

from typing import Protocol, runtime_checkable

from otel_discord.component.component import Component


@runtime_checkable
class Successor(Protocol):
    """Says before a reload exchanges it for another one of its name whether it goes on with what that one has."""

    def takes_over(self, predecessor: Component) -> bool:
        """Return whether the predecessor may leave its work: then ``Host.hands_over`` is true for it.

        False makes it finish as at the end of the service, and what it kept (``Host.kept``) is let go. Quick; asked on
        a component that is not open.
        """
        ...
