"""Maintenance on the page: begun and ended with the care of silences."""

import pytest

from otel_discord.component.maintenance import MaintenanceWindow
from tests.extensions.status_page.fake_service import HOSTILE, TOKEN
from tests.extensions.status_page.shop import shop

START, END = "/alerts/maintenance/start", "/alerts/maintenance/end"


def exporter(service):
    return service.components["exporter:discord"]


async def test_it_is_started_and_ended(serve):
    service = shop()
    fields = {
        "name": "<b>release", "duration": "1h30m", "matchers": "service.name=shop\r\n\r\nseverity<FATAL=",
        "action": "drop", "critical": "yes", "comment": "<i>new",
    }  # fmt: skip
    async with serve(service) as site:
        status, html = await site.post(START, fields)
        assert status == 200
        assert "Maintenance &lt;b&gt;release has begun (discord)." in html
        (asked,) = exporter(service).asked_maintenance
        assert (asked.name, asked.for_s, asked.matchers) == (
            "<b>release", 5400.0, ("service.name=shop", "severity<FATAL="),
        )  # fmt: skip
        assert (asked.action, asked.critical, asked.comment, asked.author) == ("drop", True, "<i>new", "status page")
        assert "&lt;i&gt;new" in html
        assert "<b>release" not in html
        _, html = await site.post(END, {"name": "<b>release"})
    assert "Maintenance &lt;b&gt;release has ended" in html
    assert not [each for each in exporter(service).windows if each.name == "<b>release"]


async def test_what_is_left_empty_is_as_the_configured_window_says(serve):
    service = shop()
    async with serve(service) as site:
        _, html = await site.get("/alerts")
        assert 'href="/alerts?m_name=deploy#maintain"' in html
        _, html = await site.get("/alerts?m_name=deploy")
        assert 'name="name" value="deploy"' in html
        assert 'name="duration" value="1h"' in html
        await site.post(START, {"name": "deploy", "duration": "30m"})
    (asked,) = exporter(service).asked_maintenance
    assert (asked.matchers, asked.action, asked.critical) == ((), "", False)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " ", "duration": "1h"}, "Name: 1 to 80 characters"),
        ({"name": "x" * 81, "duration": "1h"}, "Name: 1 to 80 characters"),
        ({"name": "a", "duration": "soon"}, "Duration:"),
        ({"name": "a", "duration": "0s"}, "to a year"),
        ({"name": "a", "duration": "1h", "action": "delete"}, "Action: one of hold, drop, no_ping"),
        ({"name": "a", "duration": "1h", "matchers": "a=b\n" * 21}, "at most 20"),
        ({"name": "a", "duration": "1h", "matchers": f"nonsense {TOKEN}", "action": "drop"}, "no matcher"),
    ],
)
async def test_one_that_cannot_be_says_why_and_keeps_what_was_typed(serve, fields, words):
    service = shop()
    async with serve(service) as site:
        _, html = await site.post(START, {"comment": "keep <me>", "critical": "yes", **fields})
    assert words in html
    assert "keep &lt;me&gt;" in html
    assert 'value="yes" checked' in html
    assert ('value="drop" selected' in html) == (fields.get("action") == "drop")
    assert exporter(service).asked_maintenance == []


async def test_there_is_none_of_that_name(serve):
    async with serve(shop()) as site:
        _, html = await site.post(END, {"name": HOSTILE})
    assert "is active" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize("path", [START, END])
async def test_it_needs_the_forms_token_and_allowed_actions(serve, path):
    service = shop()
    fields = {"name": "nightly backup", "duration": "1h"}
    async with serve(service) as site:
        assert (await site.post(path, fields, token="wrong"))[0] == 403
        assert (await site.post(path, fields, headers={"Origin": "https://evil.example"}))[0] == 403
    async with serve(service, allow_actions=False) as site:
        assert (await site.post(path, fields, token="x"))[0] == 403
        _, html = await site.get("/alerts")
        assert "Start" not in html
        assert "<form" not in html
    assert exporter(service).asked_maintenance == []
    assert exporter(service).windows[0].active


async def test_comments_hold_no_secret(serve):
    service = shop()
    window = MaintenanceWindow(name="w", active=True, action="hold", records=f"a={TOKEN}", comment=f"see {TOKEN}")
    exporter(service).windows.append(window)
    async with serve(service) as site:
        _, html = await site.get("/alerts")
    assert ">w<" in html
    assert TOKEN not in html
