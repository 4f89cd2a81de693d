"""Keys of ``bearer_token_auth``, as in the Collector's extension of that name."""

import re
from typing import Final

from pydantic import Field, field_validator, model_validator

from otel_discord.config import Secret, StrictModel

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class BearerTokenAuthConfig(StrictModel):
    """The tokens that let a client in: ``token``, or ``tokens``, or ``filename``."""

    scheme: str = "Bearer"
    """The word before the token, in any case; empty: the header holds the token alone."""
    token: Secret = Secret("")
    """The one token."""
    tokens: tuple[Secret, ...] = ()
    """Several tokens, each of which lets in; for changing one without a gap."""
    filename: str = ""
    """File with tokens, one a line; read again within about a second of a change. It wins over the other two."""
    header: str = Field("Authorization", min_length=1)
    """The header that holds the token."""

    @field_validator("header")
    @classmethod
    def _name(cls, header: str) -> str:
        if not _HEADER_NAME.fullmatch(header):
            raise ValueError("must be the name of a header, as in Authorization")
        return header

    @field_validator("tokens")
    @classmethod
    def _not_empty(cls, tokens: tuple[Secret, ...]) -> tuple[Secret, ...]:
        if any(not token.reveal().strip() for token in tokens):
            raise ValueError("must not hold an empty token: it would let everybody in")
        return tokens

    @model_validator(mode="after")
    def _some(self) -> "BearerTokenAuthConfig":
        if self.token and self.tokens:
            raise ValueError("either token or tokens should be set, not both")
        if not (self.token.reveal().strip() or self.tokens or self.filename):
            raise ValueError("must have one of token, tokens and filename; an empty token would let everybody in")
        return self
