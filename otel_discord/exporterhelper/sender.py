"""What each stage of the chain is to the one before it."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from otel_discord.component.consumer import Receipt
from otel_discord.signals.batch import Batch

Sender: TypeAlias = Callable[[Batch], Awaitable[Receipt]]
"""``await send(batch)``: returns what became of it, or raises one of ``component.errors``.

The last stage is the exporter's own ``push``: one attempt, foreign exceptions translated, no retry, no queue.
"""
