"""Marks a key of a configuration that names an extension, so that the name is checked before anything starts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamesExtension:
    """Outermost metadata of a field, ``storage: Annotated[str | None, NamesExtension(Storage)] = None``.

    ``offers`` is the protocol that the component will ask the host for, :meth:`Host.extension`.
    """

    offers: type
