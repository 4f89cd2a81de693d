"""What can be done, and by whom: replay, purge, silences; forms of other sites are refused."""

import asyncio

import pytest

from otel_discord.component import EVERY_LETTER
from tests.extensions.status_page.shop import GOOD, guarded, shop


def exporter(service):
    return service.components["exporter:discord"]


async def test_one_letter_is_replayed(serve):
    service = shop()
    async with serve(service) as site:
        status, html = await site.post("/dead-letters/replay", {"exporter": "discord", "id": "17"})
        assert status == 200
        assert "Sending again: dead letter 17" in html
        _, later = await site.get("/dead-letters")
    assert [request.chosen.ids for request in exporter(service).box.replayed] == [frozenset({17})]
    assert "1 delivered of 1" in later
    assert "Database is read-only" not in later


async def test_all_letters_of_a_destination_are_replayed(serve):
    service = shop()
    async with serve(service) as site:
        await site.post("/dead-letters/replay", {"exporter": "discord", "destination": "pager"})
        await asyncio.sleep(0)
    assert exporter(service).box.replayed[0].chosen.destinations == {"pager"}
    assert [each.id for each in exporter(service).box.kept] == [16]


async def test_a_purge_asks_first_and_means_what_was_there(serve):
    service = shop()
    async with serve(service) as site:
        _, html = await site.post("/dead-letters/purge", {"exporter": "discord", "destination": "pager"})
        assert "the question was not answered" in html
        assert len(exporter(service).box.kept) == 3
        _, question = await site.get("/dead-letters/purge?exporter=discord&destination=pager")
        assert "2 dead letters of pager go for good" in question
        until = question.split('name="until_ns" value="')[1].split('"')[0]
        fields = {"exporter": "discord", "destination": "pager", "until_ns": until, "confirm": "yes"}
        _, html = await site.post("/dead-letters/purge", fields)
        assert "Removed for good: 2 dead letters" in html
    assert [each.id for each in exporter(service).box.kept] == [16]
    assert exporter(service).box.chosen(EVERY_LETTER)


@pytest.mark.parametrize("fields", [{"id": "x"}, {"id": "-1"}, {"id": "9" * 40}, {"until_ns": "²"}])
async def test_numbers_that_are_none(serve, fields):
    service = shop()
    async with serve(service) as site:
        _, html = await site.post("/dead-letters/purge", {"exporter": "discord", "confirm": "yes", **fields})
    assert "not a number" in html
    assert len(exporter(service).box.kept) == 3


async def test_a_silence_is_added_and_ended(serve):
    service = shop()
    async with serve(service) as site:
        fields = {"matchers": "service.name=shop\r\nseverity<ERROR=", "duration": "1d12h", "comment": "<b>deploy</b>"}
        _, html = await site.post("/alerts/silence", fields)
        made = exporter(service).kept_silences[-1]
        assert made.matchers == ("service.name=shop", "severity<ERROR=")
        assert made.ends_ns - made.starts_ns == 36 * 3600 * 10**9
        assert "holds (discord)" in html
        assert "&lt;b&gt;deploy" in html
        _, html = await site.post("/alerts/expire", {"id": made.id})
        assert made not in exporter(service).kept_silences
        assert "has ended" in html


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"matchers": "", "duration": "1h"}, "Matchers: write 1 to 20"),
        ({"matchers": "a=b", "duration": "soon"}, "Duration:"),
        ({"matchers": "a=b", "duration": "800d"}, "to a year"),
        ({"matchers": "nonsense", "duration": "1h", "comment": "keep me"}, "no matcher"),
    ],
)
async def test_a_silence_that_is_none_says_why_and_keeps_what_was_typed(serve, fields, words):
    async with serve(shop()) as site:
        _, html = await site.post("/alerts/silence", fields)
    assert words in html
    assert fields.get("comment", "") in html
    assert f">{fields['matchers']}</textarea>" in html


async def test_actions_can_be_switched_off(serve):
    service = shop()
    async with serve(service, allow_actions=False) as site:
        _, html = await site.get("/dead-letters")
        assert "<form" not in html
        status, _ = await site.post("/dead-letters/replay", {"exporter": "discord", "id": "17"}, token="x")
        assert status == 403
        assert (await site.get("/dead-letters/purge?exporter=discord"))[0] == 403
    assert not exporter(service).box.replayed


