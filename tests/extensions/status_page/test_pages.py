"""Pages and documents over HTTP: what they show, and what they never show."""

import asyncio
import contextlib
import ssl
from dataclasses import replace

import aiohttp
import pytest
import trustme

from otel_discord.component import RetryableError, StartError
from otel_discord.extensions.status_page import mutes, server
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.extension import StatusPage
from otel_discord.testing.host import NopHost
from tests.extensions.status_page.conftest import SETTINGS
from tests.extensions.status_page.fake_service import TOKEN, FakeService
from tests.extensions.status_page.shop import GOOD, guarded, shop

PAGES = ("/", "/messages", "/alerts", "/dead-letters", "/configuration", "/dead-letters/letter?exporter=discord&id=18")
DOCUMENTS = ("/api/overview", "/api/messages", "/api/alerts", "/api/dead-letters", "/api/configuration")


async def test_the_overview_says_what_is_wrong_and_where(serve):
    async with serve(shop()) as site:
        status, html = await site.get("/")
    assert status == 200
    assert "<title>(2) Overview" in html
    for words in (
        "2 problems", "404 Unknown Webhook (10015)", "gone", "memory_limiter", "4,312 records", "1 d 2 h",
        "DiskNearlyFull", "nightly backup", "of 1,024", "refused",
    ):  # fmt: skip
        assert words in html, words


async def test_a_service_that_is_well_says_so(serve):
    async with serve(shop(well=True)) as site:
        _, html = await site.get("/")
        _, letters = await site.get("/dead-letters")
        _, messages = await site.get("/messages")
    assert "All is well" in html
    assert "problem" not in html
    assert "There are none" in letters
    assert "No message" in messages


async def test_a_service_without_anything_has_pages(serve):
    async with serve(FakeService()) as site:
        for path in PAGES[:-1]:
            status, html = await site.get(path)
            assert status == 200, path
            assert "</html>" in html


@pytest.mark.parametrize("path", [*PAGES, *DOCUMENTS])
async def test_no_secret_and_no_markup_of_records(serve, path):
    async with serve(shop()) as site:
        status, body = await site.get(path)
    assert status == 200
    assert TOKEN not in body
    if not path.startswith("/api/"):
        assert "<script>document" not in body
        assert "<img src=x" not in body


@pytest.mark.parametrize("path", DOCUMENTS)
async def test_documents_are_json(serve, path):
    async with serve(shop()) as site, site.session.get(site.url + path) as answer:
        assert answer.content_type == "application/json"
        assert isinstance(await answer.json(), dict)


async def test_the_document_of_the_overview(serve):
    async with serve(shop()) as site, site.session.get(f"{site.url}/api/overview") as answer:
        found = await answer.json()
    assert [each["state"]["name"] for each in found["destinations"]] == ["errors", "pager", "audit", "ops"]
    assert found["dead_letters"] == {"discord": 3}
    assert len(found["flows"]) == 9


async def test_messages_of_one_destination(serve):
    async with serve(shop()) as site:
        _, html = await site.get("/messages?destination=ops")
        _, other = await site.get("/messages?destination=%3Cb%3E")
    assert "QueueTooDeep" in html
    assert "Payment declined" not in html
    assert "<b>" not in other


async def test_what_is_not_there(serve):
    async with serve(shop()) as site:
        assert (await site.get("/nothing"))[0] == 404
        assert (await site.get("/static/../extension.py"))[0] == 404
        assert (await site.get("/api/nothing"))[0] == 404
        assert (await site.get("/dead-letters/letter?exporter=discord&id=99"))[0] == 404
        assert (await site.get("/dead-letters/letter?exporter=x&id=18"))[0] == 404
        assert (await site.get("/dead-letters/letter?exporter=discord&id=9999999999999999999999"))[0] == 404


