"""Certificates as every server here reads them: what is wrong is said, and a renewal never leaves a server without."""

import asyncio
import logging
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trustme

from otel_discord.component import server_certificates
from otel_discord.component.errors import StartError
from otel_discord.component.server_certificates import CertificateFiles
from otel_discord.config.server_tls import ServerTls

LOGGER = logging.getLogger("otel_discord.testing.certificates")
KEY_PATH = "extensions::door::tls"


class Files:
    """A certificate and its key on disk; each ``issue`` is another one of the same authority."""

    def __init__(self, directory: Path) -> None:
        self.authority = trustme.CA()
        self.chain, self.key, self.ca = (directory / name for name in ("chain.pem", "key.pem", "ca.pem"))
        self.authority.cert_pem.write_to_path(self.ca)
        self.pair = self.issue()

    def issue(self) -> tuple[bytes, bytes]:
        issued = self.authority.issue_cert("localhost", "127.0.0.1")
        self.pair = issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes()
        self.chain.write_bytes(self.pair[0])
        self.key.write_bytes(self.pair[1])
        return self.pair

    def config(self, **changes: str) -> ServerTls:
        keys = {"cert_file": str(self.chain), "key_file": str(self.key)} | changes
        return ServerTls.model_validate({key: value for key, value in keys.items() if value})


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


async def shown_by(context: ssl.SSLContext, files: Files, host: str = "localhost") -> str:
    """Return the PEM of what a server with this context shows to a client that calls it by this name."""
    trusting = ssl.create_default_context()
    files.authority.configure_trust(trusting)
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting, server_hostname=host)
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
    return ssl.DER_cert_to_PEM_cert(der)


