"""Titles of forum posts, from whatever a card holds."""

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.exporters.discord.thread_names import NAMES, ThreadName, cleaned
from otel_discord.templating.errors import TemplateError
from otel_discord.testing.otlp import any_value, key_values
from tests.exporters.discord.records import RecordMaker, card_of

RECORD = LogRecord(body=any_value("order 12 failed"), severity_number=17)  # type: ignore[arg-type]
RESOURCE = Resource(attributes=key_values({"service.name": "shop", "deployment.environment.name": "prod"}))


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("Alerts", "Alerts"),
        ("  All\tthe   alerts ", "All the alerts"),
        ("{{ service }}", "shop"),
        ("{{ emoji }} {{ service }} · {{ environment }}", "🔴 shop · prod"),
        ("{{ severity }}: {{ title }}", "ERROR: order 12 failed"),
        ("{{ problem }}", "order 12 failed"),
        ("{{ host }}", "shop"),
        ("{{ title[99] }}", "shop"),
        ("{{ service.upper() }}", "SHOP"),
        ("*{{ service }}*", "*shop*"),
    ],
)
def test_titles(template: str, title: str) -> None:
    assert ThreadName(template).of(card_of(RECORD, RESOURCE)) == title


def test_a_title_is_never_empty() -> None:
    assert ThreadName("{{ host }}").of(card_of(RECORD)) == "Log records"


@pytest.mark.parametrize(
    ("template", "words"),
    [("{{ servce }}", "did you mean 'service'"), ("{{ service", "end of"), ("{{ count }}", "unknown name 'count'")],
)
def test_what_is_wrong_is_said(template: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        ThreadName(template)


def test_what_a_title_depends_on() -> None:
    name = ThreadName("{{ title }} of the service")
    assert name.uses("title")
    assert not name.uses("problem")
    assert not ThreadName("title").uses("title")
    assert (ThreadName("title").own_post, name.own_post) == ("title", "Notices")


@pytest.mark.parametrize("seed", range(300))
def test_any_record_has_a_title_that_discord_takes(seed: int) -> None:
    card = RecordMaker(seed).card()
    for template in ("{{ service }}", "{{ problem }}", " ".join(f"{{{{ {name} }}}}" for name in sorted(NAMES))):
        title = ThreadName(template).of(card)
        assert 1 <= len(title) <= 100
        assert title == cleaned(title)
        assert "\n" not in title
        assert "\u202e" not in title
