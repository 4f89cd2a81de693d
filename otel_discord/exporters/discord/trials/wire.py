"""What goes to the process of a trial, and comes back: frames, and the configuration without its secrets. Pure."""

import json
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final, NamedTuple

from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.preview import addresses_of, config_without_addresses

ALIVE: Final = b"+"
"""The answer to each frame."""
_HEAD: Final = struct.Struct("!BIQ")
HEAD_BYTES: Final = _HEAD.size


class Kind(IntEnum):
    """What a frame asks for."""

    ROUTE = 1
    """A batch: a serialised request."""
    SHOW = 2
    """A card: the name of its destination, a NUL, the stored card."""


class Head(NamedTuple):
    """What stands before a frame's payload."""

    kind: Kind
    payload_bytes: int
    accepted_ns: int


def framed(kind: Kind, payload: bytes, accepted_ns: int = 0) -> bytes:
    """Return a frame; ``accepted_ns`` is wall time, for display."""
    return _HEAD.pack(kind, len(payload), accepted_ns) + payload


def head(data: bytes) -> Head:
    """Read what stands before a payload.

    Raises:
        ValueError: this is no head of a frame.
    """
    kind, payload_bytes, accepted_ns = _HEAD.unpack(data)
    return Head(Kind(kind), payload_bytes, accepted_ns)


def shown(destination: str, payload: bytes) -> bytes:
    """Return the payload of a frame that asks for a card to be shown."""
    return destination.encode("utf-8", "surrogatepass") + b"\0" + payload


def split_shown(payload: bytes) -> tuple[str, bytes]:
    """Return destination and card of such a payload."""
    name, _, card = payload.partition(b"\0")
    return name.decode("utf-8", "surrogatepass"), card


def written(config: DiscordConfig) -> bytes:
    """Return a configuration for the trial, as JSON: with other addresses, and nothing that is secret.

    What it decides about a record or a card is the same, but for masking: that is over when something is stored.
    """
    twin, _ = config_without_addresses(config)
    data: dict[str, Any] = twin.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"redaction"})
    addresses = addresses_of(config)
    destinations: Mapping[str, dict[str, Any]] = data.get("destinations") or {}
    if destinations:
        for name, item in destinations.items():
            item["webhook_url"] = addresses[name]
    else:
        data["webhook_url"] = next(iter(addresses.values()))
    return json.dumps(data).encode()


def read(data: bytes) -> DiscordConfig:
    """Return the configuration of a trial.

    Raises:
        ValueError: this is none.
    """
    return DiscordConfig.model_validate(json.loads(data))
