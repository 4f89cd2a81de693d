"""What a component offers that can be checked before it takes another one's place: a reload asks first, then acts."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Preflight(Protocol):
    """Can look at what its configuration names outside of itself, as files, without opening anything."""

    def preflight(self) -> None:
        """Look; quick, changes nothing, and is asked on a component that is not open.

        Raises:
            StartError: the component would not start; as on entering its lifespan.
        """
        ...
