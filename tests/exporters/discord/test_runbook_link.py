"""The runbook's link: from the configuration, or the record's own address where that is wanted."""

from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_links import address_of
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.testing.otlp import any_value, key_values
from tests.exporters.discord.records import card_of

TEMPLATE = "https://runbooks.example/{service}/{event_name}"
OWN = "https://wiki.example/what-to-do?for=shop#disk"


def shown(runbook_link: str, event: str = "disk.full", **attributes: Any) -> str:
    record = LogRecord(
        body=any_value("disk is full"),
        severity_number=17,  # type: ignore[arg-type]
        event_name=event,
        attributes=key_values({key.replace("__", "."): value for key, value in attributes.items()}),
    )
    resource = Resource(attributes=key_values({"service.name": "a shop"}))
    rendered = Renderer(RenderOptions(runbook_link=runbook_link)).render(card_of(record, resource))
    assert rendered.embed is not None
    return rendered.embed.description


def test_from_the_configuration() -> None:
    assert "[runbook](https://runbooks.example/a%20shop/disk.full)" in shown(TEMPLATE)
    assert "[runbook]" not in shown(TEMPLATE, event="")
    assert "[runbook]" not in shown("attribute")
    assert "[runbook]" not in shown("", runbook__url=OWN)


@pytest.mark.parametrize("key", ["runbook__url", "runbook_url"])
def test_the_record_s_own_address_goes_first(key: str) -> None:
    for link in (TEMPLATE, "attribute"):
        assert f"[runbook]({OWN})" in shown(link, **{key: OWN})
        assert shown(link, **{key: OWN}).count("[runbook]") == 1


@pytest.mark.parametrize(
    "value",
    [
        "", 7, "javascript:alert(1)", "ftp://a.example", "https://", "https://user:pass@a.example", "https:// a.b",
        "https://a.example/x y", "https://a.example/" + "x" * 2000, "//a.example", "http:/a",
        "https://[::1]/", "https://a.example\u202e/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_no_link(value: object) -> None:
    assert address_of(value) == ""


@pytest.mark.parametrize("value", ["https://a.example/)[x](https://b.example", 'https://a.example/**_`<>|~~"\\'])
def test_an_address_cannot_break_out_of_its_link(value: str) -> None:
    assert not set(address_of(value)) & set('()<>`"\\ |')
