"""One request as it arrives and one answer as it leaves: plain values, no sockets.

Both ways in (``transport`` and ``server``) make the same :class:`FakeRequest` of what they were handed, and both act
out the :class:`Wire` of a :class:`FakeResponse`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part of a multipart form; ``data`` as it came over the wire."""

    name: str
    data: bytes
    filename: str | None = None
    content_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeRequest:
    """A request as Discord's edge would see it.

    ``headers`` have names in lower case. Of a multipart request ``parts`` holds the form and ``body`` is empty.
    ``sent_at_s`` is when the client let go of it, where that is known; None where only the arrival is.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    parts: tuple[FormPart, ...] | None = None
    size_bytes: int = 0
    """Size of the whole body; 0 means: that of ``body`` or of the parts' data."""
    sent_at_s: float | None = None

    @classmethod
    def of(
        cls,
        method: str,
        url: str,
        *,
        json_body: Any = None,
        headers: Mapping[str, str] | None = None,
        parts: tuple[FormPart, ...] | None = None,
    ) -> "FakeRequest":
        """Make a request of an absolute URL, with the headers that a careful client sends.

        A part of a form whose type is needed gets ``payload_json`` from ``json_body`` when both are given.
        """
        split = urlsplit(url)
        all_headers = {"user-agent": "DiscordBot (https://example.invalid, 1.0)"}
        body = b""
        if json_body is not None:
            encoded = json.dumps(json_body, ensure_ascii=False).encode("utf-8", "surrogatepass")
            if parts is not None:
                parts = (FormPart("payload_json", encoded, None, "application/json"), *parts)
            else:
                body = encoded
        if parts is not None:
            all_headers["content-type"] = "multipart/form-data; boundary=fake"
        elif json_body is not None:
            all_headers["content-type"] = "application/json"
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        all_headers |= {name.lower(): value for name, value in (headers or {}).items()}
        return cls(method=method, path=split.path, query=query, headers=all_headers, body=body, parts=parts)

    @property
    def total_bytes(self) -> int:
        """Size of the body, whichever form it has."""
        return self.size_bytes or len(self.body) + sum(len(part.data) for part in self.parts or ())


class Cut(StrEnum):
    """Where a connection breaks."""

    REFUSED = "refused"
    """Before a connection exists; nothing was sent."""
    UPLOAD = "upload"
    """While the request goes up; Discord never saw it in full."""
    BEFORE_HEADERS = "before_headers"
    """After the request went up, before one byte of the answer."""
    MID_BODY = "mid_body"
    """Inside the body of the answer."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer travels. The default is: at once, whole."""

    cut: Cut | None = None
    stall_s: float = 0.0
    """Silence before the first byte of the answer."""
    chunk_bytes: int = 0
    """More than 0: the body drips in chunks of this size …"""
    chunk_interval_s: float = 0.0
    """… with this pause before each."""
    close: bool = False
    """The connection is closed after the answer (no keep-alive)."""


PLAIN_WIRE = Wire()


@dataclass(frozen=True, slots=True)
class FakeResponse:
    """An answer; ``headers`` in Discord's spelling."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    wire: Wire = PLAIN_WIRE

    @property
    def json(self) -> Any:
        """The decoded body, None when it is empty.

        Raises:
            ValueError: the body is no JSON.
        """
        return json.loads(self.body) if self.body else None

    def header(self, name: str) -> str | None:
        """Return a header in any case, None when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the ledger keeps of each request that arrived."""

    index: int
    at_s: float
    method: str
    operation: str
    """Name in Discord's contract, such as ``execute_webhook``; "" for an unknown path."""
    webhook_id: str
    status: int
    """0 where the client saw no status (reset, refused)."""
    code: int
    scope: str
    """Of a 429: ``user``, ``global``, ``shared``, or ``host`` for a ban without bucket headers; otherwise ""."""
    injected: bool
    """Whether a fault made the answer."""
    retry_after_s: float = 0.0
    channel_id: str = ""
    """Of a bot's request: what its path names."""
    guild_id: str = ""
