"""The HTTP API on a real port: what is asked for is done, whatever is wrong is said, nothing is a traceback."""

import asyncio
import json
import logging
from typing import Any

import pytest

from otel_discord.component import RetryableError
from otel_discord.extensions.run_channels.http_answers import STATUSES
from otel_discord.extensions.run_channels.problems import Code, RunProblem
from tests.extensions.run_channels.doors import (
    EXPIRED,
    GUILD,
    LIMITED,
    NEW,
    OTHER_GUILD,
    READER,
    SLOW,
    TOKEN,
    WEBHOOK_TOKEN,
    FakeDesk,
    attendant_of,
    http_site,
)


async def test_a_run_is_created_once_and_finalized():
    async with http_site(FakeDesk()) as site:
        status, made, headers = await site.ask("POST", "/runs", body=NEW)
        assert (status, set(made)) == (201, {"channelId", "webhookUrl", "runId", "expiresAt"})
        assert made["webhookUrl"].endswith(WEBHOOK_TOKEN)
        assert made["expiresAt"] == "2027-01-16T08:00:00Z"
        assert headers["location"] == f"/runs/{made['channelId']}"
        status, again, _ = await site.ask("POST", "/runs", body=NEW)
        assert (status, again) == (200, made)
        status, run, _ = await site.ask("GET", headers["location"])
        assert (status, run["state"], run["finalizedAt"]) == (200, "running", None)
        path = f"/runs/{made['channelId']}/finalize"
        status, ended, _ = await site.ask("POST", path, body={"outcome": "success"})
        assert (status, ended["status"], ended["runId"]) == (202, "archived", made["runId"])
        status, ended, _ = await site.ask("POST", path)
        assert (status, ended["status"]) == (202, "archived")
        status, refused, _ = await site.ask("POST", "/runs", body=NEW)
        assert (status, refused["error"]["code"]) == (409, "run_ended")
        status, page, _ = await site.ask("GET", f"/runs?guildId={GUILD}&state=archived&limit=5")
        assert (status, [run["outcome"] for run in page["runs"]], page["nextPageToken"]) == (200, ["success"], "")


async def test_a_run_without_retention_is_cleaned_at_once():
    async with http_site(FakeDesk()) as site:
        _, made, _ = await site.ask("POST", "/runs", body={**NEW, "retentionHours": 0})
        status, ended, _ = await site.ask("POST", f"/runs/{made['channelId']}/finalize", data=b"")
        assert (status, ended["status"]) == (200, "cleaned")


async def test_pages_follow_each_other():
    async with http_site(FakeDesk()) as site:
        for attempt in range(5):
            await site.ask("POST", "/runs", body={**NEW, "attempt": attempt})
        seen, token = [], ""
        while True:
            _, page, _ = await site.ask("GET", f"/runs?limit=2&pageToken={token}")
            seen += [run["attempt"] for run in page["runs"]]
            token = page["nextPageToken"]
            if not token:
                break
        assert seen == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/openapi.json", 200), ("/runs", 401)]
)
async def test_only_what_tells_nothing_is_open(path: str, status: int):
    async with http_site(FakeDesk()) as site:
        assert (await site.ask("GET", path, token=""))[0] == status
        assert (await site.ask("HEAD", path, token=""))[0] == status


