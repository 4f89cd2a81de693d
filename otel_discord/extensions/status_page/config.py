"""What users write under ``extensions: {status_page: …}``."""

import ipaddress
from typing import Annotated

from pydantic import Field, field_validator

from otel_discord.component import Authenticator, NamesExtension
from otel_discord.config import Duration, StrictModel
from otel_discord.config.host_port import parse_host_port
from otel_discord.config.server_tls import ServerTls


class AuthConfig(StrictModel):
    """Who may look and act."""

    authenticator: Annotated[str, NamesExtension(Authenticator)]
    """Id of an extension that authenticates, for example ``bearer_token_auth``."""
    header: str = Field("Authorization", min_length=1)
    """Header in which that extension expects the token that a person types in."""
    scheme: str = "Bearer"
    """Word before the token in that header; empty: the token alone."""


class StatusPageConfig(StrictModel):
    """The status_page extension."""

    endpoint: str = "localhost:55679"
    """``host:port`` to listen on, ``:port`` for every interface."""
    auth: AuthConfig | None = None
    """Who may look; without it everybody who reaches the port."""
    tls: ServerTls | None = None
    """Encryption; without it plain text."""
    refresh: Duration = 2.0
    """How often an open page asks for news, and the rates are measured; 1s to 60s."""
    allow_actions: bool = True
    """false: the page only shows; nothing can be replayed, purged or silenced there."""
    allowed_hosts: tuple[str, ...] = ()
    """Further host names under which the page may be asked for without ``auth``, as behind a proxy."""
    max_requests: int = Field(default=16, ge=1, le=256)
    """Requests answered at a time; more are told to come again."""

    @field_validator("endpoint")
    @classmethod
    def _host_port(cls, endpoint: str) -> str:
        parse_host_port(endpoint)
        return endpoint

    @field_validator("refresh")
    @classmethod
    def _bearable(cls, refresh: float) -> float:
        if not 1 <= refresh <= 60:
            raise ValueError("must be from 1s to 60s")
        return refresh

    @property
    def is_open_to_the_network(self) -> bool:
        """Whether other machines reach it."""
        host, _ = parse_host_port(self.endpoint)
        if host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return True
