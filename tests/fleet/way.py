"""One replica's way to the database: it can be cut, blocked, slow, or break just where a commit has been answered."""

import asyncio

from tests.extensions.db_storage.proxy import Proxy


class Way(Proxy):
    """A proxy that is told what to do from other threads, by plain attributes.

    ``is_blocked``: whoever connects is turned away; what is open is cut by :meth:`cut_all`, on the loop.
    """

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.is_blocked = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_blocked:
            writer.transport.abort()
            return
        await super()._serve(reader, writer)

    def lead_to(self, port: int) -> None:
        """Lead to another server from now on; what is open stays as it is."""
        self._target_port = port
