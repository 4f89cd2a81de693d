"""Discord for a preview: answers as Discord would, and keeps what it was asked. Nothing goes out."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from otel_discord.component.preview import PreviewedFile, PreviewedRequest
from otel_discord.discord_api.http import HttpRequest, HttpResponse
from otel_discord.discord_api.models import FilePart

MAX_FILE_BYTES: Final = 256 * 1024
"""Of a file's content that a preview keeps."""
_DISCORD_EPOCH_MS: Final = 1_420_070_400_000
_RICH: Final = {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "999", "x-ratelimit-reset-after": "0.01"}
_REFUSAL: Final = {"code": 200000, "message": "Message was blocked by automatic moderation"}


@dataclass(slots=True)
class CapturingTransport:
    """Answers as Discord would, and keeps what it was asked. No address is kept."""

    names: Mapping[str, str]
    wall_clock: Callable[[], float]
    begun_s: float
    is_refusing: bool = False
    refused: set[str] = field(default_factory=set)
    """Destinations that have refused their one message."""
    file_names: dict[str, str] = field(default_factory=dict)
    """Of the files that messages have, by the id that they were given."""
    file_ids: dict[str, dict[str, str]] = field(default_factory=dict)
    """Ids of files by their names, of each message."""
    requests: list[PreviewedRequest] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Keep the request and answer that all went well, or refuse."""
        parts = urlsplit(request.url)
        path = parts.path.rpartition("/webhooks/")[2].split("/")
        if request.method == "GET":
            return _answer(200, {"id": path[0], "name": "preview", "channel_id": path[0]})
        destination = self.names.get(path[0], path[0])
        is_refused = self.is_refusing and request.method == "POST" and destination not in self.refused
        message_id = path[3].split("?")[0] if len(path) > 3 else self._new_id()
        self.requests.append(
            PreviewedRequest(
                destination=destination,
                method=request.method,
                message_id=message_id,
                payload=request.json if isinstance(request.json, dict) else {},
                query={key: value for key, value in parse_qsl(parts.query) if key != "wait"},
                files=[_file(part) for part in request.files],
                at_s=self.wall_clock() - self.begun_s,
                kept_files=self._kept(request.json),
                is_refused=is_refused,
            )
        )
        if is_refused:
            self.refused.add(destination)
            return _answer(400, _REFUSAL)
        ids = {part.filename: self._new_id() for part in request.files}
        self.file_names.update({file_id: name for name, file_id in ids.items()})
        known = self.file_ids.setdefault(message_id, {})
        known.update(ids)
        return _answer(200, _as_discord_answers(self.requests[-1], path[0], known))

    def note(self, destination: str, payload: Mapping[str, Any], message_id: str = "") -> str:
        """Keep what another one would send for the exporter, an edit of ``message_id``; return the message's id."""
        self.requests.append(
            PreviewedRequest(
                destination=destination,
                method="PATCH" if message_id else "POST",
                message_id=message_id or self._new_id(),
                payload=payload,
                at_s=self.wall_clock() - self.begun_s,
            )
        )
        return self.requests[-1].message_id

    def _kept(self, body: Any) -> list[str] | None:
        """Return the names of the files that an edit leaves there; None where it says nothing of files."""
        named = body.get("attachments") if isinstance(body, dict) else None
        if not isinstance(named, list):
            return None
        return [self.file_names[str(each.get("id"))] for each in named if str(each.get("id")) in self.file_names]

    def _new_id(self) -> str:
        """Return an id that says when it was made, as Discord's do."""
        return str(((int(self.wall_clock() * 1000) - _DISCORD_EPOCH_MS) << 22) + next(self._numbers))


def _as_discord_answers(request: PreviewedRequest, channel_id: str, ids: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the message object: a file that an embed shows is told there by its address, others as attachments."""
    embeds = [dict(embed) for embed in request.payload.get("embeds") or ()]
    shown: set[str] = set()
    for embed in embeds:
        for key in ("image", "thumbnail"):
            name = str((embed.get(key) or {}).get("url", "")).removeprefix("attachment://")
            if name in ids:
                shown.add(name)
                embed[key] = {"url": f"https://cdn.discordapp.com/attachments/{channel_id}/{ids[name]}/{name}"}
    sizes = {file.name: file.size_bytes for file in request.files}
    return {
        "id": request.message_id,
        "channel_id": channel_id,
        "embeds": embeds,
        "attachments": [
            {"id": ids[name], "filename": name, "size": size} for name, size in sizes.items() if name not in shown
        ],
    }


def _answer(status: int, body: Mapping[str, Any]) -> HttpResponse:
    headers = {"content-type": "application/json", **_RICH, "x-ratelimit-bucket": "preview"}
    return HttpResponse(status=status, headers=headers, body=json.dumps(body).encode())


def _file(part: FilePart) -> PreviewedFile:
    opened = part.open()
    if isinstance(opened, bytes):
        content = opened[:MAX_FILE_BYTES]
    else:
        with opened:
            content = opened.read(MAX_FILE_BYTES)
    return PreviewedFile(part.filename, part.size_bytes, content, part.description)
