"""What a preview has seen: messages in each of their states, and where records went or ended. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from otel_discord.component.preview import PreviewedFile, PreviewedRequest, RecordWay


@dataclass(frozen=True, slots=True)
class MessageState:
    """A message as it was created, or as an edit made it."""

    request: PreviewedRequest
    whole: Mapping[str, Any]
    """The message as Discord would then have it: what an edit leaves out is as before."""
    files: Sequence[PreviewedFile] = ()


@dataclass(frozen=True, slots=True)
class PreviewedMessage:
    """One message and all its states, oldest first."""

    exporter: str
    destination: str
    message_id: str
    states: Sequence[MessageState]
    is_deleted: bool = False

    @property
    def last(self) -> MessageState:
        """As it is in the end."""
        return self.states[-1]


@dataclass(frozen=True, slots=True)
class Passage:
    """How many items a component took, and how many it passed on."""

    component: str
    pipeline: str
    taken: int
    passed: int


@dataclass(frozen=True, slots=True)
class ExporterView:
    """What one exporter of messages did."""

    exporter: str
    ways: Sequence[RecordWay] = ()
    destinations: Sequence[str] = ()
    """Names of all that it has."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one scenario."""

    name: str
    title: str
    about: str = ""
    messages: Sequence[PreviewedMessage] = ()
    exporters: Sequence[ExporterView] = ()
    passages: Sequence[Passage] = ()
    """Of processors that passed on less than they took."""
    others: Mapping[str, int] = field(default_factory=dict)
    """Items that reached exporters that are not shown, by the exporter's name."""
    pipelines: Sequence[str] = ()
    """Where it went in."""
    notes: Sequence[str] = ()
    """What else a person should know; log lines of warnings included."""
    begun_unix_s: float = 0.0

    @property
    def seen_unix_s(self) -> float:
        """When somebody looks: a moment after the last request, on the preview's clock."""
        return self.begun_unix_s + max((m.last.request.at_s for m in self.messages), default=0.0) + 1.0


def messages_of(exporter: str, requests: Sequence[PreviewedRequest]) -> list[PreviewedMessage]:
    """Return the messages that requests make, in the order of their creation."""
    states: dict[str, list[MessageState]] = {}
    first: dict[str, PreviewedRequest] = {}
    deleted: set[str] = set()
    for request in requests:
        if request.method == "DELETE":
            deleted.add(request.message_id)
            continue
        first.setdefault(request.message_id, request)
        known = states.setdefault(request.message_id, [])
        before = known[-1] if known else None
        whole = {**(before.whole if before else {}), **request.payload}
        kept = [
            file
            for file in (before.files if before else ())
            if request.kept_files is None or file.name in request.kept_files
        ]
        known.append(MessageState(request, whole, (*kept, *request.files)))
    return [
        PreviewedMessage(exporter, request.destination, key, tuple(states[key]), key in deleted)
        for key, request in first.items()
    ]
