"""The one door of the HTTP client: requests go out over aiohttp, and its errors end here.

No redirects, no cookies, no retries of a request that can create something, TLS always verified. aiohttp itself repeats
a GET or a DELETE once, when a connection that was kept alive turns out to be closed; never a POST or a PATCH.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.http import RawResponseMessage

from otel_discord.discord_api.answer_body import read_answer
from otel_discord.discord_api.answer_text import clean
from otel_discord.discord_api.http import HttpRequest, HttpResponse, TransportError
from otel_discord.discord_api.multipart import open_form
from otel_discord.discord_api.request_body import RequestBody, encode_json, opened

CONNECT_TIMEOUT_S: Final = 2.0
TOTAL_TIMEOUT_S: Final = 10.0
ANSWER_TIMEOUT_S: Final = 2.0

_KEEP_IDLE_S: Final = 3.5
"""Shorter than servers keep idle connections (5 s and more), so that a request does not meet one that is closing."""

_DNS_CACHE_S: Final = 60
_MAX_CONNECTIONS: Final = 100
_NEVER_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)


class AiohttpTransport:
    """Carries requests over one session; an ``async with``.

    Args:
        connect_timeout_s: for resolving the name, connecting and TLS, also through a proxy.
        total_timeout_s: until the answer's status and headers are there.
        answer_timeout_s: for the answer's body, after that.
        proxy_url: ``http://[user:password@]host:port``, or "" for none; the environment's proxies are not read.
        ssl_context: for a private certificate authority; the default trusts the system's.
        resolver: names to addresses, where the system's way is not wanted.
    """

    def __init__(
        self,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        total_timeout_s: float = TOTAL_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        proxy_url: str = "",
        ssl_context: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._connect_timeout_s = connect_timeout_s
        self._total_timeout_s = total_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._proxy_url = proxy_url
        self._ssl_context = ssl_context
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=_MAX_CONNECTIONS,
            keepalive_timeout=_KEEP_IDLE_S,
            ttl_dns_cache=_DNS_CACHE_S,
            ssl=self._ssl_context or True,
            resolver=self._resolver,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            # The deadline of the whole is ours, so that it is not rounded up to full seconds.
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout_s, ceil_threshold=1e9),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Return the answer; it may take ``total_timeout_s`` and ``answer_timeout_s`` together.

        Raises:
            TransportError: there was none; FileUnreadableError where a file of the message could not be read.
            RuntimeError: outside ``async with``.
        """
        if self._session is None:
            raise RuntimeError("the transport is closed")
        async with AsyncExitStack() as stack:
            deadline = asyncio.get_running_loop().time() + self._total_timeout_s
            body: RequestBody | None = None
            try:
                async with asyncio.timeout_at(deadline):
                    body = await stack.enter_async_context(_body(request))
                    response = await self._session.request(
                        request.method,
                        request.url,
                        headers=dict(request.headers),
                        data=body,
                        allow_redirects=False,
                        proxy=self._proxy_url or None,
                    )
            except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
                if body is not None and body.unreadable is not None:
                    raise body.unreadable from None
                status = _status_seen(error)
                if status is not None:
                    return HttpResponse(status=status, headers={}, body_complete=False)
                raise self._translate(error, body) from None
            stack.callback(response.close)
            content, complete = await read_answer(
                response, timeout_s=self._answer_timeout_s, max_bytes=request.answer_max_bytes
            )
            headers = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(status=response.status, headers=headers, body=content, body_complete=complete)

    def _translate(self, error: Exception, body: RequestBody | None) -> TransportError:
        """Return what is known of a failure, in words that hold no address of ours."""
        never_sent = isinstance(error, _NEVER_SENT)
        sent = False if never_sent else body is None or body.handed_over
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return TransportError(f"no connection within {self._connect_timeout_s:g} s", sent=False, timed_out=True)
        if isinstance(error, TimeoutError):
            return TransportError(f"no answer within {self._total_timeout_s:g} s", sent=sent, timed_out=True)
        return TransportError(_words(error), sent=sent, timed_out=False)


@asynccontextmanager
async def _body(request: HttpRequest) -> AsyncIterator[RequestBody | None]:
    if request.files:
        async with opened(open_form(encode_json(request.json), request.files)) as form:
            yield RequestBody(form, form.content_type)
    elif request.json is not None:
        yield RequestBody(encode_json(request.json), "application/json")
    else:
        yield None


def _status_seen(error: BaseException) -> int | None:
    """Return the status of an answer that broke off inside its headers: Discord had spoken."""
    message = getattr(error, "message", None)
    if isinstance(error, aiohttp.ServerDisconnectedError) and isinstance(message, RawResponseMessage):
        return message.code
    return None


def _words(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or "it does not match"
            return clean(f"the server's certificate is not valid: {reason}")
        case aiohttp.ClientConnectorDNSError():
            return clean(f"the name {error.host} was not resolved: {_os_words(error.os_error)}")
        case aiohttp.ClientHttpProxyError():
            return f"the proxy answered {error.status}"
        case aiohttp.ClientProxyConnectionError():
            return clean(f"no connection to the proxy: {_os_words(error.os_error)}")
        case aiohttp.ClientSSLError() | aiohttp.ClientConnectorError():
            return clean(f"no connection to {error.host}: {_os_words(error.os_error)}")
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return "the answer was not HTTP"
        case OSError():
            return clean(f"the connection broke: {_os_words(error)}")
        case _:
            return f"the request failed: {type(error).__name__}"


def _os_words(error: BaseException) -> str:
    """Return the system's words for an error; aiohttp's own text can hold the address, and so the token."""
    if isinstance(error, socket.gaierror):
        return error.strerror or "name resolution failed"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason}" if error.reason else "TLS failed"
    errno = getattr(error, "errno", None)
    return os.strerror(errno) if isinstance(errno, int) else type(error).__name__
