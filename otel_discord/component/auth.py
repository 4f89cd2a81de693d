"""What an extension offers that guards receivers (``auth: {authenticator: bearer_token_auth}``)."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class Authenticator(Protocol):
    """Decides who may send. Synchronous and quick; compares secrets in constant time."""

    def authenticate(self, headers: Mapping[str, str]) -> bool:
        """Return whether a request with these headers (names in lower case) is allowed in."""
        ...
