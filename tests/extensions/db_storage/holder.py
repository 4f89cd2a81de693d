"""A process that works on a queue: puts and settles as fast as it can, and says what was stored, a line each.

python holder.py URL SCHEMA DIRECTORY LEASE
"""

import asyncio
import sys
from pathlib import Path

from otel_discord.component.errors import RetryableError, ShutdownError, StartError
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings


async def work(url: str, schema: str, directory: str, lease: str) -> None:
    config = DbStorageConfig(datasource=Secret(url), schema_name=schema, directory=Path(directory), lease=lease)
    storage = DbStorage(settings("db_storage"), config)
    host = NopHost()
    async with storage.lifespan(host):
        try:
            async with storage.open_queue(OWNER, ROOMY) as queue:
                print("open", flush=True)
                while True:
                    try:
                        print("stored", await queue.put(logs_batch()), flush=True)
                    except ShutdownError as error:
                        print("late", error.reason, host.statuses[-1].value, error, flush=True)
                        return
                    except RetryableError as error:
                        print("refused", error.reason, flush=True)
                        await asyncio.sleep(0.1)
        except StartError as error:
            print("no start", error, flush=True)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
