"""Where a connector keeps what it knows: in a storage, or with the host until its successor comes."""

from contextlib import AbstractAsyncContextManager
from typing import Final

from otel_discord.component.fleet import OffersSlots, SharesWork
from otel_discord.component.host import Host
from otel_discord.component.storage import QueueLimits, Sizer, Storage, WorkQueue
from otel_discord.exporterhelper.kept_queue import kept_queue

STATE_LIMITS: Final = QueueLimits(1, Sizer.REQUESTS, 2**20)
"""Of a queue of which only the state is used."""


def open_state_queue(host: Host, storage: str | None, owner: str) -> AbstractAsyncContextManager[WorkQueue]:
    """Open a queue of which only the state is used, in the extension ``storage`` under the name ``owner``; without a
    storage it lasts as long as the process. In a fleet each replica has one of its own.

    Raises:
        StartError: the storage is not there; on entering: it is not open, or this queue is open already.
    """
    if storage is None:
        return kept_queue(host, STATE_LIMITS)
    kept_in = host.extension(storage, Storage)
    if isinstance(kept_in, SharesWork) and kept_in.is_shared and isinstance(kept_in, OffersSlots):
        return kept_in.open_slot(owner, STATE_LIMITS)
    return kept_in.open_queue(owner, STATE_LIMITS)
