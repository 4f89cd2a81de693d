"""Texts without a context: it is found out from their paths, and from functions that only some contexts have."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from otel_discord.ottl.errors import OttlSyntaxError
from otel_discord.ottl.inference import infer_context, paths_in
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.paths.contexts import CONTEXTS
from otel_discord.signals import Signal

SIGNAL_CONTEXTS: Final[Mapping[Signal, tuple[ContextKind, ...]]] = {
    Signal.LOGS: (ContextKind.RESOURCE, ContextKind.SCOPE, ContextKind.LOG),
    Signal.METRICS: (ContextKind.RESOURCE, ContextKind.SCOPE, ContextKind.METRIC, ContextKind.DATAPOINT),
    Signal.TRACES: (ContextKind.RESOURCE, ContextKind.SCOPE, ContextKind.SPAN, ContextKind.SPANEVENT),
}
"""From the highest to the lowest."""

Parse: TypeAlias = Callable[[str, ContextKind], object]
"""``parse_condition``, ``parse_statement``."""


def context_of(texts: Sequence[tuple[str, Parse]], signal: Signal) -> ContextKind:
    """Return the highest context of a signal in which all the texts have a meaning, each read by its own parser.

    A text without a path is about the records, spans or metrics themselves.

    Raises:
        OttlSyntaxError: there is none; says where it fails.
    """
    contexts = SIGNAL_CONTEXTS[signal]
    for text, _ in texts:
        _refuse_other_signals(text, signal)
    kind = infer_context([text for text, _ in texts], default=contexts[2])
    refused: OttlSyntaxError | None = None
    for candidate in contexts[contexts.index(kind) :]:
        try:
            for text, parse in texts:
                parse(text, candidate)
        except OttlSyntaxError as error:
            refused = refused or error
        else:
            return candidate
    raise refused or AssertionError(texts)


def _refuse_other_signals(text: str, signal: Signal) -> None:
    known = {prefix for kind in SIGNAL_CONTEXTS[signal] for prefix in CONTEXTS[kind].places}
    everywhere = {prefix for context in CONTEXTS.values() for prefix in context.places}
    for path in paths_in(text):
        prefix = path.segments[0].name
        if prefix in everywhere - known:
            problem = f'"{prefix}" is not among {signal}; here paths begin with {", ".join(sorted(known))}'
            raise OttlSyntaxError(problem, text, path.column)
