"""The names of routes on cards. Pure."""

from collections.abc import Sequence
from hashlib import blake2b


def route_mark(condition: str, destinations: Sequence[str]) -> str:
    """Return the name of a route; the same after a restart, as long as the route is the same."""
    told = "\x1f".join((condition.strip(), *destinations))
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