async def test_readyz_says_why_not():
    async with http_site(FakeDesk(is_ready=False)) as site:
        status, document, headers = await site.ask("GET", "/readyz", token="")
        assert status == 503
        assert document["reasons"]
        assert headers["retry-after"].isdigit()
        assert (await site.ask("GET", "/healthz", token=""))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/runs/", 404, None),
        ("GET", "/run", 404, None),
        ("GET", "//runs", 404, None),
        ("POST", "/runs/1/finalize/now", 404, None),
        ("DELETE", "/runs", 405, "GET, HEAD, POST"),
        ("OPTIONS", "/runs", 405, "GET, HEAD, POST"),
        ("GET", "/runs/1/finalize", 405, "POST"),
        ("PUT", "/runs/1", 405, "GET, HEAD"),
        ("POST", "/healthz", 405, "GET, HEAD"),
    ],
)
async def test_unknown_paths_and_methods(method: str, path: str, status: int, allow: str | None):
    async with http_site(FakeDesk()) as site:
        found, document, headers = await site.ask(method, path)
        assert (found, headers.get("allow")) == (status, allow)
        assert document["error"]["requestId"] == headers["x-request-id"]


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        ("", 401, "unauthenticated"),
        ("Bearer", 401, "unauthenticated"),
        ("Bearer ", 401, "unauthenticated"),
        ("Basic " + TOKEN, 401, "unauthenticated"),
        ("Bearer " + TOKEN[:-1], 401, "unauthenticated"),
        ("Bearer " + TOKEN + "x", 401, "unauthenticated"),
        ("Bearer " + TOKEN.upper(), 401, "unauthenticated"),
        ("Bearer " + "x" * 5000, 401, "unauthenticated"),
        ("Bearer " + EXPIRED, 401, "unauthenticated"),
        ("Bearer " + READER, 403, "forbidden"),
        ("Bearer " + LIMITED, 403, "forbidden"),
        ("bearer  " + TOKEN + " ", 201, None),
    ],
)
async def test_who_may_create(authorization: str, status: int, code: str | None):
    async with http_site(FakeDesk()) as site:
        found, document, headers = await site.ask("POST", "/runs", body=NEW, token="", Authorization=authorization)
        assert found == status
        assert document.get("error", {}).get("code") == code
        assert ("www-authenticate" in headers) == (status == 401)


async def test_a_token_for_one_guild_sees_and_ends_only_its_runs():
    async with http_site(FakeDesk()) as site:
        _, made, _ = await site.ask("POST", "/runs", body=NEW)
        status, _, _ = await site.ask("POST", f"/runs/{made['channelId']}/finalize", token=LIMITED)
        assert status == 403
        assert (await site.ask("GET", f"/runs/{made['channelId']}", token=LIMITED))[0] == 403
        assert (await site.ask("GET", f"/runs?guildId={GUILD}", token=LIMITED))[0] == 403
        assert (await site.ask("GET", "/runs", token=LIMITED))[1]["runs"] == []
        status, own, _ = await site.ask("POST", "/runs", body={**NEW, "guildId": OTHER_GUILD}, token=LIMITED)
        assert status == 201
        assert [run["channelId"] for run in (await site.ask("GET", "/runs", token=LIMITED))[1]["runs"]] == [
            own["channelId"]
        ]
        assert (await site.ask("POST", f"/runs/{own['channelId']}/finalize", token=LIMITED))[0] == 202


async def test_a_token_has_a_pace_and_so_have_strangers(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    async with http_site(FakeDesk()) as site:
        statuses = [(await site.ask("GET", "/runs", token=SLOW))[0] for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        status, document, headers = await site.ask("GET", "/runs", token=SLOW)
        assert (status, document["error"]["code"]) == (429, "too_many_requests")
        assert 0 < int(headers["retry-after"]) <= 60
        assert len([each for each in caplog.records if getattr(each, "caller", "") == "slow"]) == 1
        wrong = [(await site.ask("GET", "/runs", token=f"wrong-{n:030}"))[0] for n in range(65)]
        assert wrong == [401] * 60 + [429] * 5
        assert len([each for each in caplog.records if getattr(each, "outcome", "") == "unauthenticated"]) == 60
        assert (await site.ask("GET", "/runs"))[0] == 200  # who shares the address with a stranger is let in
        assert (await site.ask("GET", "/runs", token=""))[0] == 401


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"taskId": "a", "taskId": "b"}', "twice"),
        (b'{"attempt": NaN}', "NaN"),
        (b'{"attempt": -Infinity}', "Infinity"),
        (b'{"attempt": 1e999}', "too large"),
        (b'{"attempt": ' + b"9" * 9000 + b"}", "too long"),
        (b'{"metadata": ' + b"[" * 21 + b"]" * 21 + b"}", "nested"),
        (b"[" * 60_000, "nested"),
        (b'{"title": "\\ud800"}', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"text"', "object"),
        (b"{}garbage", "not JSON"),
        (b"'a'", "not JSON"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b'"' + b'\\"' * 30_000, "not JSON"),
    ],
)
async def test_bodies_that_are_none(data: bytes, says: str):
    async with http_site(FakeDesk()) as site:
        status, document, _ = await site.ask("POST", "/runs", data=data)
        assert (status, document["error"]["code"]) == (400, "invalid_request")
        assert says in document["error"]["message"]


