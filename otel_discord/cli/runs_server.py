"""Where the API of run channels is, and who asks it: checked before anything is sent. Pure but for reading files."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from otel_discord.config import Secret, parse_duration

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_ENDPOINT: Final = "http://localhost:8080"
ENDPOINT_VARIABLE: Final = "OTEL_DISCORD_RUNS_ENDPOINT"
TOKEN_VARIABLE: Final = "OTEL_DISCORD_RUNS_TOKEN"  # noqa: S105 - a variable's name
_MAX_TOKEN_FILE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A service that makes channels for runs."""

    endpoint: str
    """``http(s)://host[:port][/prefix]`` without a slash at its end."""
    token: Secret
    ca_file: str = ""
    """PEM file with who signs the server's certificate; "": those that the system trusts."""
    cert_file: str = ""
    """PEM file with a certificate of our own, for a server that wants one."""
    key_file: str = ""
    timeout_s: float = 30.0
    """For one request."""


def checked_endpoint(text: str, *, may_be_plain: bool) -> str:
    """Return an endpoint without a slash at its end.

    Args:
        text: as the user wrote it.
        may_be_plain: whether ``http://`` is allowed beyond this machine.

    Raises:
        ValueError: it cannot be used; the message says what to write instead.
    """
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the endpoint is no address such as https://runs.example.com") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("the endpoint must begin with https:// (or http:// on this machine), and name a host")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError(
            f"the endpoint must hold no user, password, query or fragment; the token comes from {TOKEN_VARIABLE}"
        )
    if parts.scheme == "http" and not may_be_plain and not _is_loopback(host):
        raise ValueError(
            f"http://{host} would carry the token, and webhooks, in plain text; use https://, or --insecure"
        )
    return text.strip().rstrip("/")


def checked_token(text: str) -> Secret:
    """Return a token.

    Raises:
        ValueError: it is empty, or cannot stand in a header.
    """
    token = text.strip()
    if not token:
        raise ValueError(f"a token is needed: set {TOKEN_VARIABLE}, or --token-file FILE")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ValueError("the token has characters that no header can carry; is it more than the token alone?")
    return Secret(token)


def server_options(command: F) -> F:
    """Add the options that say where and who; the command gets ``server``."""

    @click.option(
        "--endpoint",
        envvar=ENDPOINT_VARIABLE,
        default=DEFAULT_ENDPOINT,
        metavar="URL",
        show_default=True,
        show_envvar=True,
        help="Where the run_channels extension listens.",
    )
    @click.option(
        "--token-file",
        envvar=f"{TOKEN_VARIABLE}_FILE",
        default=None,
        type=click.Path(dir_okay=False),
        show_envvar=True,
        help=f"File with the token and nothing else. [default: the variable {TOKEN_VARIABLE}]",
    )
    @click.option(
        "--ca-file",
        envvar="OTEL_DISCORD_RUNS_CA_FILE",
        default="",
        metavar="FILE",
        show_envvar=True,
        help="PEM file with who signs the server's certificate.",
    )
    @click.option("--cert-file", default="", metavar="FILE", help="PEM file with a certificate of our own (mTLS).")
    @click.option("--key-file", default="", metavar="FILE", help="PEM file with its private key.")
    @click.option("--insecure", is_flag=True, help="Allow http:// beyond this machine. Certificates are still checked.")
    @click.option(
        "--timeout",
        default="30s",
        metavar="TIME",
        show_default=True,
        callback=duration,
        help="How long one request may take.",
    )
    @wraps(command)
    def with_server(
        *args: Any,
        endpoint: str,
        token_file: str | None,
        ca_file: str,
        cert_file: str,
        key_file: str,
        insecure: bool,
        timeout: float,
        **kwargs: Any,
    ) -> Any:
        if bool(cert_file) != bool(key_file):
            raise click.UsageError("--cert-file and --key-file belong together")
        if not timeout:
            raise click.UsageError("--timeout must be more than 0s")
        try:
            server = Server(
                endpoint=checked_endpoint(endpoint, may_be_plain=insecure),
                token=checked_token(_token_text(token_file)),
                ca_file=ca_file,
                cert_file=cert_file,
                key_file=key_file,
                timeout_s=timeout,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        return command(*args, server=server, **kwargs)

    return with_server  # type: ignore[return-value]  # click changes the parameters, not the command


def duration(_: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Return an option's duration, such as 30s, in seconds."""
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None


def _token_text(token_file: str | None) -> str:
    import os

    if not token_file:
        return os.environ.get(TOKEN_VARIABLE, "")
    try:
        with Path(token_file).open(encoding="utf-8") as file:
            text = file.read(_MAX_TOKEN_FILE_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ValueError(f"cannot read --token-file {token_file}: {reason}") from None
    if not text.strip():
        raise ValueError(f"--token-file {token_file} is empty")
    return text


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