async def test_headers_of_safety(serve):
    async with serve(shop()) as site:
        for path in ("/", "/static/status.js", "/nothing", "/api/overview"):
            async with site.session.get(site.url + path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["Cache-Control"] == "no-store"
                assert answer.headers["Referrer-Policy"] == "same-origin"


async def test_nothing_is_loaded_from_elsewhere_and_no_style_or_script_stands_in_a_page(serve):
    async with serve(shop()) as site:
        for path in PAGES:
            _, html = await site.get(path)
            assert " style=" not in html
            assert "<style" not in html
            assert 'src="http' not in html
            assert " onload=" not in html.split("<main")[0]


async def test_many_readers_cost_one_look(serve):
    service = shop()
    looks = 0
    real = service.components["exporter:discord"].recent_messages

    def counted(limit=50):
        nonlocal looks
        looks += 1
        return real(limit)

    service.components["exporter:discord"].recent_messages = counted
    async with serve(service) as site:
        answers = await asyncio.gather(*(site.get("/messages") for _ in range(12)))
    assert {status for status, _ in answers} == {200}
    assert looks == 1


async def test_more_requests_than_allowed_are_told_to_come_again(serve):
    service = shop()
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        return []

    service.components["exporter:discord"].silences = slow
    async with serve(service, max_requests=2) as site:
        waiting = [asyncio.create_task(site.get("/alerts")) for _ in range(2)]
        await asyncio.sleep(0.2)
        assert (await site.get("/configuration"))[0] == 503
        gate.set()
        assert [status for status, _ in await asyncio.gather(*waiting)] == [200, 200]
        assert (await site.get("/configuration"))[0] == 200


async def test_an_exporter_that_fails_leaves_pages_that_say_so(serve):
    service = shop()

    def broken(*_):
        raise RuntimeError(f"no {TOKEN}")

    async def late():
        raise RetryableError("it is closing")

    exporter = service.components["exporter:discord"]
    exporter.recent_messages = exporter.destination_states = exporter.firing_alerts = broken
    exporter.silences = late
    async with serve(service) as site:
        status, html = await site.get("/messages")
        assert status == 500
        assert TOKEN not in html
        status, html = await site.get("/")
        assert status == 200
        assert "2,950" in html  # by the metrics
        status, html = await site.get("/alerts")
        assert status == 200
        assert "discord did not answer in time" in html


async def test_an_exporter_that_hangs_is_named(serve, monkeypatch):
    monkeypatch.setattr(mutes, "ANSWER_S", 0.05)
    service = shop()
    service.components["exporter:discord"].silences = asyncio.Event().wait
    async with serve(service) as site:
        status, html = await site.get("/alerts")
    assert status == 200
    assert "discord did not answer in time" in html
    assert "nightly backup" in html


async def test_what_is_no_request_gets_an_answer_and_the_next_one_too(serve):
    async with serve(shop()) as site:
        port = int(site.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        head = await asyncio.wait_for(reader.read(300), 5)
        assert b" 400 " in head
        assert b"Traceback" not in head
        writer.close()
        assert (await site.get("/"))[0] == 200


async def test_who_does_not_read_or_never_asks_is_let_go(serve, monkeypatch):
    monkeypatch.setattr(server, "FIRST_HEAD_S", 0.1)
    async with serve(shop()) as site:
        port = int(site.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        assert (await site.get("/"))[0] == 200


async def test_too_many_connections_are_closed(serve, monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)
    async with serve(shop()) as site:
        port = int(site.url.rpartition(":")[2])
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        for _, each in [*held, (reader, writer)]:
            each.close()
        await asyncio.sleep(0.1)
        assert (await site.get("/"))[0] == 200


async def test_numbers_that_json_cannot_say(serve):
    service = shop()
    exporter = service.components["exporter:discord"]
    exporter.messages = [replace(exporter.messages[0], message={"content": "x", "odd": 2**70, 5: float("nan")})]
    async with serve(service) as site:
        assert (await site.get("/api/messages"))[0] == 200
        assert (await site.get("/messages"))[0] == 200


async def test_a_host_that_shows_nothing():
    with pytest.raises(StartError, match="shows nothing"):
        async with StatusPage(SETTINGS, StatusPageConfig(endpoint="127.0.0.1:0")).lifespan(NopHost()):
            pass


async def test_an_endpoint_beyond_this_machine_is_warned_of(caplog):
    config = StatusPageConfig(endpoint="0.0.0.0:0")
    async with StatusPage(SETTINGS, config).lifespan(shop()):
        pass
    assert "without authentication" in caplog.text


async def test_over_tls_its_cookie_is_secure(tmp_path):
    authority = trustme.CA()
    made = authority.issue_cert("localhost")
    pem, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made.cert_chain_pems[0].write_to_path(pem)
    made.private_key_pem.write_to_path(key)
    config = StatusPageConfig(
        endpoint="localhost:0",
        tls={"cert_file": str(pem), "key_file": str(key), "reload_interval": "20ms"},
        auth={"authenticator": "bearer_token_auth"},
    )
    page, service = StatusPage(SETTINGS, config), guarded()
    page.preflight()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with page.lifespan(service), aiohttp.ClientSession() as session:
        url = f"https://localhost:{page.endpoints['https'].rpartition(':')[2]}"
        async with session.get(f"{url}/login", ssl=trusting) as answer:
            form_token = (await answer.text()).split('name="form_token" value="')[1].split('"')[0]
        body = {"form_token": form_token, "token": GOOD}
        async with session.post(f"{url}/login", data=body, ssl=trusting, allow_redirects=False) as answer:
            assert "; Secure" in answer.headers["Set-Cookie"]
        pem.write_text("nonsense")
        await asyncio.sleep(0.1)  # it is read again, and the good one stays in use
        async with session.get(f"{url}/login", ssl=trusting) as answer:
            assert answer.status == 200
    with pytest.raises(StartError, match="certificate and key cannot be used"):
        page.preflight()
    pem.unlink()
    with pytest.raises(StartError, match="cannot read"):
        page.preflight()


async def test_no_secret_in_what_an_alert_says(serve):
    service = shop()
    exporter = service.components["exporter:discord"]
    event, where = exporter.alerts[0]
    told = replace(event, summary=f"see {TOKEN}", labels={"url": f"https://x/{TOKEN}", "port": 80})
    exporter.alerts = [(told, where)]
    async with serve(service) as site:
        for path in ("/", "/alerts", "/api/alerts"):
            _, body = await site.get(path)
            assert TOKEN not in body
            assert "[REDACTED]" in body