REPLAY = {"exporter": "discord", "id": "17"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example:55679"},
        {"Host": ""},
    ],
)
async def test_other_sites_cannot_act(serve, headers):
    service = shop()
    async with serve(service) as site:
        status, _ = await site.post("/dead-letters/replay", REPLAY, headers)
        assert status in {403, 421}
        assert (await site.post("/dead-letters/replay", REPLAY, token="guessed"))[0] == 403
        assert (await site.get("/dead-letters/replay?exporter=discord&id=17"))[0] == 404
    assert not exporter(service).box.replayed


async def test_a_name_that_points_here_is_refused_unless_it_is_allowed(serve):
    async with serve(shop(), allowed_hosts=["Status.example."]) as site:
        assert (await site.get("/", Host="rebound.example"))[0] == 421
        assert (await site.get("/static/status.js", Host="rebound.example"))[0] == 421
        for name in ("localhost:1", "127.0.0.1", "[::1]:5", "10.0.0.7:80", "status.example"):
            assert (await site.get("/", Host=name))[0] == 200, name


async def test_another_site_cannot_embed_or_read(serve):
    async with serve(shop()) as site:
        assert (await site.get("/", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}))[0] == 403
        assert (await site.get("/", **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}))[0] == 200


async def test_bodies_are_bounded_and_of_one_kind(serve):
    async with serve(shop()) as site:
        async with site.session.post(f"{site.url}/alerts/silence", json={"matchers": "a=b"}) as answer:
            assert answer.status == 415
        async with site.session.post(f"{site.url}/alerts/silence", data={"matchers": "a" * 70_000}) as answer:
            assert answer.status == 413
        async with site.session.put(f"{site.url}/") as answer:
            assert answer.status == 405


AUTH = {"auth": {"authenticator": "bearer_token_auth"}}


async def test_with_auth_nothing_is_shown_without_a_token(serve):
    async with serve(guarded(), **AUTH) as site:
        for path in ("/", "/messages", "/dead-letters/letter?exporter=discord&id=17"):
            status, html = await site.get(path)
            assert status == 401
            assert "Payment" not in html
            assert 'type="password"' in html
        assert (await site.get("/api/overview"))[0] == 401
        assert (await site.get("/static/status.css"))[0] == 200
        assert (await site.get("/api/overview", Authorization=f"Bearer {GOOD}"))[0] == 200
        assert (await site.get("/api/overview", Authorization="Bearer wrong"))[0] == 401


async def login(site, token):
    _, html = await site.get("/login")
    form_token = html.split('name="form_token" value="')[1].split('"')[0]
    body = {"form_token": form_token, "token": token}
    async with site.session.post(f"{site.url}/login", data=body, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Set-Cookie", "")


async def test_a_person_signs_in_and_out(serve):
    service = guarded()
    async with serve(service, **AUTH) as site:
        status, cookie = await login(site, "wrong")
        assert (status, cookie) == (401, "")
        status, cookie = await login(site, GOOD)
        assert status == 303
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert GOOD not in cookie
        assert (await site.get("/messages"))[0] == 200
        status, _ = await site.post("/dead-letters/replay", REPLAY)
        assert status == 200
        assert (await site.post("/dead-letters/replay", REPLAY, token="x"))[0] == 403
        await site.post("/logout", {})
        assert (await site.get("/messages"))[0] == 401
    assert len(exporter(service).box.replayed) == 1


async def test_a_token_that_is_withdrawn_ends_its_sessions(serve):
    service = guarded()
    async with serve(service, **AUTH) as site:
        await login(site, GOOD)
        assert (await site.get("/"))[0] == 200
        service.extensions["bearer_token_auth"]._tokens = type(service.extensions["bearer_token_auth"]._tokens)([])
        assert (await site.get("/"))[0] == 401


async def test_scripts_act_with_a_header_and_no_form_token(serve):
    service = guarded()
    async with serve(service, **AUTH) as site:
        headers = {"Authorization": f"Bearer {GOOD}", "Accept": "application/json"}
        async with site.session.post(f"{site.url}/dead-letters/replay", data=REPLAY, headers=headers) as answer:
            assert answer.status == 200
            assert await answer.json() == {"told": "Sending again: dead letter 17."}
    assert len(exporter(service).box.replayed) == 1
