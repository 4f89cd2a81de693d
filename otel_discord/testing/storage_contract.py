"""What every storage of a sending queue must do, as a class of tests to inherit.

    class TestMyStorage(StorageContract):
        @asynccontextmanager
        async def storage(self):
            yield MyStorage(...)

pytest (in asyncio's auto mode) collects its ``test_`` methods. The clock may be real or virtual. A storage that
survives its process says in :meth:`~StorageContract.place` how it is opened again.
"""

from otel_discord.testing.storage_contract_base import ROOMY
from otel_discord.testing.storage_contract_batches import BatchesContract
from otel_discord.testing.storage_contract_cards import CardsContract
from otel_discord.testing.storage_contract_folds import FoldsContract
from otel_discord.testing.storage_contract_letters import LettersContract
from otel_discord.testing.storage_contract_runs import RunsContract

__all__ = ["ROOMY", "StorageContract"]


class StorageContract(BatchesContract, CardsContract, FoldsContract, LettersContract, RunsContract):
    """Inherit, and say in :meth:`storage` how to make one."""
