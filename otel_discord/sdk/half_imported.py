"""After a fork: modules that a thread of the parent was just importing. That thread is not here to finish them.

Python keeps a lock for each module while it is imported, and a child inherits it locked for ever. So such modules are
taken out again, and whoever needs them imports them anew.
"""

import sys
import threading
from contextlib import suppress
from typing import Any


def forget_half_imported() -> None:
    """Take out what other threads were importing; only in a forked child, where there are no other threads."""
    with suppress(Exception):  # how Python keeps these locks is its own affair, and may change
        machinery: Any = sys.modules["_frozen_importlib"]
        for name, reference in list(machinery._module_locks.items()):  # noqa: SLF001
            lock = reference()
            if lock is not None and lock.owner not in (None, threading.get_ident()):
                del machinery._module_locks[name]  # noqa: SLF001
                _forget(name)


def _forget(name: str) -> None:
    module = sys.modules.get(name)
    if getattr(getattr(module, "__spec__", None), "_initializing", False):
        del sys.modules[name]