async def test_every_wrong_field_is_named():
    async with http_site(FakeDesk()) as site:
        body = {"attempt": "1", "shortId": "a b", "guildId": 12, "metadata": {"k": 1}, "extra": 1}
        status, document, _ = await site.ask("POST", "/runs", body=body)
        assert status == 400
        assert set(document["error"]["fields"]) == {"taskId", "attempt", "shortId", "guildId", "metadata.k", "extra"}
        _, document, _ = await site.ask("GET", "/runs?limit=0&state=lost&guildId=x&pageToken=" + "y" * 300)
        assert set(document["error"]["fields"]) == {"limit", "state", "guildId", "pageToken"}
        _, document, _ = await site.ask("GET", "/runs?state=lost&pageSize=5")
        assert set(document["error"]["fields"]) == {"state", "pageSize"}
        assert "state must be one of creating" in document["error"]["message"]
        _, document, _ = await site.ask("GET", "/runs?limit=5&limit=6&guild=1&limit=%00")
        assert set(document["error"]["fields"]) == {"limit", "guild"}
        _, document, _ = await site.ask("GET", "/runs/abc")
        assert set(document["error"]["fields"]) == {"channelId"}
        _, document, _ = await site.ask("POST", "/runs/%2e%2e%2f/finalize", body={"outcome": 1})
        assert document["error"]["code"] == "invalid_request"


async def test_bodies_too_large_or_of_another_kind():
    async with http_site(FakeDesk()) as site:
        large = b'{"title": "' + b"x" * 66_000 + b'"}'

        async def chunks() -> Any:
            for begin in range(0, len(large), 10_000):
                yield large[begin : begin + 10_000]

        for data in (large, chunks()):
            status, document, _ = await site.ask("POST", "/runs", data=data)
            assert (status, document["error"]["code"]) == (413, "too_large")
        text = json.dumps(NEW).encode()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"):
            status, document, _ = await site.ask("POST", "/runs", data=text, Content_Type=kind)
            assert (status, document["error"]["code"]) == (415, "unsupported_media_type")
        status, _, _ = await site.ask("POST", "/runs", data=text, Content_Encoding="gzip")
        assert status == 415
        assert (await site.ask("POST", "/runs", data=text, Content_Type='Application/JSON; charset="UTF-8"'))[0] == 201


@pytest.mark.parametrize("code", list(Code))
async def test_every_problem_has_its_status(code: Code):
    problem = RunProblem(code, "words", retry_after_s=1.2 if STATUSES[code] in {429, 503} else None)
    async with http_site(FakeDesk(problem=problem)) as site:
        status, document, headers = await site.ask("POST", "/runs", body=NEW)
        assert (status, document["error"]["code"], document["error"]["message"]) == (STATUSES[code], code, "words")
        assert headers.get("retry-after") == ("2" if status in {429, 503} else None)
        described = site.front.document["paths"]["/runs"]["post"]["responses"]
        assert str(status) in described


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RetryableError("the disk is full", retry_after_s=30), 503),
        (ValueError("a secret of ours"), 500),
        (AssertionError(), 500),
    ],
)
async def test_a_fault_of_ours_tells_nothing(error: Exception, status: int, caplog: pytest.LogCaptureFixture):
    async with http_site(FakeDesk(problem=error)) as site:
        found, document, headers = await site.ask("POST", "/runs", body=NEW, X_Request_Id="mine-1")
        assert (found, headers["x-request-id"]) == (status, "mine-1")
        assert "secret" not in json.dumps(document)
        assert "disk" not in json.dumps(document)
        assert any(getattr(each, "request_id", "") == "mine-1" for each in caplog.records)


async def test_what_takes_too_long_is_answered():
    class Sleeping(FakeDesk):
        async def create(self, wanted: Any, *, by: str) -> Any:
            await asyncio.sleep(60)

    async with http_site(None, attendant=attendant_of(Sleeping(), patience_s=0.05)) as site:
        status, document, headers = await site.ask("POST", "/runs", body=NEW)
        assert (status, document["error"]["code"], headers["retry-after"]) == (503, "discord_unavailable", "5")


