"""Texts of an alert as templates: ``{{ attr('service.name') }} has {{ value }} jobs waiting``. Pure.

What cannot work is refused when the configuration is read: each template is tried with made-up values. What fails at
run time all the same is left out, or replaced by a plain sentence, and told once.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.config.nearest import did_you_mean
from otel_discord.signals import Plain
from otel_discord.templating.environment import CompiledText, compile_text, with_globals
from otel_discord.templating.errors import TemplateError
from otel_discord.templating.quantities import show
from otel_discord.templating.sandbox import Slot, refill_budget

NAMES: Final = (
    *("attr", "labels", "name", "state", "severity", "metric", "unit"),
    *("value", "number", "peak", "threshold", "duration"),
)
_OF_PROMETHEUS: Final = re.compile(r"\$(value|labels|externalLabels|externalURL)\b")
_BARE_NUMBER: Final = re.compile(r"([<>=!]{1,2})\s*([-+]?\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a template can say. Texts are as people read them; ``number`` is the bare value."""

    name: str
    state: str
    severity: str
    metric: str
    unit: str
    labels: Mapping[str, Plain]
    value: str
    number: float | None
    peak: str
    threshold: str
    duration: str


Tell = Callable[[str, str], None]
"""Is told the annotation's name and what went wrong."""


class Annotations:
    """The templates of one rule, compiled."""

    def __init__(self, templates: Mapping[str, CompiledText], keys: Collection[str]) -> None:
        self._templates = templates
        self._keys = frozenset(keys)

    def texts(self, facts: Facts, tell: Tell) -> dict[str, str]:
        """Return each text by its name. One that fails is left out and told; ``summary`` is always there."""
        values = with_globals(_values(facts, self._keys))
        found = {}
        for name, template in self._templates.items():
            refill_budget()
            try:
                found[name] = template(values).strip()
            except TemplateError as error:
                tell(name, error.reason)
        if not found.get("summary"):
            found["summary"] = plain_summary(facts)
        return found


def plain_summary(facts: Facts) -> str:
    """Return what is said of an alert that has no template.

    ``QueueTooDeep: queue.depth is 1,240 (> 1000), worker``, and at its end ``QueueTooDeep: over after 14 m, worker``.
    """
    where = ", ".join(str(value) for value in facts.labels.values() if value not in (None, ""))
    measured = "" if facts.number is None else _measured(facts)
    if facts.state == "resolved":
        what = f"over after {facts.duration}" + (f", {measured}" if measured else "")
    elif measured:
        what = measured + (f" ({_threshold(facts)})" if facts.threshold else "")
    else:
        what = facts.threshold or facts.state
    return f"{facts.name}: {what}" + (f", {where}" if where else "")


def _measured(facts: Facts) -> str:
    """Return ``queue.depth is 1,240``; of a quotient of a metric and itself ``1.96 % of http.server.requests``."""
    part, slash, whole = facts.metric.partition(" / ")
    if slash and part == whole:
        return f"{facts.value} of {whole}"
    return f"{facts.metric or 'value'} is {facts.value}"


def _threshold(facts: Facts) -> str:
    """Return the condition as the value is said: ``> 80 %`` for ``> 0.8`` beside ``86 %``."""
    found = _BARE_NUMBER.fullmatch(facts.threshold)
    if found is None or facts.unit not in ("", "1") or not facts.value.endswith(" %"):
        return facts.threshold
    return f"{found[1]} {show(float(found[2]), '1', as_percent=True)}"


def compile_annotations(texts: Mapping[str, str], keys: Collection[str]) -> Annotations:
    """Compile and try templates; ``keys`` are the labels that an alert of this rule can have.

    Raises:
        ValueError: one cannot work: ``summary: …``, with what to write instead.
    """
    templates = {}
    for name, text in texts.items():
        if found := _OF_PROMETHEUS.search(text):
            raise ValueError(f"{name}: {_instead_of(found[1])}")
        try:
            templates[name] = compile_text(text, Slot.RAW, source=name, names=NAMES)
        except TemplateError as error:
            raise ValueError(f"{name}: {error.reason}") from None
    sample = Facts(
        name="Name",
        state="firing",
        severity="warning",
        metric="a.metric",
        unit="1",
        value="1",
        number=1.0,
        peak="1",
        threshold="> 0",
        duration="1 m",
        labels=dict.fromkeys(keys, "value"),
    )
    values = with_globals(_values(sample, frozenset(keys)))
    for name, template in templates.items():
        refill_budget()
        try:
            template(values)
        except TemplateError as error:
            raise ValueError(f"{name}: {error.reason}") from None
    return Annotations(templates, keys)


def _instead_of(word: str) -> str:
    if word == "value":
        return "$value is Prometheus's way; write {{ value }}"
    return f"${word} is Prometheus's way; write {{{{ attr('service.name') }}}}"


def _values(facts: Facts, keys: frozenset[str]) -> Mapping[str, Any]:
    def attr(key: str, default: str = "") -> Plain:
        if key not in keys:
            known = ", ".join(sorted(keys)) or "none"
            hint = did_you_mean(key, keys) or f"known are: {known}"
            raise ValueError(f"attr({key!r}) is neither in group_by nor in labels; {hint}")
        value = facts.labels.get(key)
        return default if value is None else value

    return {
        "attr": attr,
        "labels": dict(facts.labels),
        "name": facts.name,
        "state": facts.state,
        "severity": facts.severity,
        "metric": facts.metric,
        "unit": facts.unit,
        "value": facts.value,
        "number": facts.number,
        "peak": facts.peak,
        "threshold": facts.threshold,
        "duration": facts.duration,
    }
