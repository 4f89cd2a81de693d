"""Marks a key of a connector's configuration that names pipelines, so that they are checked before anything starts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamesPipelines:
    """Outermost metadata of a field with a list of ids, ``pipelines: Annotated[tuple[str, ...], NamesPipelines()]``.

    Each has to be a pipeline that receives from the connector.
    """
