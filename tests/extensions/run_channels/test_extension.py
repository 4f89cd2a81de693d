"""The extension as the service opens it, with a FakeDiscord on a real port: doors, tokens, TLS, no secret anywhere."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
import trustme
from pydantic import ValidationError

from otel_discord._proto import run_channels_pb2 as messages
from otel_discord.component import Component, StartError
from otel_discord.component.destination_source import DestinationSource, MendsDestinations
from otel_discord.component.endpoints import Listening
from otel_discord.component.preflight import Preflight
from otel_discord.component.watched_runs import ShowsRuns
from otel_discord.extensions.run_channels.extension import RunChannels, is_open_to_the_network
from otel_discord.extensions.run_channels.factory import FACTORY
from otel_discord.extensions.run_channels.grpc_api import SERVICE
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.server import serve_fake_discord
from tests.extensions.run_channels.city import BOT_TOKEN, TOKEN, City, House


@pytest.fixture
async def city() -> AsyncIterator[City]:
    async with serve_fake_discord(FakeDiscord()) as server:
        yield City(server)


@asynccontextmanager
async def client(token: str = TOKEN, **settings: Any) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "DiscordBot (https://example.org/tests, 1)"}
    async with aiohttp.ClientSession(headers=headers, **settings) as session:
        yield session


async def test_who_shows_the_service_sees_its_runs_while_it_is_open(city: City):
    extension = city.extension()
    assert isinstance(extension, ShowsRuns)
    assert isinstance(extension, MendsDestinations)
    assert extension.shown_runs() == []
    async with extension.lifespan(House()), client() as session:
        async with session.post(f"http://{extension.endpoints['http']}/runs", json=city.new()) as answer:
            made = await answer.json()
        (run,) = extension.shown_runs()
        assert run.state == "running"
        assert made["webhookUrl"].rsplit("/", 1)[1] not in repr(run)
    assert extension.shown_runs() == []


async def test_it_is_what_the_house_asks_for(city: City):
    extension = city.extension()
    assert isinstance(extension, Component)
    assert isinstance(extension, Listening)
    assert isinstance(extension, Preflight)
    assert isinstance(extension, DestinationSource)
    assert extension.endpoints == {}
    assert extension.destinations() == {}
    extension.preflight()


async def test_a_run_from_its_creation_to_its_end_over_both_doors(city: City, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    house, answers = House(), []
    extension = city.extension()
    async with extension.lifespan(house), client() as session:
        url = f"http://{extension.endpoints['http']}"
        async with session.get(f"{url}/readyz") as answer:
            assert answer.status == 200
        async with session.post(f"{url}/runs", json=city.new()) as answer:
            assert answer.status == 201
            made = await answer.json()
        [destination] = extension.destinations().values()
        assert destination.webhook_url.reveal() == made["webhookUrl"]
        webhook_token = made["webhookUrl"].rsplit("/", 1)[1]
        async with session.post(made["webhookUrl"], json={"content": "from the run"}) as answer:
            assert answer.status in {200, 204}
        async with grpc.aio.insecure_channel(extension.endpoints["grpc"]) as channel:
            create = channel.unary_unary(
                f"/{SERVICE.full_name}/CreateRun",
                request_serializer=messages.CreateRunRequest.SerializeToString,
                response_deserializer=messages.CreateRunResponse.FromString,
            )
            wanted = messages.CreateRunRequest(task_id="build-42", attempt=1, short_id="ab12", guild_id=city.guild.id)
            again = await create(wanted, metadata=(("authorization", f"Bearer {TOKEN}"),), timeout=10)
        assert (again.channel_id, again.webhook_url, again.created) == (made["channelId"], made["webhookUrl"], False)
    async with extension_again(city, house) as extension, client() as session:
        url = f"http://{extension.endpoints['http']}"
        async with session.get(f"{url}/runs/{made['channelId']}") as answer:
            answers.append(await answer.text())
            assert (await answer.json())["state"] == "running"
        async with session.post(f"{url}/runs/{made['channelId']}/finalize", json={"outcome": "success"}) as answer:
            answers.append(await answer.text())
            assert (answer.status, (await answer.json())["status"]) == (202, "archived")
        assert extension.destinations() == {}
        async with session.get(f"{url}/runs") as answer:
            answers.append(await answer.text())
        async with session.post(f"{url}/runs", json=city.new()) as answer:
            answers.append(await answer.text())
            assert answer.status == 409
    logs = " ".join(str(each.__dict__) for each in caplog.records if not each.name.startswith("asyncio"))
    for secret in (BOT_TOKEN, TOKEN, webhook_token):
        assert secret not in logs
        assert secret not in " ".join(answers)
    assert extension.endpoints == {}


@asynccontextmanager
async def extension_again(city: City, house: House) -> AsyncIterator[RunChannels]:
    extension = city.extension()
    async with extension.lifespan(house):
        yield extension


async def test_the_same_request_at_once_is_one_run(city: City):
    extension = city.extension(request_timeout="20s", grpc_endpoint=None)
    async with extension.lifespan(House()), client() as session:

        async def create(number: int) -> tuple[int, str]:
            new = city.new(f"n{number % 5}")
            async with session.post(f"http://{extension.endpoints['http']}/runs", json=new) as answer:
                return answer.status, (await answer.json()).get("channelId", "")

        made = await asyncio.gather(*(create(number) for number in range(20)))
        assert sorted({status for status, _ in made}) == [200, 201]
        assert len({channel_id for _, channel_id in made}) == 5
        assert [status for status, _ in made].count(201) == 5


async def test_a_token_of_another_guild_ends_nothing_that_was_forgotten_here(city: City):
    keys = {"name": "other", "token": "a-token-of-another-guild", "guilds": ["1034567890123456789"]}
    extension = city.extension(grpc_endpoint=None)
    async with extension.lifespan(House()), client() as session:
        answer = await session.post(f"http://{extension.endpoints['http']}/runs", json=city.new())
        channel_id = (await answer.json())["channelId"]
    extension = city.extension(grpc_endpoint=None, tokens=[keys, {"name": "ci", "token": TOKEN}])
    async with extension.lifespan(House()), client("a-token-of-another-guild") as other, client() as own:
        url = f"http://{extension.endpoints['http']}/runs/{channel_id}"
        async with other.post(f"{url}/finalize") as answer:
            assert answer.status == 403
        async with own.get(url) as answer:
            assert (await answer.json())["finalizedAt"] is None


async def test_the_header_may_be_posted_by_the_webhook(city: City):
    extension = city.extension(header_embed=False, grpc_endpoint=None)
    async with extension.lifespan(House()), client() as session:
        async with session.post(f"http://{extension.endpoints['http']}/runs", json=city.new()) as answer:
            assert answer.status == 201
            channel_id = (await answer.json())["channelId"]
        posted = city.server.fake.messages
        assert [message.webhook_id is not None for message in posted if message.channel_id == channel_id] == [True]


async def test_a_wrong_bot_token_ends_the_start(city: City):
    extension = city.extension(bot_token="made-up-but-of-nobody")
    with pytest.raises(StartError, match="token") as raised:
        async with extension.lifespan(House()):
            pass
    assert "made-up-but-of-nobody" not in str(raised.value)
    assert extension.endpoints == {}


async def test_a_token_file_is_read_again_and_what_is_wrong_with_it_is_said(
    city: City, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    file, bot_file = tmp_path / "token", tmp_path / "bot"
    file.write_text(f"{TOKEN}\n")
    bot_file.write_text(f"{BOT_TOKEN}\n")
    keys = {"tokens": [{"name": "ci", "token_file": str(file)}], "bot_token": None, "bot_token_file": str(bot_file)}
    extension = city.extension(**keys)
    extension.preflight()
    async with extension.lifespan(House()), client() as old, client("another-token-that-is-long") as new:
        url = f"http://{extension.endpoints['http']}/runs"

        async def statuses() -> list[int]:
            return [await status(session, url) for session in (old, new)]

        assert await statuses() == [200, 401]
        file.write_text("another-token-that-is-long")
        await asyncio.sleep(1)
        assert await statuses() == [401, 200]
        file.unlink()
        await asyncio.sleep(1)
        assert await statuses() == [401, 200]
        file.write_text("short")
        await asyncio.sleep(1)
        assert await statuses() == [401, 401]
    assert "short" not in {each.getMessage() for each in caplog.records}
    with pytest.raises(StartError, match="tokens::0::token_file"):
        extension.preflight()


async def status(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        return answer.status


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"bot_token": None, "bot_token_file": "/no/such/file"}, "bot_token_file"),
        ({"bot_token": "two words"}, "bot_token"),
        ({"tokens": [{"name": "a", "token_file": "/no/such/file"}]}, "tokens::0::token_file"),
        ({"tokens": [{"name": "a", "token": TOKEN}, {"name": "b", "token": TOKEN}]}, "a and b are the same token"),
        ({"tls": {"cert_file": "/no/such/file", "key_file": "/no/such/file"}}, "tls"),
    ],
)
async def test_what_cannot_be_used_is_said_before_the_start(city: City, keys: dict[str, Any], says: str):
    extension = city.extension(**keys)
    with pytest.raises(StartError, match=says) as raised:
        extension.preflight()
    assert TOKEN not in str(raised.value)
    with pytest.raises(StartError, match=says):
        async with extension.lifespan(House()):
            pass


async def test_a_storage_that_is_not_there_ends_the_start(city: City):
    with pytest.raises(StartError, match="storage"):
        async with city.extension(storage="file_storage").lifespan(House()):
            pass


async def test_a_discord_that_is_away_does_not_end_the_start(city: City, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("otel_discord.extensions.run_channels.opening.FIRST_TRY_S", 0.2)
    monkeypatch.setattr("otel_discord.extensions.run_channels.work.FIRST_TRY_S", 0.2)
    extension = city.extension(discord_endpoint="http://127.0.0.1:9/api/v10")
    async with extension.lifespan(House()), client() as session:
        url = f"http://{extension.endpoints['http']}"
        async with session.get(f"{url}/readyz") as answer:
            assert answer.status == 503
        assert await status(session, f"{url}/healthz") == 200
        async with session.post(f"{url}/runs", json=city.new()) as answer:
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0


async def test_tls_and_certificates_of_callers(city: City, tmp_path: Path):
    authority = trustme.CA()
    for name, certificate in (("server", authority.issue_cert("127.0.0.1")), ("caller", authority.issue_cert("me"))):
        certificate.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
        certificate.cert_chain_pems[0].write_to_path(str(tmp_path / f"{name}.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = {
        "cert_file": str(tmp_path / "server.pem"),
        "key_file": str(tmp_path / "server.key"),
        "client_ca_file": str(tmp_path / "ca.pem"),
    }
    extension = city.extension(tls=tls)
    async with extension.lifespan(House()), client() as session:
        url = f"https://{extension.endpoints['https']}/runs"
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        with pytest.raises(aiohttp.ClientError):
            async with session.get(url, ssl=context):
                pass
        context.load_cert_chain(tmp_path / "caller.pem", tmp_path / "caller.key")
        async with session.get(url, ssl=context) as answer:
            assert answer.status == 200
        credentials = grpc.ssl_channel_credentials(
            (tmp_path / "ca.pem").read_bytes(),
            (tmp_path / "caller.key").read_bytes(),
            (tmp_path / "caller.pem").read_bytes(),
        )
        async with grpc.aio.secure_channel(extension.endpoints["grpc"], credentials) as channel:
            listing = channel.unary_unary(
                f"/{SERVICE.full_name}/ListRuns",
                request_serializer=messages.ListRunsRequest.SerializeToString,
                response_deserializer=messages.ListRunsResponse.FromString,
            )
            page = await listing(
                messages.ListRunsRequest(), metadata=(("authorization", f"Bearer {TOKEN}"),), timeout=10
            )
            assert list(page.runs) == []


@pytest.mark.parametrize(
    ("endpoint", "is_open"),
    [
        ("localhost:8080", False),
        ("127.0.0.1:8080", False),
        ("[::1]:8080", False),
        (":8080", True),
        ("0.0.0.0:8080", True),
        ("runs.example.org:8080", True),
    ],
)
def test_what_other_machines_reach(endpoint: str, is_open: bool):
    assert is_open_to_the_network(endpoint) == is_open


async def test_without_tls_the_network_is_warned_of(city: City, caplog: pytest.LogCaptureFixture):
    async with city.extension(endpoint="0.0.0.0:0", grpc_endpoint=None).lifespan(House()):
        pass
    assert "can be reached from the network without TLS" in caplog.text


@pytest.mark.parametrize("keys", [{"tokens": []}, {"tokens": [{"name": "a", "token": "short"}]}, {"bot_token": ""}])
def test_what_the_configuration_refuses(keys: dict[str, Any]):
    config = {"tokens": [{"name": "ci", "token": TOKEN}], "bot_token": BOT_TOKEN} | keys
    with pytest.raises(ValidationError):
        FACTORY.config.model_validate(config)
