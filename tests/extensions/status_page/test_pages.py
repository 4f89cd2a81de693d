"""Pages and documents over HTTP: what they show, and what they never show."""

import asyncio

import pytest

from otel_discord.component import StartError
from otel_discord.extensions.status_page.config import StatusPageConfig
from otel_discord.extensions.status_page.extension import StatusPage
from otel_discord.testing.host import NopHost
from tests.extensions.status_page.conftest import SETTINGS
from tests.extensions.status_page.fake_service import TOKEN, FakeService
from tests.extensions.status_page.shop import shop

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


async def test_an_exporter_that_fails_leaves_a_page_that_says_so(serve, caplog):
    service = shop()

    def broken(limit=50):
        raise RuntimeError(f"no {TOKEN}")

    service.components["exporter:discord"].recent_messages = broken
    async with serve(service) as site:
        status, html = await site.get("/messages")
        assert status == 500
        assert TOKEN not in html
        assert (await site.get("/"))[0] == 200


async def test_a_host_that_shows_nothing():
    with pytest.raises(StartError, match="shows nothing"):
        async with StatusPage(SETTINGS, StatusPageConfig(endpoint="127.0.0.1:0")).lifespan(NopHost()):
            pass


async def test_an_endpoint_beyond_this_machine_is_warned_of(caplog):
    config = StatusPageConfig(endpoint="0.0.0.0:0")
    async with StatusPage(SETTINGS, config).lifespan(shop()):
        pass
    assert "without authentication" in caplog.text
