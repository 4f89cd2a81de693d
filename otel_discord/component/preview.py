"""What an exporter of chat messages offers to a preview: a twin of itself that works as it would, and sends nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from otel_discord.component.component import Exporter
from otel_discord.component.destination_source import RunCard


@dataclass(frozen=True, slots=True)
class PreviewedFile:
    """A file that would go along; ``content`` is its beginning."""

    name: str
    size_bytes: int
    content: bytes = b""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedRequest:
    """One request as it would go out. Holds no address and no token."""

    destination: str
    method: str
    """``POST`` creates a message, ``PATCH`` is its new state, ``DELETE`` removes it."""
    message_id: str
    """The same for all states of one message."""
    payload: Mapping[str, Any]
    """The exact JSON."""
    query: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[PreviewedFile] = ()
    at_s: float = 0.0
    """Seconds since the preview began, on its own clock."""
    templates: Sequence[str] = ()
    """Names of the templates that it was made with, where that is known."""
    kept_files: Sequence[str] | None = None
    """Names of the files that an edit leaves there; None: all."""
    is_refused: bool = False
    """The preview let Discord refuse it, to show what follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWay:
    """What became of one record at the door of the exporter."""

    title: str
    """The first words of the record, masked, to tell it from others."""
    severity: int
    destinations: Sequence[str] = ()
    routes: Sequence[str] = ()
    """Conditions of the routes that it took; none: it goes to every destination."""
    reason: str = ""
    """Why it goes nowhere, or not everywhere."""
    masked: Sequence[str] = ()
    """What was masked: ``body``, or the names of attributes."""


class Preview(Protocol):
    """The twin, of one preview. Its ``exporter`` is opened and fed as any other."""

    @property
    def exporter(self) -> Exporter:
        """What takes the records."""
        ...

    @property
    def destinations(self) -> Sequence[str]:
        """Names of the destinations that it has."""
        ...

    @property
    def requests(self) -> Sequence[PreviewedRequest]:
        """What went out so far, in order."""
        ...

    @property
    def ways(self) -> Sequence[RecordWay]:
        """What became of each record so far, in order; bounded."""
        ...

    def refuse(self, *, is_refusing: bool) -> None:
        """Let the next message of each destination be refused as Discord would refuse it, or not any more."""
        ...

    async def settled(self) -> None:
        """Return when everything consumed so far was sent or ended otherwise, edits included."""
        ...


@runtime_checkable
class PreviewsRuns(Protocol):
    """A twin that also has the words of the message that shows a run in its own channel."""

    def show_run(self, card: RunCard) -> None:
        """Note the message of a run among the requests: created at the first word of it, edited at later ones."""
        ...


@runtime_checkable
class Previewable(Protocol):
    """An exporter that can be previewed."""

    def previewed(self, wall_clock: Callable[[], float]) -> Preview:
        """Return a twin that opens no connection, reads no address, writes no file, and keeps nothing.

        ``wall_clock`` is Unix time as the preview has it.
        """
        ...


@runtime_checkable
class OffersTemplates(Protocol):
    """What creates an exporter, where that has templates for users to begin with."""

    @staticmethod
    def built_in_templates() -> Mapping[str, str]:
        """Return the text of each template file by the template's name."""
        ...
