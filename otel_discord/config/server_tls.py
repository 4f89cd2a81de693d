"""The certificate of a server of ours, as users write it under ``tls``: the Collector's keys."""

from typing import Literal, Self

from pydantic import model_validator

from otel_discord.config.duration_field import Duration
from otel_discord.config.model import StrictModel
from otel_discord.config.secret import Secret


class ServerTls(StrictModel):
    """Certificate of a server; with ``client_ca_file`` clients must show one too (mTLS)."""

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
    """Oldest TLS version that is spoken; gRPC for Python offers 1.2 and 1.3 and cannot be narrowed."""
    reload_interval: Duration = 0.0
    """How often changed files are read again; 0 never."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.cert_file) == bool(self.cert_pem):
            raise ValueError("set exactly one of cert_file and cert_pem")
        if bool(self.key_file) == bool(self.key_pem):
            raise ValueError("set exactly one of key_file and key_pem")
        return self
