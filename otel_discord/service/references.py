"""Checks what ``service`` refers to: that it exists, is not ambiguous, and makes pipelines. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from otel_discord.component import ComponentId, Kind
from otel_discord.config.nearest import did_you_mean
from otel_discord.config.problem import KeyPath
from otel_discord.service.config import PipelineConfig, ServiceConfig
from otel_discord.service.graph import Pipeline
from otel_discord.service.ids import PipelineId, parse_component_id, parse_pipeline_id
from otel_discord.signals import Signal

Ids: TypeAlias = Mapping[Kind, Collection[ComponentId]]
"""Every component that is configured, also where its own configuration is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: where to say it is, where it is written (for the line), what, and a hint."""

    path: KeyPath
    message: str
    hint: str = ""
    written_at: KeyPath = ()


@dataclass(slots=True)
class Checked:
    """Pipelines and extensions with references resolved, and what was found."""

    pipelines: list[Pipeline] = field(default_factory=list)
    extensions: list[ComponentId] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def check_references(service: ServiceConfig, ids: Ids) -> Checked:
    """Return the pipelines as the graph takes them. With findings, what is missing is left out of them."""
    checked = Checked()
    checked.findings += _ambiguous(ids)
    for index, text in enumerate(service.extensions):
        path: KeyPath = ("service", "extensions")
        found = _resolve(text, "extension", ids[Kind.EXTENSION], checked, path, (*path, index))
        if found and found not in checked.extensions:
            checked.extensions.append(found)
    if not service.pipelines:
        checked.findings.append(Finding(("service", "pipelines"), "service must have at least one pipeline"))
    for key, config in service.pipelines.items():
        _check_pipeline(key, config, ids, checked)
    return checked


def _check_pipeline(key: str, config: PipelineConfig, ids: Ids, checked: Checked) -> None:
    path: KeyPath = ("service", "pipelines", key)
    pipeline_id: PipelineId | None = None
    try:
        pipeline_id = parse_pipeline_id(key)
    except ValueError as error:
        checked.findings.append(Finding(path, str(error), did_you_mean(key.partition("/")[0].strip(), Signal)))
    known = {
        "receivers": (*ids[Kind.RECEIVER], *ids[Kind.CONNECTOR]),
        "processors": ids[Kind.PROCESSOR],
        "exporters": (*ids[Kind.EXPORTER], *ids[Kind.CONNECTOR]),
    }
    found: dict[str, list[ComponentId]] = {}
    for section, candidates in known.items():
        kind = section.removesuffix("s")
        texts: Sequence[str] = getattr(config, section)
        if not texts and section != "processors":
            checked.findings.append(Finding(path, f"must have at least one {kind}"))
        resolved = (
            _resolve(text, kind, candidates, checked, path, (*path, section, index)) for index, text in enumerate(texts)
        )
        found[section] = [each for each in resolved if each]
    for each in dict.fromkeys(p for p in found["processors"] if found["processors"].count(p) > 1):
        checked.findings.append(
            Finding(path, f'references processor "{each}" multiple times', written_at=(*path, "processors"))
        )
    if pipeline_id is None:
        return
    unique = {section: tuple(dict.fromkeys(each)) for section, each in found.items()}
    checked.pipelines.append(Pipeline(pipeline_id, **unique))


def _resolve(
    text: str, kind: str, candidates: Iterable[ComponentId], checked: Checked, path: KeyPath, written_at: KeyPath
) -> ComponentId | None:
    try:
        wanted = parse_component_id(text)
    except ValueError as error:
        checked.findings.append(Finding(path, str(error), written_at=written_at))
        return None
    known = set(candidates)
    if wanted in known:
        return wanted
    message = f'references {kind} "{wanted}" which is not configured'
    checked.findings.append(Finding(path, message, did_you_mean(str(wanted), map(str, known)), written_at))
    return None


def _ambiguous(ids: Ids) -> Iterable[Finding]:
    for connector in ids[Kind.CONNECTOR]:
        for kind in (Kind.EXPORTER, Kind.RECEIVER):
            if connector in ids[kind]:
                yield Finding(
                    ("connectors", str(connector)),
                    f'ambiguous ID: Found both "{connector}" {kind} and "{connector}" connector. Change one of the '
                    f'components\' IDs to eliminate ambiguity (e.g. rename "{connector}" connector to '
                    f'"{connector}/connector")',
                )
