"""The server's certificate: read, checked with a clear message, read again when its files change."""

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from otel_discord.component import StartError
from otel_discord.extensions.status_page.config import TlsConfig

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def server_context(config: TlsConfig, key_path: str) -> ssl.SSLContext:
    """Return a server's context.

    Raises:
        StartError: a file cannot be read, or certificate and key do not fit.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[config.min_version]
    fill_context(context, config, key_path)
    return context


def fill_context(context: ssl.SSLContext, config: TlsConfig, key_path: str) -> None:
    """Read the files into a context, for the connections to come.

    Raises:
        StartError: as above; the context then stays as it was.
    """
    chain = config.cert_pem or _read(config.cert_file, f"{key_path}::cert_file")
    key = config.key_pem.reveal() or _read(config.key_file, f"{key_path}::key_file")
    with TemporaryDirectory() as directory:  # ssl reads nothing but files; this one is private and gone at once
        pem = Path(directory, "pem")
        pem.write_text(f"{key}\n{chain}")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pem, password=lambda: "")
            context.load_cert_chain(pem, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise StartError(f"{key_path}: certificate and key cannot be used: {error}") from None
    if config.client_ca_file:
        try:
            context.load_verify_locations(config.client_ca_file)
        except (ssl.SSLError, OSError) as error:
            raise StartError(f"{key_path}::client_ca_file: no usable certificates: {error}") from None
        context.verify_mode = ssl.CERT_REQUIRED


def _read(path: str, key_path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not PEM"
        raise StartError(f"{key_path}: cannot read {path}: {why}") from None
