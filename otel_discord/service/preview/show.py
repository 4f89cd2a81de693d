"""A configuration read for a preview, its scenarios, and what becomes of them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from otel_discord.service.config_file import Configuration, load_configuration
from otel_discord.service.preview.otlp_input import read_input
from otel_discord.service.preview.outcome import Outcome
from otel_discord.service.preview.placeholders import with_placeholders
from otel_discord.service.preview.rehearsal import Setting, rehearse
from otel_discord.service.preview.samples import chosen
from otel_discord.service.preview.scenario import Scenario
from otel_discord.service.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked to see."""

    configs: Sequence[str]
    sets: Sequence[str] = ()
    inputs: Sequence[Path] = ()
    """Files of OTLP JSON, instead of samples."""
    samples: Sequence[str] = ()
    """Names; none: all."""
    exporter: str = ""
    destination: str = ""


class UnknownNameError(ValueError):
    """Somebody asked for a sample, an exporter or a destination that is not there."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The outcomes, with what to know of the configuration."""

    outcomes: Sequence[Outcome]
    notes: Sequence[str] = ()


def read_configuration(
    configs: Sequence[str], sets: Sequence[str], environ: Mapping[str, str] | None = None
) -> tuple[Configuration, list[str]]:
    """Return a configuration for a preview, and the variables that have a placeholder.

    Raises:
        ConfigurationError: it cannot be used.
    """
    environment, missing = with_placeholders(configs, sets, os.environ if environ is None else environ)
    return load_configuration(configs, sets, Registry.from_entry_points(), environment), missing


def scenarios(wanted: Wanted) -> Sequence[Scenario]:
    """Return what is to be fed.

    Raises:
        InputError: an input cannot be read.
        UnknownNameError: there is no such sample.
    """
    if wanted.inputs:
        return [read_input(path) for path in wanted.inputs]
    try:
        return chosen(wanted.samples)
    except KeyError as error:
        raise UnknownNameError(f"there is no sample {error}; --list shows them") from None


def show(wanted: Wanted, *, version: str, feed: Sequence[Scenario] | None = None) -> Shown:
    """Return what becomes of the scenarios. Blocks; opens no connection and writes no file.

    Raises:
        ConfigurationError: the configuration cannot be used.
        InputError: an input cannot be read.
        UnknownNameError: there is no such sample, exporter or destination.
        StartError: a component does not start.
    """
    configuration, missing = read_configuration(wanted.configs, wanted.sets)
    setting = Setting(configuration, version, wanted.exporter)
    outcomes = [rehearse(setting, scenario) for scenario in (scenarios(wanted) if feed is None else feed)]
    _check_names(wanted, outcomes)
    notes = [f"{name} is not set: a placeholder stands for it" for name in missing]
    notes += _common_notes(outcomes)
    shared = set(notes)
    return Shown([_narrowed(each, wanted.destination, shared) for each in outcomes], notes)


def _check_names(wanted: Wanted, outcomes: Sequence[Outcome]) -> None:
    """Raise UnknownNameError where no exporter, or no destination, has the name that was asked for."""
    views = [view for outcome in outcomes for view in outcome.exporters]
    if wanted.exporter and not views:
        raise UnknownNameError(f"there is no exporter {wanted.exporter!r} that sends messages")
    named = {name for view in views for name in view.destinations}
    known = sorted(named.union(message.destination for outcome in outcomes for message in outcome.messages))
    if wanted.destination and wanted.destination not in known:
        raise UnknownNameError(f"there is no destination {wanted.destination!r}; there are: {', '.join(known)}")


def payloads(shown: Shown) -> Iterator[dict[str, Any]]:
    """Yield every request as it would go out, in order."""
    for outcome in shown.outcomes:
        for message in outcome.messages:
            for state in message.states:
                request = state.request
                yield {
                    "sample": outcome.name,
                    "exporter": message.exporter,
                    "destination": request.destination,
                    "method": request.method,
                    "message_id": request.message_id,
                    "query": dict(request.query),
                    "payload": request.payload,
                    "files": [{"filename": file.name, "size_bytes": file.size_bytes} for file in request.files],
                }


def _common_notes(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what every scenario's components said: that is about the configuration, not about a record."""
    if len(outcomes) < 2:
        return []
    common = set.intersection(*(set(each.notes) for each in outcomes))
    return [note for note in outcomes[0].notes if note in common]


def _narrowed(outcome: Outcome, destination: str, shared: set[str]) -> Outcome:
    keep: Callable[[str], bool] = lambda name: not destination or name == destination  # noqa: E731
    return replace(
        outcome,
        messages=[each for each in outcome.messages if keep(each.destination)],
        notes=[note for note in outcome.notes if note not in shared],
    )
