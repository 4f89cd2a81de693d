"""What every storage that a fleet works on must do, as a class of tests to inherit.

    class TestMyFleet(FleetContract):
        @asynccontextmanager
        async def place(self):
            yield MyPlace(...)

pytest (in asyncio's auto mode) collects its ``test_`` methods. The clock may be real or virtual.
"""

from otel_discord.testing.fleet_contract_base import FleetPlace, Machine
from otel_discord.testing.fleet_contract_puts import PutsContract
from otel_discord.testing.fleet_contract_seats import SeatsContract
from otel_discord.testing.fleet_contract_turns import TurnsContract
from otel_discord.testing.fleet_contract_words import WordsContract

__all__ = ["FleetContract", "FleetPlace", "Machine"]


class FleetContract(PutsContract, SeatsContract, TurnsContract, WordsContract):
    """Inherit, and say in :meth:`place` how to make one."""
