"""What the user writes under ``connectors::routing``: contrib's keys."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from otel_discord.component.pipeline_reference import NamesPipelines
from otel_discord.config import StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.connectors.routing.route_text import RouteText, WrongText, read_route
from otel_discord.ottl import ContextKind, ErrorMode
from otel_discord.signals import Signal


class Action(StrEnum):
    """Whether what matches is still there for the entries after this one."""

    MOVE = "move"
    COPY = "copy"


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _tidy(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("/".join(part.strip() for part in name.split("/", 1)) for name in names)


Pipelines = Annotated[tuple[str, ...], NamesPipelines(), AfterValidator(_tidy)]

_OF_REQUESTS: Final = frozenset({"request", "otelcol"})
_CONTEXTS: Final = tuple(
    str(kind)
    for kind in (
        *(ContextKind.RESOURCE, ContextKind.SCOPE, ContextKind.LOG),
        *(ContextKind.SPAN, ContextKind.METRIC, ContextKind.DATAPOINT),
    )
)


class RouteConfig(StrictModel):
    """One entry of the table."""

    context: Annotated[str, BeforeValidator(_lower)] = ""
    """What the condition looks at: resource, scope, log, span, metric or datapoint. Without it the prefixes of its
    paths say so, and a condition without prefixes is about the resource."""
    condition: str = ""
    """OTTL; what it holds for goes to `pipelines`."""
    statement: str = ""
    """The same as a statement: `route() where …`, or `delete_key(…) where …`, which takes an attribute out as well."""
    pipelines: Annotated[Pipelines, Field(min_length=1)]
    """Pipelines that receive from this connector."""
    action: Action = Action.MOVE
    """move: entries after this one and `default_pipelines` do not see what matches; copy: they do."""

    @model_validator(mode="after")
    def _can_be_asked(self) -> "RouteConfig":
        if self.context in _OF_REQUESTS or self.condition.lstrip().startswith(("request[", "otelcol.")):
            raise ValueError(
                "context: headers of requests are not kept with the data, so there is nothing to ask here; let the"
                " sender (or the Collector in front) write it into an attribute of the resource, and ask for that"
            )
        if self.context and self.context not in _CONTEXTS:
            raise ValueError(f"context: must be one of {', '.join(_CONTEXTS)}")
        if bool(self.condition) == bool(self.statement):
            raise ValueError("has both condition and statement" if self.condition else "needs a condition")
        if isinstance(wrong := self.read(), WrongText):
            raise ValueError(f"{'condition' if self.condition else 'statement'}: {wrong.message}")
        return self

    def read(self) -> RouteText | WrongText:
        """Return the condition or statement, ready to run."""
        context = ContextKind(self.context) if self.context else None
        return read_route(self.condition, self.statement, context, self.signals())

    def signals(self) -> list[Signal]:
        """Return the signals of the pipelines, as far as they are signals."""
        names = [name.partition("/")[0] for name in self.pipelines]
        return [signal for signal in Signal if signal in names]


class RoutingConfig(StrictModel):
    """A table of conditions, and where everything else goes."""

    table: Annotated[tuple[RouteConfig, ...], Field(min_length=1)]
    """Entries, asked one after another."""
    default_pipelines: Pipelines = ()
    """Where goes what no entry has moved; without any it ends here."""
    error_mode: ErrorMode = ErrorMode.PROPAGATE
    """What a condition that cannot be evaluated does: `propagate` refuses the batch; `ignore` logs it and goes on as
    if it did not hold, so that what no other entry takes goes to `default_pipelines`; `silent` does not log it."""
    match_once: bool | None = None
    """Of earlier Collectors: true is what is done anyway, and false is refused; use `action: copy` instead."""

    @model_validator(mode="after")
    def _says_something_that_can_be_done(self) -> "RoutingConfig":
        problems = list(self._problems())
        if problems:
            raise SeveralError(problems)
        return self

    def _problems(self) -> Iterator[str]:
        if self.match_once is False:
            yield "match_once: was removed from the Collector; write `action: copy` in the entries instead"
