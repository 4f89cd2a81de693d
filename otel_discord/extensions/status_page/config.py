"""What users write under ``extensions: {status_page: …}``."""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from otel_discord.component import Authenticator, NamesExtension
from otel_discord.config import Duration, Secret, StrictModel
from otel_discord.config.host_port import parse_host_port


class AuthConfig(StrictModel):
    """Who may look and act."""

    authenticator: Annotated[str, NamesExtension(Authenticator)]
    """Id of an extension that authenticates, for example ``bearer_token_auth``."""
    header: str = Field("Authorization", min_length=1)
    """Header in which that extension expects the token that a person types in."""
    scheme: str = "Bearer"
    """Word before the token in that header; empty: the token alone."""


class TlsConfig(StrictModel):
    """The server's certificate; with ``client_ca_file`` browsers must show one too."""

    cert_file: str = ""
    """Certificate chain, PEM. Exactly one of ``cert_file`` and ``cert_pem``."""
    cert_pem: str = ""
    """The chain itself."""
    key_file: str = ""
    """Private key, PEM. Exactly one of ``key_file`` and ``key_pem``."""
    key_pem: Secret = Secret("")
    """The key itself."""
    client_ca_file: str = ""
    """Certificates that may sign clients' certificates; when set, clients without one are refused."""
    min_version: Literal["1.2", "1.3"] = "1.2"
    """Oldest TLS version that is spoken."""
    reload_interval: Duration = 0.0
    """How often changed files are read again; 0 never."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.cert_file) == bool(self.cert_pem):
            raise ValueError("set exactly one of cert_file and cert_pem")
        if bool(self.key_file) == bool(self.key_pem):
            raise ValueError("set exactly one of key_file and key_pem")
        return self


class StatusPageConfig(StrictModel):
    """The status_page extension."""

    endpoint: str = "localhost:55679"
    """``host:port`` to listen on, ``:port`` for every interface."""
    auth: AuthConfig | None = None
    """Who may look; without it everybody who reaches the port."""
    tls: TlsConfig | None = None
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
