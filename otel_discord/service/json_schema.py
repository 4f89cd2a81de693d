"""The JSON Schema of configuration files, from the models of every installed component; for editors."""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from otel_discord.component import Kind
from otel_discord.config.key_docs import key_docs
from otel_discord.service.config import ServiceConfig
from otel_discord.service.registry import BrokenComponentError, Registry

_REFERENCE: Final = {"type": "string", "pattern": r"\$\{", "description": "a reference, as in ${env:NAME}"}
_NOT_TEXT: Final = frozenset({"integer", "number", "boolean"})


class _Generator(GenerateJsonSchema):
    """Where a number goes through a function first, text may be written too: ``min_severity: WARN``.

    Keys are described by their docstrings.
    """

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Describe a section, and each of its keys."""
        described = super().model_schema(schema)
        section = schema["cls"]
        keys = described.get("properties", {})
        for name, words in key_docs(section).items():
            key = section.model_fields[name].alias or name
            if key in keys:
                keys[key].setdefault("description", words)
        return described

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Describe what the function takes, as far as that is known."""
        described = super().function_before_schema(schema)
        if described.get("type") in ("integer", "number") and "json_schema_input_schema" not in schema:
            return {"anyOf": [described, {"type": "string"}]}
        return described


def configuration_schema(registry: Registry) -> dict[str, Any]:
    """Return the schema (draft 2020-12). A component that cannot be imported is left out.

    Numbers and booleans may also be written as ``${…}``; sections may be left empty.
    """
    models: dict[tuple[str, str], type[BaseModel]] = {}
    for kind in Kind:
        for name in registry.type_names(kind):
            try:
                models[f"{kind}s", name] = registry.factory(kind, name).config
            except BrokenComponentError:
                continue
    classes: list[type[BaseModel]] = list(dict.fromkeys([*models.values(), ServiceConfig]))
    references, definitions = models_json_schema(
        [(each, "validation") for each in classes], schema_generator=_Generator
    )
    schema_of = {model: references[model, "validation"] for model in classes}
    sections: dict[str, Any] = {}
    for (section, name), model in models.items():
        body = {"anyOf": [schema_of[model], {"type": "null"}]}
        patterns = sections.setdefault(section, {"type": ["object", "null"], "additionalProperties": False})
        patterns.setdefault("patternProperties", {})[f"^\\s*{name}\\s*(/.+)?$"] = body
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "otel-discord configuration",
        "type": "object",
        "additionalProperties": False,
        "required": ["service"],
        "properties": {**sections, "service": schema_of[ServiceConfig], "tests": {"type": ["array", "null"]}},
        "$defs": {name: _with_references(each) for name, each in definitions.get("$defs", {}).items()},
    }


def _with_references(node: Any) -> Any:
    """Let every number, boolean and section of a schema also be a reference, and sections be empty."""
    if isinstance(node, list):
        return [_with_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("properties"), dict):
        properties = {key: _or_reference(each) for key, each in node["properties"].items()}
        return {**{key: _with_references(item) for key, item in node.items()}, "properties": properties}
    return {key: _with_references(item) for key, item in node.items()}


def _or_reference(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    kind = node.get("type", [])
    kinds = frozenset([kind] if isinstance(kind, str) else kind)
    if kinds & _NOT_TEXT or kinds & {"array", "object"} or "$ref" in node or "enum" in node:
        outer = {key: node[key] for key in ("title", "description", "default") if key in node}
        inner = {key: _with_references(item) for key, item in node.items() if key not in outer}
        empty = [] if kinds & _NOT_TEXT else [{"type": "null"}]
        return {**outer, "anyOf": [inner, _REFERENCE, *empty]}
    return _with_references(node)
