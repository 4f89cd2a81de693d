"""Certificates of the servers in this house: read, checked with a clear message, read again when their files change."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from otel_discord.component.errors import StartError
from otel_discord.config.server_tls import ServerTls

_VERSIONS: Final = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


@dataclass(frozen=True, slots=True)
class Certificates:
    """What a server shows and whom it trusts, all PEM. ``client_ca`` is None where clients need no certificate."""

    chain: bytes
    key: bytes
    client_ca: bytes | None

    def __repr__(self) -> str:
        return "Certificates([REDACTED])"


class CertificateFiles:
    """The certificates of one server; ``current`` is what new connections are shown.

    ``key_path`` is where its configuration is, for errors: ``receivers::otlp::protocols::http::tls``.

    Raises:
        StartError: a file cannot be read, or certificate and key do not fit.
    """

    def __init__(self, config: ServerTls, key_path: str) -> None:
        self._config = config
        self._key_path = key_path
        self.current, self._shown = self._load()

    def new_context(self) -> ssl.SSLContext:
        """Return a server's context that goes along with the files: each handshake is made with what is current.

        Raises:
            StartError: certificate and key do not fit, or are none.
        """
        context = self._filled()
        context.sni_callback = self._show
        return context

    @contextlib.asynccontextmanager
    async def kept_fresh(self, logger: logging.Logger) -> AsyncIterator[None]:
        """Read the files again at ``reload_interval`` while the block runs; with an interval of 0 never."""
        if not self._config.reload_interval:
            yield
            return
        reloading = asyncio.create_task(self._reload_for_ever(logger), name=f"{self._key_path} certificates")
        try:
            yield
        finally:
            reloading.cancel()
            await asyncio.wait({reloading})
            if not reloading.cancelled():
                reloading.result()  # it never ends by itself but by a fault of ours, which must be seen

    async def _reload_for_ever(self, logger: logging.Logger) -> None:
        while True:
            await asyncio.sleep(self._config.reload_interval)
            self.reload(logger)

    def reload(self, logger: logging.Logger) -> None:
        """Use changed files for new connections; unusable ones are logged and the old certificate stays."""
        try:
            fresh, shown = self._load()
            if fresh != self.current:
                self.current, self._shown = fresh, shown
                logger.info("%s: using the new certificate", self._key_path)
        except StartError as error:
            logger.warning("%s; the old certificate stays in use", error)

    def _show(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._shown  # authorities that were taken away are not trusted any more, too

    def _load(self) -> tuple[Certificates, ssl.SSLContext]:
        certificates = self._read_all()
        context = self._filled()
        if self._read_all() != certificates:
            raise StartError(f"{self._key_path}: the certificate's files changed while they were read")
        return certificates, context

    def _read_all(self) -> Certificates:
        config = self._config
        chain = config.cert_pem.encode() or _read(config.cert_file, f"{self._key_path}::cert_file")
        key = config.key_pem.reveal().encode() or _read(config.key_file, f"{self._key_path}::key_file")
        client_ca = None
        if config.client_ca_file:
            client_ca = _read(config.client_ca_file, f"{self._key_path}::client_ca_file")
        return Certificates(chain, key, client_ca)

    def _filled(self) -> ssl.SSLContext:
        config = self._config
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[config.min_version]
        with _file(config.cert_file, config.cert_pem) as chain, _file(config.key_file, config.key_pem.reveal()) as key:
            try:
                context.load_cert_chain(chain, key, password=lambda: "")
            except (ssl.SSLError, OSError, ValueError) as error:
                raise StartError(f"{self._key_path}: certificate and key cannot be used: {error}") from None
        if config.client_ca_file:
            try:
                context.load_verify_locations(config.client_ca_file)
            except (ssl.SSLError, OSError) as error:
                raise StartError(f"{self._key_path}::client_ca_file: no usable certificates: {error}") from None
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@contextlib.contextmanager
def _file(path: str, pem: str) -> Iterator[str]:
    """Yield a file with the PEM, since ssl reads nothing else; a temporary one is private and gone at once."""
    if path:
        yield path
        return
    with TemporaryDirectory() as directory:
        temporary = Path(directory, "pem")
        temporary.write_text(pem)
        yield str(temporary)


def _read(path: str, key_path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise StartError(f"{key_path}: cannot read {path}: {error.strerror}") from None
