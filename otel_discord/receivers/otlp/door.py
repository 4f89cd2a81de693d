"""What a server of either transport is given beside its own configuration."""

import logging
from dataclasses import dataclass

from otel_discord.component import Authenticator
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.receivers.otlp.ingest import DecodingLimits
from otel_discord.receivers.otlp.intake import Intake


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way in: who may pass, how much at once, and whom it is handed to."""

    intake: Intake
    limits: DecodingLimits
    authenticator: Authenticator | None
    """None: everybody may send."""
    certificates: CertificateFiles | None
    """None: plain text."""
    key_path: str
    """Where its configuration is, ``receivers::otlp::protocols::grpc``, for errors."""
    logger: logging.Logger
