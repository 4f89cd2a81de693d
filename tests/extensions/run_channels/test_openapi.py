"""The OpenAPI document: it says what is served, and schemathesis finds no answer that it does not say."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from otel_discord.extensions.run_channels.http_answers import HTTP_CODES, STATUSES, run_document
from otel_discord.extensions.run_channels.openapi import openapi_document
from otel_discord.extensions.run_channels.problems import Code
from otel_discord.extensions.run_channels.requests import CREATE_FIELDS, FINALIZE_FIELDS
from tests.extensions.run_channels.doors import GUILD, MOST_HOURS, NEW, TOKEN, FakeDesk, http_site

DOCUMENT = openapi_document(version="1", max_retention_hours=MOST_HOURS, default_retention_hours=24)
SCHEMAS = DOCUMENT["components"]["schemas"]
schemathesis_schema = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "positive_data_acceptance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
)
checks.load_all_checks()


class Served:
    """The door in a thread with a loop of its own: schemathesis is synchronous."""

    def __init__(self) -> None:
        self.url = ""
        self.errors: list[str] = []
        self._ready, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._end.set()
        self._thread.join(10)

    async def _serve(self) -> None:
        desk = FakeDesk()
        async with http_site(desk) as site:
            await site.ask("POST", "/runs", body=NEW)
            self.url = site.url
            self._ready.set()
            await asyncio.to_thread(self._end.wait)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    server = Served()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@schemathesis_schema.parametrize()
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_schemathesis_finds_nothing(case: Any, served: Served):
    with requests.Session() as session:
        case.call_and_validate(
            base_url=served.url,
            session=session,
            headers={"Authorization": f"Bearer {TOKEN}"},
            checks=[
                checks.CHECKS.get_one(name)
                for name in CHECKS
                # no pattern tells which page tokens an answer gave
                if name != "positive_data_acceptance" or case.operation.label != "GET /runs"
            ],
        )


def test_the_document_names_every_field_and_code():
    assert tuple(SCHEMAS["NewRun"]["properties"]) == CREATE_FIELDS
    assert tuple(SCHEMAS["Finalize"]["properties"]) == FINALIZE_FIELDS
    said = SCHEMAS["Error"]["properties"]["error"]["properties"]["code"]["enum"]
    assert set(said) == {*Code, *HTTP_CODES}
    assert set(STATUSES) == set(Code)


async def test_the_document_served_is_this_one_and_fits_its_answers():
    jsonschema = pytest.importorskip("jsonschema")
    desk = FakeDesk()
    async with http_site(desk) as site:
        _, served_document, _ = await site.ask("GET", "/openapi.json")
        assert served_document == DOCUMENT
        answers = {
            "CreatedRun": (await site.ask("POST", "/runs", body=NEW))[1],
            "RunPage": (await site.ask("GET", "/runs"))[1],
            "Error": (await site.ask("POST", "/runs", body={}))[1],
            "Status": (await site.ask("GET", "/readyz"))[1],
        }
        channel_id = answers["CreatedRun"]["channelId"]
        answers["Run"] = (await site.ask("GET", f"/runs/{channel_id}"))[1]
        answers["FinalizedRun"] = (await site.ask("POST", f"/runs/{channel_id}/finalize"))[1]
    for name, answer in answers.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer)
    assert set(run_document(desk.runs[channel_id])) == set(SCHEMAS["Run"]["properties"])


@pytest.mark.parametrize(
    ("body", "is_accepted"),
    [
        (NEW, True),
        ({**NEW, "retentionHours": MOST_HOURS, "title": "t" * 100, "metadata": {"k" * 64: "v" * 512}}, True),
        ({**NEW, "retentionHours": None, "title": None, "metadata": None}, True),
        ({**NEW, "retentionHours": MOST_HOURS + 1}, False),
        ({**NEW, "retentionHours": -1}, False),
        ({**NEW, "attempt": 1_000_000}, True),
        ({**NEW, "attempt": 1_000_001}, False),
        ({**NEW, "attempt": 3.0}, True),
        ({**NEW, "attempt": 3.5}, False),
        ({**NEW, "attempt": True}, False),
        ({**NEW, "taskId": "t" * 100}, True),
        ({**NEW, "taskId": "t" * 101}, False),
        ({**NEW, "taskId": ""}, False),
        ({**NEW, "shortId": "s" * 41}, False),
        ({**NEW, "title": "t" * 101}, False),
        ({**NEW, "metadata": {str(n): "" for n in range(20)}}, True),
        ({**NEW, "metadata": {str(n): "" for n in range(21)}}, False),
        ({**NEW, "metadata": {"": "v"}}, False),
        ({**NEW, "metadata": {"k": "v" * 513}}, False),
        ({**NEW, "guildId": int(GUILD)}, False),
        ({**NEW, "guildId": "0"}, False),
        ({**NEW, "more": 1}, False),
    ],
)
async def test_bounds_of_the_document_are_those_of_the_server(body: dict[str, Any], is_accepted: bool):
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator({**SCHEMAS["NewRun"]})
    assert validator.is_valid(body) == is_accepted
    async with http_site(FakeDesk()) as site:
        assert (await site.ask("POST", "/runs", body=body))[0] == (201 if is_accepted else 400)


logging.getLogger("urllib3").setLevel(logging.WARNING)
