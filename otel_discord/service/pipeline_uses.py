"""Checks the pipelines that connectors name in their own sections. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from pydantic import BaseModel

from otel_discord.component import ComponentId
from otel_discord.component.pipeline_reference import NamesPipelines
from otel_discord.config.nearest import did_you_mean
from otel_discord.config.problem import KeyPath
from otel_discord.service.graph import Pipeline
from otel_discord.service.ids import parse_pipeline_id
from otel_discord.service.references import Finding


def check_pipeline_uses(
    connector: ComponentId, section: BaseModel, pipelines: Collection[Pipeline]
) -> Iterator[Finding]:
    """Yield a finding for each pipeline that a connector's section names and that will not receive from it."""
    by_id = {pipeline.id: pipeline for pipeline in pipelines}
    for path, text in _named_in(section, ("connectors", str(connector))):
        try:
            pipeline = by_id.get(parse_pipeline_id(text))
        except ValueError as error:
            yield Finding(path, str(error))
            continue
        if pipeline is None:
            message = f'names pipeline "{text}" which is not configured'
            yield Finding(path, message, did_you_mean(text, map(str, by_id)))
        elif connector not in pipeline.receivers:
            message = f'pipeline "{pipeline.id}" does not receive from "{connector}"'
            yield Finding(path, message, f'add "{connector}" to service::pipelines::{pipeline.id}::receivers')


def _named_in(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            inner = getattr(value, name)
            if not any(isinstance(each, NamesPipelines) for each in info.metadata):
                yield from _named_in(inner, (*path, name))
            elif isinstance(inner, Iterable):
                yield from (((*path, name, index), str(each)) for index, each in enumerate(inner))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _named_in(inner, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _named_in(inner, (*path, index))