async def passes(context: ssl.SSLContext, client: ssl.SSLContext) -> bool:
    """Return whether a server with this context answers a client with that one."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname="localhost")
            said = await asyncio.wait_for(reader.read(), 5)
        except (ssl.SSLError, ConnectionError):
            return False
        writer.close()
        return said == b"hello"


def pem(chain: bytes) -> str:
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(chain.decode()))


@pytest.mark.parametrize("in_configuration", ["", "cert", "key", "both"])
async def test_files_and_pem_in_the_configuration_do_the_same(files: Files, in_configuration: str) -> None:
    chain, key = (each.decode() for each in files.pair)
    changes: dict[str, str] = {}
    if in_configuration in {"cert", "both"}:
        changes |= {"cert_file": "", "cert_pem": chain}
    if in_configuration in {"key", "both"}:
        changes |= {"key_file": "", "key_pem": key}
    certificates = CertificateFiles(files.config(**changes), KEY_PATH)
    assert (certificates.current.chain.decode(), certificates.current.key.decode()) == (chain, key)
    assert certificates.current.client_ca is None
    assert await shown_by(certificates.new_context(), files) == pem(files.pair[0])


def test_what_cannot_be_used_is_said_by_its_key(files: Files, tmp_path: Path) -> None:
    other = trustme.CA().issue_cert("localhost").private_key_pem.bytes()
    (tmp_path / "other.pem").write_bytes(other)
    (tmp_path / "none.pem").write_text("nothing")
    for changes, words in (
        ({"cert_file": str(tmp_path / "missing")}, f"{KEY_PATH}::cert_file: cannot read"),
        ({"key_file": str(tmp_path)}, f"{KEY_PATH}::key_file: cannot read"),
        ({"key_file": str(tmp_path / "other.pem")}, f"{KEY_PATH}: certificate and key cannot be used"),
        ({"cert_file": str(tmp_path / "none.pem")}, f"{KEY_PATH}: certificate and key cannot be used"),
        ({"client_ca_file": str(tmp_path / "missing")}, f"{KEY_PATH}::client_ca_file: cannot read"),
        ({"client_ca_file": str(tmp_path / "none.pem")}, f"{KEY_PATH}::client_ca_file: no usable certificates"),
    ):
        with pytest.raises(StartError) as refusal:
            CertificateFiles(files.config(**changes), KEY_PATH)
        assert words in str(refusal.value)
        assert "PRIVATE KEY" not in str(refusal.value)


def test_a_key_with_a_passphrase_is_refused_rather_than_asked_for(files: Files) -> None:
    encrypted = (
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
        "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"
    )
    files.key.write_text(encrypted)
    with pytest.raises(StartError, match="certificate and key cannot be used"):
        CertificateFiles(files.config(), KEY_PATH)


def test_a_context_keeps_to_its_versions_and_asks_for_certificates(files: Files) -> None:
    plain = CertificateFiles(files.config(), KEY_PATH).new_context()
    assert (plain.minimum_version, plain.verify_mode) == (ssl.TLSVersion.TLSv1_2, ssl.CERT_NONE)
    strict = CertificateFiles(files.config(min_version="1.3", client_ca_file=str(files.ca)), KEY_PATH)
    context = strict.new_context()
    assert (context.minimum_version, context.verify_mode) == (ssl.TLSVersion.TLSv1_3, ssl.CERT_REQUIRED)
    assert strict.current.client_ca == files.ca.read_bytes()


def test_a_key_is_not_shown(files: Files) -> None:
    assert repr(CertificateFiles(files.config(), KEY_PATH).current) == "Certificates([REDACTED])"


async def test_a_renewal_is_used_once_it_is_whole(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    certificates = CertificateFiles(files.config(), KEY_PATH)
    context = certificates.new_context()
    first, first_key = files.pair
    with caplog.at_level(logging.INFO):
        certificates.reload(LOGGER)
        assert caplog.text == ""
        renewed, _ = files.issue()
        files.key.write_bytes(first_key)  # the new certificate is there, its key is not yet
        certificates.reload(LOGGER)
        assert "the old certificate stays in use" in caplog.text
        assert certificates.current.chain == first
        assert await shown_by(context, files) == pem(first)
        files.key.write_bytes(files.pair[1])
        certificates.reload(LOGGER)
        assert "using the new certificate" in caplog.text
    assert certificates.current.chain == renewed
    for host in ("localhost", "127.0.0.1"):  # an address is no name that a client would send
        assert await shown_by(context, files, host) == pem(renewed)
    assert "PRIVATE KEY" not in caplog.text


async def test_files_that_change_while_they_are_taken_over_are_tried_again(
    files: Files, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = CertificateFiles(files.config(), KEY_PATH)
    context = certificates.new_context()
    first = files.issue()
    certificates.reload(LOGGER)
    read = server_certificates._read

    def renewed_after_reading(path: str, key_path: str) -> bytes:
        content = read(path, key_path)
        if path == str(files.key):
            monkeypatch.undo()
            files.issue()
        return content

    monkeypatch.setattr(server_certificates, "_read", renewed_after_reading)
    certificates.reload(LOGGER)
    assert "changed while they were read; the old certificate stays in use" in caplog.text
    assert (certificates.current.chain, certificates.current.key) == first
    assert await shown_by(context, files) == pem(first[0])
    certificates.reload(LOGGER)
    assert await shown_by(context, files) == pem(files.pair[0])


async def test_an_authority_that_was_taken_away_is_trusted_no_more(files: Files, tmp_path: Path) -> None:
    certificates = CertificateFiles(files.config(client_ca_file=str(files.ca)), KEY_PATH)
    context = certificates.new_context()
    other = trustme.CA()
    clients = {}
    for name, authority in (("first", files.authority), ("other", other)):
        clients[name] = ssl.create_default_context()
        files.authority.configure_trust(clients[name])
        authority.issue_cert("client@example.com").configure_cert(clients[name])
    assert [await passes(context, clients[name]) for name in ("first", "other")] == [True, False]
    other.cert_pem.write_to_path(files.ca)
    certificates.reload(LOGGER)
    assert [await passes(context, clients[name]) for name in ("first", "other")] == [False, True]


@pytest.mark.parametrize(("interval", "is_read_again"), [("20ms", True), ("0s", False)])
async def test_files_are_read_again_at_their_interval(files: Files, interval: str, is_read_again: bool) -> None:
    certificates = CertificateFiles(files.config(reload_interval=interval), KEY_PATH)
    before = asyncio.all_tasks()
    async with certificates.kept_fresh(LOGGER):
        renewed, _ = files.issue()
        await asyncio.sleep(0.15)
        assert (certificates.current.chain == renewed) is is_read_again
    assert asyncio.all_tasks() == before


async def test_a_fault_of_ours_while_reading_again_is_seen(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates = CertificateFiles(files.config(reload_interval="10ms"), KEY_PATH)

    def faulty(_path: str, _key_path: str) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(server_certificates, "_read", faulty)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(certificates.kept_fresh(LOGGER))
        await asyncio.sleep(0.1)
        with pytest.raises(ZeroDivisionError):
            await stack.aclose()
