"""What the user writes under ``connectors::threshold``."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field, model_validator

from otel_discord.component import NamesExtension, Storage
from otel_discord.config import Duration, StrictModel
from otel_discord.config.nearest import did_you_mean
from otel_discord.config.problem import SeveralError
from otel_discord.connectors.threshold.config_rule import RuleConfig


class ThresholdConfig(StrictModel):
    """Rules, and how often they are asked."""

    evaluation_interval: Annotated[Duration, Field(ge=0.01)] = 1.0
    """How often rules are evaluated; at least 10ms."""
    storage: Annotated[str | None, NamesExtension(Storage)] = None
    """An extension that keeps what fires over a restart; without it that is known only as long as the service runs."""
    max_series: Annotated[int, Field(ge=1)] = 100_000
    """Most groups and series of a rule; beyond it the oldest are forgotten, and counted."""
    max_alerts: Annotated[int, Field(ge=1)] = 10_000
    """Most alerts of all rules that are pending or firing at once; others begin when there is room."""
    rules: tuple[RuleConfig, ...]
    """What to look at."""

    @model_validator(mode="after")
    def _rules_agree(self) -> "ThresholdConfig":
        problems = list(self._problems())
        if problems:
            raise SeveralError(problems)
        return self

    def _problems(self) -> Iterator[str]:
        if not self.rules:
            yield "rules: needs at least one"
        places = {rule.name: place for place, rule in reversed(list(enumerate(self.rules)))}
        for place, rule in enumerate(self.rules):
            if places[rule.name] < place:
                yield f"rules::{place}::name: rule {places[rule.name]} has the name {rule.name!r} as well"
        for place, rule in enumerate(self.rules):
            for key in ("all_of", "inhibited_by"):
                for name in getattr(rule, key):
                    if name not in places:
                        hint = did_you_mean(name, places) or f"rules are {', '.join(places)}"
                        yield f"rules::{place}::{key}: there is no rule {name!r}; {hint}"
            for name in rule.all_of if rule.group_by else ():
                if missing := set(rule.group_by) - self._labels_of(name, rule.group_by):
                    yield f"rules::{place}::group_by: rule {name!r} does not group by {', '.join(sorted(missing))}"
        for key in ("all_of", "inhibited_by"):
            if circle := _circle({rule.name: getattr(rule, key) for rule in self.rules}):
                place = places[circle[0]]
                yield f"rules::{place}::{key}: goes in a circle: {' → '.join(circle)}"

    def _labels_of(self, name: str, otherwise: Iterable[str]) -> set[str]:
        return next((set(rule.group_by) for rule in self.rules if rule.name == name), set(otherwise))


def _circle(edges: dict[str, tuple[str, ...]]) -> list[str]:
    """Return names that lead back to the first of them, [] where there are none."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        stack = [(start, 0)]
        while stack:
            name, next_edge = stack.pop()
            path = [*path[: len(stack)], name]
            following = [each for each in edges.get(name, ()) if each in edges]
            if next_edge < len(following):
                stack.append((name, next_edge + 1))
                child = following[next_edge]
                if child in path:
                    return [*path[path.index(child) :], child]
                if child not in done:
                    stack.append((child, 0))
            else:
                done.add(name)
    return []