async def test_only_so_many_wait():
    waiting = asyncio.Event()

    class Sleeping(FakeDesk):
        async def create(self, wanted: Any, *, by: str) -> Any:
            await waiting.wait()
            return await FakeDesk.create(self, wanted, by=by)

    attendant = attendant_of(Sleeping())
    attendant._in_hand |= {asyncio.timeout(None) for _ in range(255)}
    async with http_site(None, attendant=attendant) as site:
        first = asyncio.create_task(site.ask("POST", "/runs", body=NEW))
        await asyncio.sleep(0.05)
        status, document, _ = await site.ask("POST", "/runs", body={**NEW, "attempt": 2})
        assert (status, document["error"]["code"]) == (503, "not_ready")
        waiting.set()
        assert (await first)[0] == 201


async def test_at_the_end_those_who_wait_get_an_answer():
    class Sleeping(FakeDesk):
        async def create(self, wanted: Any, *, by: str) -> Any:
            await asyncio.sleep(60)

    async with http_site(None, attendant=attendant_of(Sleeping(), patience_s=60)) as site:
        waiting = asyncio.create_task(site.ask("POST", "/runs", body=NEW))
        await asyncio.sleep(0.05)
        site.front.attendant.close()
        assert (await waiting)[0] == 503
        status, document, _ = await site.ask("GET", "/runs")
        assert (status, document["error"]["code"]) == (503, "not_ready")
        assert (await site.ask("GET", "/readyz", token=""))[0] == 503


@pytest.mark.parametrize(("given", "kept"), [("abc-1", True), ("x" * 65, False), ("a b", False), ("", False)])
async def test_request_ids(given: str, kept: bool):
    async with http_site(FakeDesk()) as site:
        _, document, headers = await site.ask("GET", "/nowhere", X_Request_Id=given)
        assert (headers["x-request-id"] == given) == kept
        assert document["error"]["requestId"] == headers["x-request-id"]


async def test_no_answer_is_kept_or_shown_elsewhere():
    async with http_site(FakeDesk()) as site:
        for path in ("/healthz", "/runs", "/nowhere"):
            _, _, headers = await site.ask("GET", path, Origin="https://evil.example")
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert "access-control-allow-origin" not in headers
            assert "aiohttp" not in headers["server"]


async def test_the_audit_log_says_who_and_what_and_no_secret(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    async with http_site(FakeDesk()) as site:
        _, made, _ = await site.ask("POST", "/runs", body={**NEW, "title": "a title", "metadata": {"k": "a value"}})
        await site.ask("POST", f"/runs/{made['channelId']}/finalize", body={"outcome": "an outcome"})
        await site.ask("POST", "/runs", body=NEW, token=READER)
        await site.ask("GET", "/runs")
        await site.ask("GET", "/runs", token="wrong-token-wrong-token")
    lines = [each for each in caplog.records if each.getMessage().startswith("audit")]
    assert [(each.action, each.outcome, getattr(each, "caller", "")) for each in lines] == [
        ("create", "created", "ci"),
        ("finalize", "finalized", "ci"),
        ("create", "forbidden", "reader"),
        ("list", "unauthenticated", ""),
    ]
    assert all(each.request_id and each.peer == "127.0.0.1" and each.transport == "http" for each in lines)
    assert lines[0].run_id == made["runId"]
    assert lines[0].channel_id == lines[1].channel_id == made["channelId"]
    everything = " ".join(str(each.__dict__) for each in caplog.records)
    for secret in (TOKEN, READER, WEBHOOK_TOKEN, "wrong-token", "a title", "a value", "an outcome"):
        assert secret not in everything


async def test_only_a_create_shows_a_webhook():
    async with http_site(FakeDesk()) as site:
        _, made, _ = await site.ask("POST", "/runs", body=NEW)
        answers = [
            await site.ask("GET", "/runs"),
            await site.ask("GET", f"/runs/{made['channelId']}"),
            await site.ask("POST", f"/runs/{made['channelId']}/finalize"),
            await site.ask("POST", "/runs", body=NEW),
            await site.ask("GET", "/openapi.json"),
        ]
        assert WEBHOOK_TOKEN not in str(answers)
