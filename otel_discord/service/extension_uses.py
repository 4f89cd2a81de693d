"""Checks the extensions that components name in their own sections, ``storage``, ``authenticator``. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from otel_discord.component import ComponentId, ExtensionFactory, Factory
from otel_discord.component.extension_reference import NamesExtension
from otel_discord.config.nearest import did_you_mean
from otel_discord.config.problem import KeyPath
from otel_discord.service.references import Finding


@dataclass(frozen=True, slots=True)
class Use:
    """One key with the id that is written there, and what the extension has to offer."""

    path: KeyPath
    wanted: str
    offers: type


@dataclass(frozen=True, slots=True)
class Extensions:
    """Those that are configured, with what makes them where that is known, and those that will run."""

    configured: Mapping[ComponentId, Factory | None]
    listed: frozenset[ComponentId]


def uses_in(value: object, path: KeyPath) -> Iterator[Use]:
    """Yield what a component's section at ``path`` names."""
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            inner = getattr(value, name)
            mark = next((each for each in info.metadata if isinstance(each, NamesExtension)), None)
            if mark is None:
                yield from uses_in(inner, (*path, name))
            elif isinstance(inner, str):
                yield Use((*path, name), inner, mark.offers)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from uses_in(inner, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from uses_in(inner, (*path, index))


def check_uses(uses: Iterable[Use], extensions: Extensions) -> Iterator[Finding]:
    """Yield a finding for each extension that will not be there, or will not offer what it is named for."""
    by_text = {str(each): each for each in extensions.configured}
    for use in uses:
        found = by_text.get(use.wanted)
        if found is None:
            known = ", ".join(by_text) or "none"
            message = f'references extension "{use.wanted}" which is not configured (configured: {known})'
            yield Finding(use.path, message, did_you_mean(use.wanted, by_text))
        elif _surely_lacks(extensions.configured[found], use.offers):
            yield Finding(use.path, f'extension "{found}" does not offer {use.offers.__name__}')
        elif found not in extensions.listed:
            yield Finding(use.path, f'extension "{found}" is configured, but service::extensions does not list it')


def _surely_lacks(factory: Factory | None, protocol: type) -> bool:
    """Return whether it is known without making one that the extension lacks it: where a class itself creates it."""
    if not isinstance(factory, ExtensionFactory) or not isinstance(factory.create, type):
        return False
    try:
        return not issubclass(factory.create, protocol)
    except TypeError:  # a protocol with attributes, which only an instance shows
        return False
