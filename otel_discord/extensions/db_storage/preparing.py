"""A server at start: whether it will do, its schema brought to today's, and one line that says what OK means."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final, TypeVar

from otel_discord.component.errors import StartError
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.connections import ConnectionOptions, Connections
from otel_discord.extensions.db_storage.datasource import Datasource
from otel_discord.extensions.db_storage.durability import ask_server, check_durability
from otel_discord.extensions.db_storage.failures import Failure, Words
from otel_discord.extensions.db_storage.pooling import refuse_pooled_statements
from otel_discord.extensions.db_storage.schema import align_numbers, prepare_schema
from otel_discord.extensions.db_storage.transactor import FailedError, Limits, Transactor
from otel_discord.extensions.db_storage.waiting_work import count_waiting
from otel_discord.store.work import Work

T = TypeVar("T")

STARTING_S: Final = 60.0
"""How long a server that is away is waited for at start."""
_AGAIN_S: Final = 0.5


def new_connections(config: DbStorageConfig, datasource: Datasource) -> Connections:
    """Return the connections that are configured; none is made yet."""
    return Connections(
        ConnectionOptions(
            datasource=datasource,
            application_name=config.application_name,
            most=config.max_connections,
            connect_timeout_s=config.connect_timeout,
            prepare=config.prepare_statements,
        )
    )


def new_transactor(config: DbStorageConfig, datasource: Datasource, connections: Connections) -> Transactor:
    """Return what runs transactions as it is configured."""
    limits = Limits(
        schema=config.schema_name,
        statement_timeout_s=config.statement_timeout,
        lock_timeout_s=config.lock_timeout,
        idle_timeout_s=min(config.statement_timeout, config.lease),
    )
    return Transactor(connections, limits, Words(datasource.secrets))


@dataclass(frozen=True, slots=True)
class Starting:
    """Of one extension. ``label`` is what people call the server by."""

    transactor: Transactor
    label: str
    schema: str
    logger: logging.Logger

    async def prepare(self, connections: Connections, *, allow_unsafe: bool) -> None:
        """Make a server ready for work.

        Raises:
            StartError: it cannot be used; the message says why and never holds the password.
        """
        await refuse_pooled_statements(connections)
        server = await self.insist(ask_server(self.schema))
        said = check_durability(server, allow_unsafe=allow_unsafe)
        newer = await self.insist(prepare_schema(self.schema))
        if newer:
            self.logger.warning(newer)
        await self.insist(align_numbers())
        waiting = await self.insist(count_waiting())
        level = logging.WARNING if server.unsafe else logging.INFO
        self.logger.log(level, f"{said}, {waiting}")  # noqa: G004 - one sentence for people

    async def insist(self, work: Work[T]) -> T:
        """Run a work that may be repeated; a server that is away is waited for.

        Raises:
            StartError: it stays away, or fails.
        """
        deadline_s = asyncio.get_running_loop().time() + STARTING_S
        said = False
        while True:
            try:
                return await self.transactor.run(work)
            except FailedError as error:
                why = f"datasource: {self.label} cannot be used: {error.why}"
                if error.failure in (Failure.FAILED, Failure.WORK) or asyncio.get_running_loop().time() > deadline_s:
                    raise StartError(why) from None
                if not said:
                    self.logger.warning(f"{why}; it is tried for {STARTING_S:g} s")  # noqa: G004 - for people
                    said = True
            await asyncio.sleep(_AGAIN_S)
