"""Who wrote a record, as far as evidence wants to know: names to find it by, and versions to see change. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

SERVICE: Final = "service.name"
NAMESPACE: Final = "service.namespace"
ENVIRONMENT: Final = "deployment.environment.name"
HOST: Final = "host.name"
_DEPLOYMENT: Final = "k8s.deployment.name"
_CONTAINER: Final = "container.name"
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    SERVICE: (SERVICE, "service_name"),
    NAMESPACE: (NAMESPACE, "service_namespace"),
    ENVIRONMENT: (ENVIRONMENT, "deployment.environment", "deployment_environment_name", "deployment_environment"),
    "service.instance.id": ("service.instance.id", "service_instance_id"),
    HOST: (HOST, "host_name"),
    "host.id": ("host.id", "host_id"),
    "k8s.namespace.name": ("k8s.namespace.name", "k8s_namespace_name"),
    "k8s.pod.name": ("k8s.pod.name", "k8s_pod_name", "pod"),
    "k8s.node.name": ("k8s.node.name", "k8s_node_name"),
    _DEPLOYMENT: (_DEPLOYMENT, "k8s_deployment_name"),
    _CONTAINER: ("k8s.container.name", _CONTAINER, "k8s_container_name", "container_name"),
    "container.id": ("container.id", "container_id"),
}
"""Names by which an origin is found, and how attributes and labels (of Prometheus: with underscores) spell them."""
_NAME_OF: Final = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
VERSIONS: Final = (
    SERVICE.replace("name", "version"),
    "deployment.id",
    "deployment.name",
    "container.image.tag",
    "container.image.tags",
    "faas.version",
    "app.version",
    "vcs.ref.head.revision",
    "vcs.repository.ref.revision",
    "git.commit.sha",
    "git.commit.id",
    "git.sha",
    "k8s.replicaset.name",
)
"""Attributes of a resource that a new version changes; where several change at once the first tells of it."""
_VERSION_END: Final = "deployment.kubernetes.io/revision"
_MOST_CHARS: Final = 200
_MOST_VERSIONS: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """A resource. Values as they came: what leaves is masked."""

    names: Mapping[str, str]
    """By the names that it can be found by: ``service.name``, ``host.name``, …"""
    versions: tuple[tuple[str, str], ...]
    """Attribute and value of what says which version it is."""
    run: str = ""
    """The run that it belongs to; "" for others."""

    @property
    def label(self) -> str:
        """The name that a reader knows it by."""
        names = self.names
        return names.get(SERVICE) or names.get(_DEPLOYMENT) or names.get(_CONTAINER) or names.get(HOST) or ""

    @property
    def service_key(self) -> tuple[str, ...]:
        """Those with the same one share their room."""
        names = self.names
        return (names.get(SERVICE) or names.get(HOST, ""), names.get(NAMESPACE, ""), names.get(ENVIRONMENT, ""))

    @property
    def watch_key(self) -> tuple[str, ...]:
        """Those with the same one have the same version, but while a new one is rolled out."""
        names = self.names
        return (*self.service_key, names.get(_DEPLOYMENT, ""), names.get(_CONTAINER, ""), self.run)


def origin_of(attributes: Iterable[KeyValue], run: str = "") -> Origin:
    """Read a resource's attributes; ``run`` says to which run it belongs."""
    names: dict[str, str] = {}
    versions: dict[str, str] = {}
    for pair in attributes:
        key = pair.key
        name = _NAME_OF.get(key)
        if name is not None:
            if (text := _text(pair.value)) and (name not in names or key == _ALIASES[name][0]):
                names[name] = text
        elif (key in VERSIONS or key.endswith(_VERSION_END)) and (text := _text(pair.value)):
            versions[key] = text
    return Origin(names, tuple(sorted(versions.items(), key=lambda item: rank(item[0])))[:_MOST_VERSIONS], run)


def names_in(labels: Mapping[str, object]) -> dict[str, str]:
    """Return what labels of an alert say of whom it is about, by the names that origins have."""
    found: dict[str, str] = {}
    for name, aliases in _ALIASES.items():
        value = next((str(labels[alias]) for alias in aliases if labels.get(alias) not in (None, "")), "")
        if value:
            found[name] = value[:_MOST_CHARS]
    return found


def rank(what: str) -> int:
    """Return the place of an attribute among those that tell of a version, the most telling first."""
    return VERSIONS.index(what) if what in VERSIONS else len(VERSIONS)


def _text(value: AnyValue) -> str:
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value[:_MOST_CHARS]
        case "int_value":
            return str(value.int_value)
        case "double_value":
            return f"{value.double_value:g}"
        case "array_value":
            texts = [each.string_value for each in value.array_value.values[:_MOST_VERSIONS] if each.string_value]
            return ", ".join(sorted(texts))[:_MOST_CHARS]
        case _:
            return ""
