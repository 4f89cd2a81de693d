"""The OpenAPI document: it says what is served, and schemathesis finds no answer that it does not say."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from otel_discord.discord_api.webhook_url import is_snowflake
from otel_discord.extensions.run_channels.http_answers import HTTP_CODES, STATUSES, run_document
from otel_discord.extensions.run_channels.openapi import openapi_document
from otel_discord.extensions.run_channels.problems import Code
from otel_discord.extensions.run_channels.requests import CREATE_FIELDS, FINALIZE_FIELDS
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.profiles import PROFILES, without_creation_limits
from otel_discord.testing.fake_discord.server import serve_fake_discord
from tests.extensions.run_channels.city import City, House
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


Serving = Callable[[], AbstractAsyncContextManager[tuple[str, str]]]


class Served:
    """What answers in a thread with a loop of its own, since schemathesis is synchronous; ``guild_id`` exists there."""

    def __init__(self, serving: Serving) -> None:
        self.url = self.guild_id = ""
        self._serving = serving
        self._ready, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(10)

    async def _serve(self) -> None:
        async with self._serving() as (self.url, self.guild_id):
            self._ready.set()
            await asyncio.to_thread(self._end.wait)


@asynccontextmanager
async def alone() -> AsyncIterator[tuple[str, str]]:
    async with http_site(FakeDesk()) as site:
        await site.ask("POST", "/runs", body=NEW)
        yield site.url, GUILD


@asynccontextmanager
async def with_discord() -> AsyncIterator[tuple[str, str]]:
    fake = FakeDiscord(without_creation_limits(PROFILES["default"]))
    async with serve_fake_discord(fake) as server:
        city = City(server)
        extension = city.extension(
            tokens=[{"name": "ci", "token": TOKEN, "requests_per_minute": 100_000}], grpc_endpoint=None
        )
        async with extension.lifespan(House()):
            yield f"http://{extension.endpoints['http']}", city.guild.id


@pytest.fixture(scope="module", params=[alone, with_discord], ids=["alone", "with_discord"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with Served(request.param) as server:
        yield server


@schemathesis_schema.parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_schemathesis_finds_nothing(case: Any, served: Served):
    left_out = set()
    if case.operation.label == "GET /runs":
        left_out.add("positive_data_acceptance")  # no pattern tells which page tokens an answer gave
    if isinstance(case.body, dict) and is_snowflake(str(case.body.get("guildId"))):
        case.body["guildId"] = served.guild_id
        left_out.add("negative_data_rejection")  # it may have been the one thing that was wrong
    with requests.Session() as session:
        case.call_and_validate(
            base_url=served.url,
            session=session,
            headers={"Authorization": f"Bearer {TOKEN}"},
            checks=[checks.CHECKS.get_one(name) for name in CHECKS if name not in left_out],
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
