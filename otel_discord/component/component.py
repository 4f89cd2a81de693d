"""What every component is: something with a lifetime."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from otel_discord.component.consumer import Consumer
from otel_discord.component.host import Host


class Kind(StrEnum):
    """The sections of the configuration file that hold components."""

    RECEIVER = "receiver"
    PROCESSOR = "processor"
    CONNECTOR = "connector"
    EXPORTER = "exporter"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True, order=True)
class ComponentId:
    """``type`` or ``type/name``, as written in the configuration."""

    type: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.type}/{self.name}" if self.name else self.type


@runtime_checkable
class Component(Protocol):
    """Something that is opened downstream first and closed upstream first."""

    def lifespan(self, host: Host) -> AbstractAsyncContextManager[None]:
        """Return the component's lifetime; it is entered once.

        Entering starts it: a consumer accepts batches from then on. Leaving stops it within ``host.drain_deadline_s``:
        a receiver stops listening, an exporter sends what it can and says what it could not. Every task of the
        component lives inside.

        Raises:
            StartError: on entering; the message is for a person.
        """
        ...


class Processor(Component, Consumer, Protocol):
    """Takes a batch, passes it (or a changed copy, or nothing) to its next consumer, returns that one's receipt."""


class Exporter(Component, Consumer, Protocol):
    """Takes a batch out of the house. One instance for each id, whatever the number of pipelines and signals."""


class Connector(Component, Consumer, Protocol):
    """Exporter of one pipeline and receiver of another. One instance for each id."""
