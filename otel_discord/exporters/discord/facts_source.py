"""Where a record comes from: what its resource says. Pure; resources repeat, so the last few hundred are remembered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.facts_values import plain_attributes, short_text
from otel_discord.signals import Plain

_MAX_NAME_CHARS: Final = 200
_MAX_REMEMBERED_BYTES: Final = 16_384
_UNKNOWN_SERVICE: Final = "unknown_service"
_INSTANCE: Final = "service.instance.id"
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A resource, read along the semantic conventions; "" is what it does not say."""

    service: str = ""
    service_version: str = ""
    namespace: str = ""
    environment: str = ""
    host: str = ""
    """Pod, else host, else instance: the most telling name of the place."""
    attributes: Mapping[str, Plain] = field(default_factory=dict)


def source_facts(resource: bytes) -> SourceFacts:
    """Read a serialised resource.

    ``service.name`` counts as absent when the SDK made it up (``unknown_service:python``).
    """
    return _remembered(resource) if len(resource) <= _MAX_REMEMBERED_BYTES else _read(resource)


def _read(resource: bytes) -> SourceFacts:
    try:
        attributes = plain_attributes(Resource.FromString(resource).attributes)
    except DecodeError:  # nested too deeply, by a client in this process
        return SourceFacts()

    if _UUID.fullmatch(str(attributes.get(_INSTANCE, ""))):
        # An SDK made it up for this process; it tells a reader nothing.
        attributes = {key: value for key, value in attributes.items() if key != _INSTANCE}

    def first(*keys: str) -> str:
        for key in keys:
            text = short_text(attributes.get(key) or "", _MAX_NAME_CHARS)
            if text:
                return text
        return ""

    service = first("service.name")
    return SourceFacts(
        service="" if service.startswith(_UNKNOWN_SERVICE) else service,
        service_version=first("service.version"),
        namespace=first("service.namespace", "k8s.namespace.name"),
        environment=first("deployment.environment.name", "deployment.environment"),
        host=first("k8s.pod.name", "host.name", "k8s.node.name", "container.name", _INSTANCE),
        attributes=attributes,
    )


@lru_cache(maxsize=512)
def _remembered(resource: bytes) -> SourceFacts:
    return _read(resource)
