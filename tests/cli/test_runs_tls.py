"""`otel-discord runs` over https: whose certificate is trusted, and what is said where none is."""

import ssl
from pathlib import Path

import pytest
import trustme

from otel_discord.cli.commands import run_command_line
from tests.cli.runs_service import TOKEN, Reply, serving

RUNS = Reply(200, {"runs": []})


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_DISCORD_RUNS_TOKEN", TOKEN)


def server_side(authority: trustme.CA, *names: str, asks_clients: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    if asks_clients:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return context


def test_a_certificate_that_was_signed_as_said_is_trusted(authority: trustme.CA, ca_file: str) -> None:
    with serving(RUNS, ssl=server_side(authority, "127.0.0.1")) as service:
        assert run_command_line(["runs", "list", "--endpoint", service.endpoint, "--ca-file", ca_file]) == 0


def test_one_that_nobody_knows_is_not_and_no_token_is_sent(
    authority: trustme.CA, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(RUNS, ssl=server_side(authority, "127.0.0.1")) as service:
        assert run_command_line(["runs", "list", "--endpoint", service.endpoint, "--insecure"]) == 1
        assert not service.asked
    assert "--ca-file" in capsys.readouterr().err


def test_one_for_another_name_is_not(authority: trustme.CA, ca_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(RUNS, ssl=server_side(authority, "other.example")) as service:
        assert run_command_line(["runs", "list", "--endpoint", service.endpoint, "--ca-file", ca_file]) == 1
        assert not service.asked
    assert "not trusted" in capsys.readouterr().err


def test_a_server_that_wants_a_certificate_gets_one(
    authority: trustme.CA, ca_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = authority.issue_cert("ci.example")
    own.cert_chain_pems[0].write_to_path(str(tmp_path / "own.pem"))
    own.private_key_pem.write_to_path(str(tmp_path / "own.key"))
    mine = ["--cert-file", str(tmp_path / "own.pem"), "--key-file", str(tmp_path / "own.key")]
    with serving(RUNS, ssl=server_side(authority, "127.0.0.1", asks_clients=True)) as service:
        where = ["runs", "list", "--endpoint", service.endpoint, "--ca-file", ca_file]
        assert run_command_line([*where, *mine]) == 0
        assert run_command_line([*where, "--wait", "0s"]) != 0
        assert len(service.asked) == 1
    assert "--cert-file" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_none_is_named(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(text)
    where = ["--endpoint", "https://127.0.0.1:1", "--ca-file", str(path)]
    assert run_command_line(["runs", "list", *where]) == 1
    assert "--ca-file cannot be used" in capsys.readouterr().err


def test_plain_text_where_tls_is_meant_is_said(ca_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(RUNS) as service:
        endpoint = service.endpoint.replace("http:", "https:")
        assert run_command_line(["runs", "list", "--endpoint", endpoint, "--ca-file", ca_file, "--wait", "0s"]) != 0
    assert endpoint in capsys.readouterr().err
