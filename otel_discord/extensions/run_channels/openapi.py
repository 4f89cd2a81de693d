"""The OpenAPI 3.1 document of the HTTP API, made of the same bounds that requests are checked by. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from otel_discord.extensions.run_channels.bodies import MOST_BODY_BYTES
from otel_discord.extensions.run_channels.http_api import MOST_PAGE_SIZE, MOST_PAGE_TOKEN_CHARS, PAGE_SIZE
from otel_discord.extensions.run_channels.openapi_schemas import SNOWFLAKE, schemas
from otel_discord.extensions.run_channels.runs import State

_WHY: Final[Mapping[str, str]] = {
    "400": "Not understood: `fields` names each wrong or missing field by its JSON name.",
    "401": "No token, a wrong one, or one that has expired.",
    "403": "The token may not do that, or not in this guild.",
    "404": "No such run, or the bot is not in that guild.",
    "405": "This path does not know the method.",
    "408": "The body did not arrive in time.",
    "409": "The run was finalized already, or another channel has its name.",
    "413": f"The body is larger than {MOST_BODY_BYTES // 1024} KiB.",
    "415": "The body is not `application/json` in UTF-8, or is compressed.",
    "429": "Too many requests with this token, or without one that lets in.",
    "500": "Our own fault; the service's log has it by `requestId`.",
    "502": "Discord will not do it; the message says why, and names a permission that is missing.",
    "503": "Not now: the work goes on behind where it was begun, ask again after `Retry-After` seconds.",
}


def openapi_document(*, version: str, max_retention_hours: int, default_retention_hours: int) -> dict[str, Any]:
    """Return the document that ``/openapi.json`` shows."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "otel-discord run channels",
            "version": version or "0",
            "description": "A channel and a webhook in Discord for every run, and cleaned up after.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "headers": _headers(),
            "schemas": schemas(max_retention_hours, default_retention_hours),
        },
    }


def _paths() -> dict[str, Any]:
    channel_id = {"name": "channelId", "in": "path", "required": True, "schema": SNOWFLAKE}
    return {
        "/runs": {
            "post": {
                "operationId": "createRun",
                "summary": "Make a channel and a webhook for a run, or return those that it has.",
                "requestBody": _body("NewRun", is_required=True),
                "responses": {
                    "201": _answer("Made.", "CreatedRun", location=True),
                    "200": _answer("It was there already: the same answer again.", "CreatedRun", location=True),
                    **_errors("400", "401", "403", "404", "408", "409", "413", "415", "429", "500", "502", "503"),
                },
            },
            "get": {
                "operationId": "listRuns",
                "summary": "Runs that are known, newest first.",
                "parameters": [
                    _parameter("guildId", {"anyOf": [SNOWFLAKE, {"const": ""}]}, "Only runs of this guild."),
                    _parameter("state", {"enum": [*(each.value for each in State), ""]}, "Only runs in this state."),
                    _parameter(
                        "limit",
                        {"type": "integer", "minimum": 1, "maximum": MOST_PAGE_SIZE, "default": PAGE_SIZE},
                        "So many at most; there may be fewer, and still another page.",
                    ),
                    _parameter(
                        "pageToken",
                        {"type": "string", "maxLength": MOST_PAGE_TOKEN_CHARS},
                        "`nextPageToken` of the page before.",
                    ),
                ],
                "responses": {
                    "200": _answer("A page of runs.", "RunPage"),
                    **_errors("400", "401", "403", "429", "500", "503"),
                },
            },
        },
        "/runs/{channelId}": {
            "get": {
                "operationId": "getRun",
                "summary": "One run, without its webhook.",
                "parameters": [channel_id],
                "responses": {
                    "200": _answer("The run.", "Run"),
                    **_errors("400", "401", "403", "404", "429", "500", "503"),
                },
            }
        },
        "/runs/{channelId}/finalize": {
            "post": {
                "operationId": "finalizeRun",
                "summary": "End a run: its webhook goes at once, its channel when its retention ends.",
                "parameters": [channel_id],
                "requestBody": _body("Finalize", is_required=False),
                "responses": {
                    "202": _answer("Retention lasts, or the work goes on behind.", "FinalizedRun"),
                    "200": _answer("Nothing is left of it.", "FinalizedRun"),
                    **_errors("400", "401", "403", "404", "408", "413", "415", "429", "500", "502", "503"),
                },
            }
        },
        "/healthz": _open_page("getHealth", "Whether the process lives.", {"200": _answer("It lives.", "Status")}),
        "/readyz": _open_page(
            "getReady",
            "Whether runs can be created.",
            {"200": _answer("They can.", "Status"), "503": _answer("They cannot now.", "Status", retry=True)},
        ),
        "/openapi.json": _open_page(
            "getDocument",
            "This document.",
            {"200": {"description": "It.", **_content({"type": "object"}), "headers": _request_id_header()}},
        ),
    }


def _headers() -> dict[str, Any]:
    return {
        "RequestId": {"schema": {"type": "string"}, "description": "The caller's `X-Request-Id`, or one of ours."},
        "RetryAfter": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."},
        "Location": {"schema": {"type": "string"}, "description": "Where the run is looked at."},
    }


def _request_id_header() -> dict[str, Any]:
    return {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}


def _answer(description: str, schema: str, *, location: bool = False, retry: bool = False) -> dict[str, Any]:
    headers = _request_id_header()
    if location:
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    if retry:
        headers["Retry-After"] = {"$ref": "#/components/headers/RetryAfter"}
    return {"description": description, "headers": headers, **_content(_reference(schema))}


def _errors(*statuses: str) -> dict[str, Any]:
    return {status: _answer(_WHY[status], "Error", retry=status in {"429", "503"}) for status in statuses}


def _open_page(operation_id: str, summary: str, responses: Mapping[str, Any]) -> dict[str, Any]:
    return {"get": {"operationId": operation_id, "summary": summary, "security": [], "responses": dict(responses)}}


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": dict(schema)}


def _body(schema: str, *, is_required: bool) -> dict[str, Any]:
    return {"required": is_required, **_content(_reference(schema))}


def _content(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": dict(schema)}}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}


STATUSES_EXPLAINED: Sequence[str] = tuple(_WHY)
