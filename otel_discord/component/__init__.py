"""Door frames: what components promise each other. Protocols and values only."""

from otel_discord.component.auth import Authenticator
from otel_discord.component.component import Component, ComponentId, Connector, Exporter, Kind, Processor
from otel_discord.component.consumer import ACCEPTED, Consumer, Receipt
from otel_discord.component.endpoints import Listening
from otel_discord.component.errors import (
    ComponentError,
    PermanentError,
    QueueFullError,
    RetryableError,
    ShutdownError,
    StartError,
)
from otel_discord.component.extension_reference import NamesExtension
from otel_discord.component.factory import (
    ConnectorFactory,
    ExporterFactory,
    ExtensionFactory,
    Factory,
    Outlets,
    ProcessorFactory,
    ReceiverFactory,
    Settings,
    Stability,
)
from otel_discord.component.host import Host, Status
from otel_discord.component.online_check import OnlineCheck, OnlineResult
from otel_discord.component.preflight import Preflight
from otel_discord.component.status_board import ComponentStatus, StatusBoard
from otel_discord.component.storage import (
    EVERY_LETTER,
    KeepsState,
    LetterFilter,
    LetterTotals,
    Move,
    NewCard,
    NewLetter,
    QueueLimits,
    Revival,
    Settlement,
    Sizer,
    Storage,
    StoredBatch,
    StoredCard,
    StoredLetter,
    WorkQueue,
)
from otel_discord.component.succession import Successor
from otel_discord.component.test_message import SendTest, TestResult

__all__ = [
    "ACCEPTED",
    "EVERY_LETTER",
    "Authenticator",
    "Component",
    "ComponentError",
    "ComponentId",
    "ComponentStatus",
    "Connector",
    "ConnectorFactory",
    "Consumer",
    "Exporter",
    "ExporterFactory",
    "ExtensionFactory",
    "Factory",
    "Host",
    "KeepsState",
    "Kind",
    "LetterFilter",
    "LetterTotals",
    "Listening",
    "Move",
    "NamesExtension",
    "NewCard",
    "NewLetter",
    "OnlineCheck",
    "OnlineResult",
    "Outlets",
    "PermanentError",
    "Preflight",
    "Processor",
    "ProcessorFactory",
    "QueueFullError",
    "QueueLimits",
    "Receipt",
    "ReceiverFactory",
    "RetryableError",
    "Revival",
    "SendTest",
    "Settings",
    "Settlement",
    "ShutdownError",
    "Sizer",
    "Stability",
    "StartError",
    "Status",
    "StatusBoard",
    "Storage",
    "StoredBatch",
    "StoredCard",
    "StoredLetter",
    "Successor",
    "TestResult",
    "WorkQueue",
]
