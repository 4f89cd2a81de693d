"""Asks the HTTP API of run channels, for ``otel-discord runs``."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp

from otel_discord import __version__
from otel_discord.cli.runs_answers import Answer, NoAnswerError, retry_after
from otel_discord.cli.runs_server import Server

_MAX_BODY_BYTES: Final = 16 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_WANTS_OURS: Final = "; if it wants a certificate of ours, --cert-file and --key-file name it"


class RunsClient:
    """One connection to a service. Redirects are not followed: the token is for this service alone."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Ask once.

        Args:
            method: GET or POST.
            path: begins with a slash.
            body: sent as JSON.
            query: behind the path; empty values are left out.
            timeout_s: for all of it; the server's ``timeout_s`` by default.

        Raises:
            NoAnswerError: there was none, or none that can be read.
        """
        limit_s = self._server.timeout_s if timeout_s is None else timeout_s
        try:
            async with self._session.request(
                method,
                f"{self._server.endpoint}{path}",
                json=body,
                params={name: value for name, value in (query or {}).items() if value},
                timeout=aiohttp.ClientTimeout(total=limit_s),
                allow_redirects=False,
            ) as response:
                return Answer(
                    status=response.status,
                    body=_object(await _read(response)),
                    retry_after_s=retry_after(response.headers.get("Retry-After")),
                )
        except TimeoutError:
            raise NoAnswerError(f"{self._server.endpoint} has not answered within {limit_s:g} s") from None
        except aiohttp.ClientConnectorCertificateError as error:
            text = f"the certificate of {self._server.endpoint} is not trusted ({error.certificate_error})"
            raise NoAnswerError(f"{text}; --ca-file names who signed it", is_lasting=True) from None
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise NoAnswerError(f"no TLS with {self._server.endpoint}: {error}", is_lasting=True) from None
        except (aiohttp.InvalidURL, aiohttp.ClientPayloadError) as error:
            raise NoAnswerError(f"{self._server.endpoint}: {type(error).__name__}") from None
        except aiohttp.ServerDisconnectedError:
            wants = _WANTS_OURS if self._server.endpoint.startswith("https:") and not self._server.cert_file else ""
            raise NoAnswerError(f"{self._server.endpoint} hung up without an answer{wants}") from None
        except (aiohttp.ClientError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise NoAnswerError(f"{self._server.endpoint} cannot be reached: {reason}") from None


@asynccontextmanager
async def runs_client(server: Server) -> AsyncIterator[RunsClient]:
    """Open a connection that is made with the first request.

    Raises:
        NoAnswerError: a file with certificates cannot be used.
    """
    headers = {
        "Authorization": f"Bearer {server.token.reveal()}",
        "User-Agent": f"otel-discord/{__version__}",
        "Accept": "application/json",
    }
    connector = aiohttp.TCPConnector(ssl=_tls(server), limit=1)
    async with aiohttp.ClientSession(connector=connector, headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as it:
        yield RunsClient(server, it)


def _tls(server: Server) -> ssl.SSLContext | bool:
    if not server.endpoint.startswith("https:"):
        return True
    what = "--ca-file"
    try:
        context = ssl.create_default_context(cafile=server.ca_file or None)
        if server.cert_file:
            what = "--cert-file and --key-file"
            context.load_cert_chain(server.cert_file, server.key_file, password="")  # never asks the terminal
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"{what} cannot be used: {error}", is_lasting=True) from None
    return context


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        size += len(chunk)
        if size > _MAX_BODY_BYTES:
            raise NoAnswerError("the answer is larger than any of this API", is_lasting=True)
        parts.append(chunk)
    return b"".join(parts)


def _object(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object of a body; an empty one where it is none."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
