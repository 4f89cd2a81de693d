"""From sources to a checked configuration with its plan; every problem is reported at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from otel_discord.component import ComponentId, ConnectorFactory, ExtensionFactory, Factory, Kind
from otel_discord.config import StrictModel
from otel_discord.config.conceal import conceal, hidden_in
from otel_discord.config.files_read import files_read_by
from otel_discord.config.interpolation import Interpolated, interpolate
from otel_discord.config.model_errors import explain, value_at
from otel_discord.config.nearest import did_you_mean
from otel_discord.config.problem import ConfigurationError, KeyPath, Problem, join_path
from otel_discord.config.raw_text import RawText, unwrap
from otel_discord.config.sources import fingerprint, read_sources, read_text, source_files
from otel_discord.service.config import PipelineConfig, ServiceConfig
from otel_discord.service.extension_uses import Extensions, check_uses, uses_in
from otel_discord.service.graph import Fault, Plan, plan
from otel_discord.service.ids import parse_component_id
from otel_discord.service.pipeline_uses import check_pipeline_uses
from otel_discord.service.references import Checked, check_references
from otel_discord.service.registry import BrokenComponentError, Registry
from otel_discord.signals import Signal

M = TypeVar("M", bound=BaseModel)

_SECTIONS: Final[Mapping[str, Kind]] = {f"{kind}s": kind for kind in Kind}
_OTHER_KEYS: Final = ("service", "tests")
"""``tests`` is data for ``otel-discord test``, which checks it; nothing of it runs in the service."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A component that is configured: what makes it, and its own section."""

    id: ComponentId
    factory: Factory
    config: StrictModel


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration that can be built."""

    components: Mapping[Kind, Mapping[ComponentId, Configured]]
    """Everything configured, used or not."""
    service: ServiceConfig
    extensions: tuple[ComponentId, ...]
    plan: Plan
    resolved: Mapping[str, Any]
    """The merged document with references replaced; holds secrets."""
    files: Mapping[Path, bytes] = field(default_factory=dict)
    """What was read, with a digest of its content: the files of ``--config`` those named by ``${file:…}``,
    and those that sections read while they were checked, with their directories."""


def load_configuration(
    configs: Sequence[str],
    sets: Sequence[str],
    registry: Registry,
    environ: Mapping[str, str],
    read_file: Callable[[Path], str] = read_text,
) -> Configuration:
    """Read ``--config`` sources and ``--set`` values, and check everything without starting anything.

    Raises:
        ConfigurationError: with every problem that could be found.
    """
    document = read_sources(configs, sets, environ)
    if not document.data:
        raise ConfigurationError([Problem("empty configuration file", file=", ".join(configs))])
    files = source_files(configs)

    def read(path: Path) -> str:
        files.append(path)
        return read_file(path)

    loading = _Loading(interpolate(document, environ, read), registry)
    configuration = loading.run()
    sections = [each.config for by_id in configuration.components.values() for each in by_id.values()]
    return replace(configuration, files=fingerprint([*files, *files_read_by(sections)]))


@dataclass(slots=True)
class _Loading:
    source: Interpolated
    registry: Registry
    problems: list[Problem] = field(default_factory=list)
    components: dict[Kind, dict[ComponentId, Configured]] = field(default_factory=dict)
    ids: dict[Kind, list[ComponentId]] = field(default_factory=dict)

    def run(self) -> Configuration:
        data: dict[str, Any] = self.source.document.data
        self.problems += self.source.problems
        for key in data:
            if key not in _SECTIONS and key not in _OTHER_KEYS:
                hint = "it belongs under service" if key in ServiceConfig.model_fields else ""
                hint = hint or did_you_mean(key, [*_SECTIONS, *_OTHER_KEYS])
                self._note((key,), f"has invalid keys: {key}", hint)
        for section, kind in _SECTIONS.items():
            self._section(section, kind, data.get(section))
        service = self._model(ServiceConfig, ("service",), data.get("service"))
        checked = self._checked(service)
        planned = self._plan(checked) if checked else None
        if self.problems or service is None or checked is None or planned is None:
            in_order = sorted(dict.fromkeys(self.problems), key=lambda problem: (problem.file, problem.line))
            raise ConfigurationError(in_order)
        return Configuration(self.components, service, tuple(checked.extensions), planned, data)

    def _note(self, path: KeyPath, message: str, hint: str = "", written_at: KeyPath = ()) -> None:
        place = self.source.document.locate(written_at or path)
        about = value_at(self.source.document.data, path)
        message = conceal(message, hidden_in(about), whole=isinstance(about, RawText))
        if isinstance(about, RawText) and about.origin and not about.strip():
            hint = hint or f"{about.origin} is empty"
        self.problems.append(Problem(message, join_path(path), place.file, place.line, hint))

    def _section(self, section: str, kind: Kind, value: Any) -> None:
        self.components[kind], self.ids[kind] = {}, []
        value = unwrap(value)
        if value is None:
            return
        if not isinstance(value, dict):
            if not self._is_failed((section,)):
                self._note((section,), "must be a map of components by id")
            return
        for key, body in value.items():
            self._component(kind, (section, key), key, body)

    def _component(self, kind: Kind, path: KeyPath, key: str, body: Any) -> None:
        try:
            component_id = parse_component_id(key)
        except ValueError as error:
            self._note(path, str(error))
            return
        if component_id in self.ids[kind]:
            self._note(path, f'duplicate name "{component_id}" after white space is left out')
            return
        self.ids[kind].append(component_id)
        known = self.registry.type_names(kind)
        if component_id.type not in known:
            message = (
                f'unknown type: "{component_id.type}" for id: "{component_id}" (valid values: [{", ".join(known)}])'
            )
            self._note(path, message, did_you_mean(component_id.type, known))
            return
        try:
            factory = self.registry.factory(kind, component_id.type)
        except BrokenComponentError as error:
            self._note(path, str(error))
            return
        config = self._model(factory.config, path, body)
        if config is not None:
            self.components[kind][component_id] = Configured(component_id, factory, config)

    def _model(self, model: type[M], path: KeyPath, body: Any) -> M | None:
        data = unwrap(body)
        try:
            return model.model_validate({} if data is None else data)
        except ValidationError as error:
            for inner, message, hint in explain(error, model, data):
                full = (*path, *inner)
                if not self._is_failed(full):
                    self._note(full, message, hint)
            return None

    def _is_failed(self, path: KeyPath) -> bool:
        """Return whether a reference at, above or below the path had no value: what follows from it is not news."""
        return any(path[: len(f)] == f or f[: len(path)] == path for f in self.source.failed)

    def _checked(self, service: ServiceConfig | None) -> Checked | None:
        for kind in (Kind.RECEIVER, Kind.EXPORTER):
            if not self.ids[kind] and not self.ids[Kind.CONNECTOR] and not self._is_failed((f"{kind}s",)):
                self._note((f"{kind}s",), f"no {kind} configuration specified in config")
        readable = service or self._readable_part()
        if readable is None:
            return None
        checked = check_references(readable, self.ids)
        for finding in checked.findings:
            self._note(finding.path, finding.message, finding.hint, finding.written_at)
        if self._is_known_what_runs(service):
            self._check_extension_uses(checked)
        if service is not None:
            self._check_pipeline_uses(checked)
        return checked

    def _is_known_what_runs(self, service: ServiceConfig | None) -> bool:
        section = unwrap(self.source.document.data.get("service"))
        extensions = section.get("extensions", []) if isinstance(section, dict) else []
        is_readable = service is not None or _reads(ServiceConfig, {"extensions": extensions})
        return is_readable and not any(self._is_failed(path) for path in (("extensions",), ("service", "extensions")))

    def _check_extension_uses(self, checked: Checked) -> None:
        """Check what the sections of components in use name: the others start nothing."""
        in_use = {
            Kind.RECEIVER: [each for pipeline in checked.pipelines for each in pipeline.receivers],
            Kind.PROCESSOR: [each for pipeline in checked.pipelines for each in pipeline.processors],
            Kind.CONNECTOR: [each for pipeline in checked.pipelines for each in pipeline.exporters],
            Kind.EXPORTER: [each for pipeline in checked.pipelines for each in pipeline.exporters],
            Kind.EXTENSION: checked.extensions,
        }
        made = self.components[Kind.EXTENSION]
        configured = {each: made[each].factory if each in made else None for each in self.ids[Kind.EXTENSION]}
        extensions = Extensions(configured, frozenset(checked.extensions))
        for kind, ids in in_use.items():
            for each in dict.fromkeys(ids):
                if each in self.components[kind]:
                    uses = uses_in(self.components[kind][each].config, (f"{kind}s", str(each)))
                    for finding in check_uses(uses, extensions):
                        self._note(finding.path, finding.message, finding.hint)

    def _check_pipeline_uses(self, checked: Checked) -> None:
        """Check what the sections of connectors in use name: the others pass nothing on."""
        in_use = dict.fromkeys(each for pipeline in checked.pipelines for each in pipeline.exporters)
        for each in in_use:
            configured = self.components[Kind.CONNECTOR].get(each)
            if configured is not None:
                for finding in check_pipeline_uses(each, configured.config, checked.pipelines):
                    self._note(finding.path, finding.message, finding.hint)

    def _readable_part(self) -> ServiceConfig | None:
        """Return what can be read of a service section that has problems, so that references are checked too."""
        section = unwrap(self.source.document.data.get("service"))
        if not isinstance(section, dict):
            return None
        pipelines = unwrap(section.get("pipelines"))
        known = pipelines if isinstance(pipelines, dict) else {}
        readable = {key: part for key, body in known.items() if _reads(PipelineConfig, part := _known_keys(body))}
        extensions = section.get("extensions")
        part = {"extensions": extensions} if _reads(ServiceConfig, {"extensions": extensions}) else {}
        return ServiceConfig.model_validate({**part, "pipelines": readable}) if readable else None

    def _plan(self, checked: Checked) -> Plan | None:
        if checked.findings or any(len(self.ids[kind]) != len(self.components[kind]) for kind in Kind):
            return None
        supports: dict[tuple[Kind, ComponentId], Collection[Signal]] = {}
        converts: dict[ComponentId, Collection[tuple[Signal, Signal]]] = {}
        for kind, made in self.components.items():
            for each, configured in made.items():
                if isinstance(configured.factory, ConnectorFactory):
                    converts[each] = configured.factory.signals
                elif not isinstance(configured.factory, ExtensionFactory):
                    supports[kind, each] = configured.factory.signals
        planned = plan(checked.pipelines, supports, converts)
        if isinstance(planned, Plan):
            return planned
        for fault in planned:
            self._fault(fault)
        return None

    def _fault(self, fault: Fault) -> None:
        if fault.pipeline is None:
            self._note(("service", "pipelines"), fault.message)
            return
        path: KeyPath = ("service", "pipelines", str(fault.pipeline))
        self._note(path, fault.message, written_at=(*path, fault.section))


def _known_keys(pipeline: Any) -> Any:
    """Return a pipeline without the keys that it cannot have."""
    section = unwrap(pipeline)
    if not isinstance(section, dict):
        return pipeline
    return {key: value for key, value in section.items() if key in PipelineConfig.model_fields}


def _reads(model: type[BaseModel], body: Any) -> bool:
    try:
        model.model_validate(body)
    except ValidationError:
        return False
    return True
