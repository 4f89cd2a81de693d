"""A run as bytes: what the book stores. Pure functions.

``run1``, a check sum and JSON. It holds the webhook's token in clear: the files of a storage are readable for their
owner alone, and nothing but the book reads this.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from otel_discord.component.destination_source import Tally
from otel_discord.config import Secret
from otel_discord.extensions.run_channels.runs import Placement, Run, RunKey, State

_VERSION: Final = 1
_NESTED: Final = frozenset(("key", "state", "placement", "metadata", "webhook_token", "tally"))
_PLAIN: Final = tuple((item.name, item.type) for item in fields(Run) if item.name not in _NESTED)


class DamagedRunError(ValueError):
    """These bytes are no run."""


class LaterVersionError(ValueError):
    """A later release wrote this run."""


def encode_run(run: Run) -> bytes:
    """Return a run as bytes."""
    plain: dict[str, object] = {name: getattr(run, name) for name, _ in _PLAIN}
    plain |= {
        "key": asdict(run.key),
        "state": run.state.value,
        "placement": run.placement.value,
        "metadata": dict(run.metadata),
        "webhook_token": run.webhook_token.reveal(),
        "tally": asdict(run.tally),
    }
    body = json.dumps(plain, separators=(",", ":")).encode()
    return b"run%d %08x %s" % (_VERSION, zlib.crc32(body), body)


def decode_run(data: bytes) -> Run:
    """Return the run of :func:`encode_run`.

    Raises:
        LaterVersionError: another format, to be left alone.
        DamagedRunError: anything else that is not one. Neither repeats what the bytes say.
    """
    head, _, rest = data.partition(b" ")
    if not head.startswith(b"run") or not head[3:].isdigit() or len(head) > 12:
        raise DamagedRunError("does not begin as a run does")
    if int(head[3:]) > _VERSION:
        raise LaterVersionError(f"is in format {int(head[3:])}; this release knows {_VERSION}")
    digest, _, body = rest.partition(b" ")
    if digest != b"%08x" % zlib.crc32(body):
        raise DamagedRunError("has another check sum")
    try:
        return _from_plain(json.loads(body))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DamagedRunError("has parts that are missing or of another type") from None


def _from_plain(plain: Mapping[str, Any]) -> Run:
    token = plain["webhook_token"]
    if not isinstance(token, str):
        raise TypeError("webhook_token")
    return Run(
        key=RunKey(**plain["key"]),
        state=State(plain["state"]),
        placement=Placement(plain["placement"]),
        metadata={str(key): str(value) for key, value in plain["metadata"].items()},
        webhook_token=Secret(token),
        tally=Tally(**plain["tally"]),
        **{name: _typed(plain[name], kind) for name, kind in _PLAIN if name in plain},
    )


def _typed(value: Any, kind: Any) -> Any:
    if type(value) is not kind:
        raise TypeError("another type")
    return value
