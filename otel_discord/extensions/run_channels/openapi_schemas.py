"""What requests and answers of the HTTP API look like, as JSON Schema (2020-12) in the OpenAPI document. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from otel_discord.extensions.run_channels import requests as bounds
from otel_discord.extensions.run_channels.http_answers import HTTP_CODES
from otel_discord.extensions.run_channels.http_api import MOST_PAGE_SIZE
from otel_discord.extensions.run_channels.problems import Code
from otel_discord.extensions.run_channels.runs import State

SNOWFLAKE: Final = {
    "type": "string",
    "pattern": "^[1-9][0-9]{0,18}$",
    "description": "An id of Discord: digits only, in quotes, since as a JSON number it would lose some.",
    "examples": ["1034567890123456789"],
}
_TIME: Final = {"type": "string", "format": "date-time"}
_MAYBE_TIME: Final = {"type": ["string", "null"], "format": "date-time"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_CODES: Final = sorted({*(code.value for code in Code), *HTTP_CODES})


def schemas(max_retention_hours: int, default_retention_hours: int) -> dict[str, Any]:
    """Return ``components/schemas``: the bounds of requests are those by which they are checked."""
    return {"NewRun": _new_run(max_retention_hours, default_retention_hours), **_answers()}


def _new_run(max_retention_hours: int, default_retention_hours: int) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["taskId", "attempt", "shortId", "guildId"],
        "properties": {
            "taskId": {
                "type": "string",
                "minLength": 1,
                "maxLength": bounds.MAX_TASK_ID_CHARS,
                "pattern": "^[!-~]([ -~]*[!-~])?$",
                "description": "What is run. Other visible characters than those of ASCII are taken as well.",
                "examples": ["build-42"],
            },
            "attempt": {"type": "integer", "minimum": 0, "maximum": bounds.MAX_ATTEMPT, "examples": [1]},
            "shortId": {"type": "string", "pattern": bounds.SHORT_ID_PATTERN, "examples": ["ab12"]},
            "guildId": SNOWFLAKE,
            "retentionHours": {
                "type": ["integer", "null"],
                "minimum": 0,
                "maximum": max_retention_hours,
                "description": f"How long its channel stays from now on; {default_retention_hours} if not set.",
            },
            "title": {"type": ["string", "null"], "maxLength": bounds.MAX_TITLE_CHARS},
            "metadata": {
                "type": ["object", "null"],
                "maxProperties": bounds.MAX_METADATA_ENTRIES,
                "propertyNames": {"pattern": f"^[!-~]{{1,{bounds.MAX_METADATA_KEY_CHARS}}}$"},
                "additionalProperties": {"type": "string", "maxLength": bounds.MAX_METADATA_VALUE_CHARS},
                "description": "Shown in the channel's first message, so no secrets.",
                "examples": [{"commit": "4f2a91c", "branch": "main"}],
            },
        },
    }


def _answers() -> dict[str, Any]:
    text = {"type": "string"}
    run = {
        "runId": text,
        "channelId": {"type": ["string", "null"], "description": "Null while it is being made."},
        "guildId": SNOWFLAKE,
        "taskId": text,
        "attempt": _COUNT,
        "shortId": text,
        "title": text,
        "state": {"enum": [each.value for each in State]},
        "outcome": text,
        "createdAt": _MAYBE_TIME,
        "finalizedAt": _MAYBE_TIME,
        "expiresAt": _MAYBE_TIME,
        "channelName": text,
        "metadata": {"type": "object", "additionalProperties": text},
        **dict.fromkeys(("records", "warnings", "errors", "steps"), _COUNT),
        "lastStep": text,
    }
    outcome = {
        "type": ["string", "null"],
        "maxLength": bounds.MAX_OUTCOME_CHARS,
        "examples": ["success", "failure", "cancelled"],
    }
    return {
        "CreatedRun": _object(
            {
                "channelId": SNOWFLAKE,
                "webhookUrl": {"type": "string", "format": "uri", "description": "Secret: who has it can post."},
                "runId": text,
                "expiresAt": _TIME,
            }
        ),
        "Finalize": {"type": "object", "additionalProperties": False, "properties": {"outcome": outcome}},
        "FinalizedRun": _object(
            {
                "status": {"enum": ["finishing", "archived", "cleaned"]},
                "channelId": SNOWFLAKE,
                "runId": {"type": ["string", "null"]},
                "expiresAt": _MAYBE_TIME,
            }
        ),
        "Run": _object(run),
        "RunPage": _object(
            {
                "runs": {"type": "array", "maxItems": MOST_PAGE_SIZE, "items": {"$ref": "#/components/schemas/Run"}},
                "nextPageToken": {"type": "string", "description": "Empty on the last page."},
            }
        ),
        "Status": {
            "type": "object",
            "additionalProperties": False,
            "required": ["status"],
            "properties": {
                "status": {"enum": ["ok", "ready", "not ready"]},
                "reasons": {"type": "array", "items": text},
            },
        },
        "Error": _object({"error": _error_schema()}),
    }


def _error_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["code", "message", "requestId"],
        "properties": {
            "code": {"enum": _CODES},
            "message": {"type": "string"},
            "fields": {"type": "object", "additionalProperties": {"type": "string"}},
            "requestId": {"type": "string"},
        },
    }


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }
