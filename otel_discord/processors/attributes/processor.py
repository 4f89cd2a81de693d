"""Runs the actions over a batch; copies it only where something changes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from otel_discord.component import Consumer, Host, Receipt, Settings
from otel_discord.processors.attributes.action_config import ActionConfig
from otel_discord.processors.attributes.actions import compile_actions, edited
from otel_discord.processors.attributes.config import AttributesConfig
from otel_discord.processors.attributes.matching import Matcher, compile_match
from otel_discord.processors.attributes.walk import apply_edits, copy_of, items
from otel_discord.signals import Batch, Signal


class AttributesProcessor:
    """Changes attributes of items that match."""

    def __init__(self, settings: Settings, config: AttributesConfig, signal: Signal, next_consumer: Consumer) -> None:
        """Compile the configuration.

        Raises:
            StartError: a key of ``include`` or ``exclude`` that the signal does not have.
        """
        self._next = next_consumer
        self._settings = settings
        self._config = config
        self._actions = compile_actions(config.actions)
        self._include = _matcher(config, signal, "include")
        self._exclude = _matcher(config, signal, "exclude")

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - the contract's name
        """Warn of what finds nothing here; nothing is held open."""
        warn_of_contexts(self._settings, self._config.actions)
        yield

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch, or a changed copy, on."""
        return await self._next.consume(self.edit(batch))

    def edit(self, batch: Batch) -> Batch:
        """Return the batch after the actions: the same one where nothing changes."""
        edits = {}
        for place, item in enumerate(items(batch)):
            if self._include is not None and not self._include(item):
                continue
            if self._exclude is not None and self._exclude(item):
                continue
            if (new := edited(item[3].attributes, self._actions)) is not None:
                edits[place] = new
        if not edits:
            return batch
        copy = copy_of(batch)
        apply_edits((item[3] for item in items(copy)), edits)
        return copy


def _matcher(config: AttributesConfig, signal: Signal, key: str) -> Matcher | None:
    match = config.include if key == "include" else config.exclude
    return None if match is None else compile_match(match, signal, key=key)


def warn_of_contexts(settings: Settings, actions: Sequence[ActionConfig]) -> None:
    """Say once which actions ask for what does not come along with a batch."""
    if asked := sorted({action.from_context for action in actions if action.from_context}):
        settings.logger.warning(
            "from_context finds nothing here (%s): headers and credentials of requests are not kept with the data;"
            " default_value is used where it is set",
            ", ".join(asked),
        )
