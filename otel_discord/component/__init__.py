"""Door frames: what components promise each other. Protocols and values only.

Names are imported when they are first asked for: a command that only knows an error does not pay for pydantic.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        Fold,
        KeepsState,
        LetterFilter,
        LetterTotals,
        Move,
        NewCard,
        NewLetter,
        NewPosted,
        PostedCard,
        PostedMessage,
        Posting,
        QueueLimits,
        Revival,
        RoutedIds,
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
else:
    from importlib import import_module

    _HOMES = {
        "ACCEPTED": "consumer",
        "Authenticator": "auth",
        "Component": "component",
        "ComponentError": "errors",
        "ComponentId": "component",
        "ComponentStatus": "status_board",
        "Connector": "component",
        "ConnectorFactory": "factory",
        "Consumer": "consumer",
        "EVERY_LETTER": "storage",
        "Exporter": "component",
        "ExporterFactory": "factory",
        "ExtensionFactory": "factory",
        "Factory": "factory",
        "Fold": "storage",
        "Host": "host",
        "KeepsState": "storage",
        "Kind": "component",
        "LetterFilter": "storage",
        "LetterTotals": "storage",
        "Listening": "endpoints",
        "Move": "storage",
        "NamesExtension": "extension_reference",
        "NewCard": "storage",
        "NewLetter": "storage",
        "NewPosted": "storage",
        "OnlineCheck": "online_check",
        "OnlineResult": "online_check",
        "Outlets": "factory",
        "PermanentError": "errors",
        "PostedCard": "storage",
        "PostedMessage": "storage",
        "Posting": "storage",
        "Preflight": "preflight",
        "Processor": "component",
        "ProcessorFactory": "factory",
        "QueueFullError": "errors",
        "QueueLimits": "storage",
        "Receipt": "consumer",
        "ReceiverFactory": "factory",
        "RetryableError": "errors",
        "Revival": "storage",
        "RoutedIds": "storage",
        "SendTest": "test_message",
        "Settings": "factory",
        "Settlement": "storage",
        "ShutdownError": "errors",
        "Sizer": "storage",
        "Stability": "factory",
        "StartError": "errors",
        "Status": "host",
        "StatusBoard": "status_board",
        "Storage": "storage",
        "StoredBatch": "storage",
        "StoredCard": "storage",
        "StoredLetter": "storage",
        "Successor": "succession",
        "TestResult": "test_message",
        "WorkQueue": "storage",
    }

    def __getattr__(name):
        """Import a public name (PEP 562)."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


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
    "Fold",
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
    "NewPosted",
    "OnlineCheck",
    "OnlineResult",
    "Outlets",
    "PermanentError",
    "PostedCard",
    "PostedMessage",
    "Posting",
    "Preflight",
    "Processor",
    "ProcessorFactory",
    "QueueFullError",
    "QueueLimits",
    "Receipt",
    "ReceiverFactory",
    "RetryableError",
    "Revival",
    "RoutedIds",
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
