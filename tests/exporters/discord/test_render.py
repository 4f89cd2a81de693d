"""One card: what each option shows and hides."""

from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.discord_api.models import Embed, EmbedFooter
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts import record_facts
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.render import UNREADABLE, Rendered, Renderer
from otel_discord.exporters.discord.render_fit import to_embed
from otel_discord.exporters.discord.render_names import MEMBER_EVENTS
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_severity import severity_color, severity_emoji
from otel_discord.exporters.discord.render_templates import BUILT_IN_DIRECTORY, built_in_template
from otel_discord.exporters.discord.render_values import NAMES, Limits, card_values
from otel_discord.templating.output import FieldOutput, TemplateOutput
from otel_discord.testing.otlp import key_values
from tests.exporters.discord.records import card_of
from tests.exporters.discord.test_facts import PYTHON
from tests.exporters.discord.test_text_evidence import PYTHON as LONG_TRACE

TRACE_LINK = "https://grafana.example/explore?trace={trace_id}&service={service}"


def card(body: str = "it broke", attributes: dict[str, Any] | None = None, count: int = 1, **resource: str) -> Card:
    record = LogRecord(
        body=AnyValue(string_value=body),
        attributes=key_values(attributes or {}),
        severity_number=17,
        time_unix_nano=1_700_000_000_000_000_000,
        trace_id=b"\1" * 16,
        span_id=b"\2" * 8,
    )
    source = {"service.name": "checkout", "deployment.environment.name": "prod", "host.name": "web-1", **resource}
    return card_of(
        record, Resource(attributes=key_values(source)), InstrumentationScope(name="shop", version="1.2"), count
    )


def rendered(given: Card, **options: Any) -> Rendered:
    return Renderer(RenderOptions(**options)).render(given)


def embed_of(given: Card, **options: Any) -> Embed:
    embed = rendered(given, **options).embed
    assert embed is not None
    return embed


def test_a_record_without_a_time_happened_when_it_came() -> None:
    untimed = replace(card_of(LogRecord(body=AnyValue(string_value="it broke"))), accepted_ns=1_700_000_000 * 10**9)
    assert embed_of(untimed).description == "<t:1700000000:R>"
    seen = replace(untimed, first_seen_ns=1_600_000_000 * 10**9, last_seen_ns=1_600_000_000 * 10**9)
    assert embed_of(seen).description == "<t:1600000000:R>"  # another time of acceptance: it is sent again
    assert embed_of(seen, timestamps=False).description == ""


def test_the_default_says_what_where_and_when() -> None:
    embed = embed_of(card(attributes={"order": 7}))
    assert embed.title == "🔴 it broke"
    assert embed.description == "checkout · prod · <t:1700000000:R>\norder=7"
    assert embed.color == severity_color(17)
    assert (embed.fields, embed.footer, embed.timestamp) == ((), None, None)


def test_options_hide() -> None:
    embed = embed_of(card(), timestamps=False, resource=False, emoji=False)
    assert (embed.title, embed.description) == ("it broke", "")
    standard = embed_of(card(), preset="standard", timestamps=False, resource=False)
    assert standard.timestamp is None
    assert standard.footer is not None
    assert standard.footer.text == "ERROR · shop"


def test_stack_traces() -> None:
    exception = card("failed", {"exception.stacktrace": LONG_TRACE, "exception.type": "TypeError"})
    shown = rendered(exception)
    assert shown.embed is not None
    assert "```py\n" in shown.embed.description
    assert "📎 trace.txt" in shown.embed.description
    assert [part.filename for part in shown.files] == ["trace.txt"]
    assert shown.files[0].open() == LONG_TRACE.encode()
    hidden = rendered(exception, stack_traces=False)
    assert hidden.embed is not None
    assert "```" not in hidden.embed.description
    assert hidden.files == ()


def test_a_short_trace_needs_no_file() -> None:
    assert rendered(card("failed", {"exception.stacktrace": PYTHON})).files == ()


def test_a_long_message_goes_along_as_a_file() -> None:
    text = "could not save: " + "waiting for the lock; " * 60 + "disk quota exceeded"
    shown = rendered(card(text))
    assert shown.embed is not None
    assert shown.embed.title.endswith("disk quota exceeded")
    assert "…(+" in shown.embed.title
    assert shown.embed.description.endswith("📎 message.txt")
    assert shown.files[0].open() == text.encode()


def test_links_are_shown_when_their_values_are_known() -> None:
    links = {"trace_link": TRACE_LINK, "links": {"runbook": "https://wiki.example/{severity}"}}
    shown = embed_of(card(**{"service.name": "a b)&x"}), **links)
    trace = f"https://grafana.example/explore?trace={'01' * 16}&service=a%20b%29%26x"
    assert f"[trace]({trace}) · [runbook](https://wiki.example/ERROR)" in shown.description
    without = card_of(LogRecord(body=AnyValue(string_value="x")))
    assert "](" not in embed_of(without, **links).description


@pytest.mark.parametrize("preset", ["standard", "full"])
def test_without_a_link_the_trace_id_is_text(preset: str) -> None:
    assert any("01" * 16 in item.value for item in embed_of(card(), preset=preset).fields)


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("ftp://a.example", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("javascript:alert(1)", "must begin with https://"),
        ("https://a.example/{trace}", r"unknown placeholder \{trace\}.*known are \{environment\}"),
    ],
)
def test_a_bad_link_is_refused_with_a_reason(link: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Renderer(RenderOptions(logs_link=link))


@pytest.mark.parametrize("preset", ["compact", "standard", "full", "plain"])
@pytest.mark.parametrize("limit", [1, 20, 100, 500])
def test_max_message_length(preset: str, limit: int) -> None:
    shown = rendered(
        card("failed\n" + "line\n" * 50, {"exception.stacktrace": PYTHON}), preset=preset, max_message_length=limit
    )
    assert len(shown.embed.description if shown.embed else shown.content) <= limit


def test_counts() -> None:
    assert embed_of(card(count=4312)).title == "🔴 ×4,312 it broke"
    assert "first <t:1700000000:R> · last <t:1700004311:R>" in embed_of(card(count=4312)).description
    assert embed_of(card("it ×9 broke", count=2)).title == "🔴 ×2 it ×\u200b9 broke"
    assert rendered(card(count=4312), preset="plain").content.startswith("🔴 ×4,312 **it broke**")


def test_a_second_try_and_notes_are_said() -> None:
    shown = Renderer().render(card(), repeated=True, notes=["plot.png: let go under *pressure*"])
    assert shown.embed is not None
    assert shown.embed.description.endswith("plot.png: let go under \\*pressure\\*")
    assert shown.embed.footer == EmbedFooter("sent again: the first try may have arrived")


@pytest.mark.parametrize("preset", ["compact", "standard", "full", "plain"])
def test_what_comes_late_says_so_at_its_end(preset: Any) -> None:
    shown = Renderer(RenderOptions(preset=preset)).render(card(), late="2 h late", repeated=True)
    end = shown.embed.footer.text if shown.embed and shown.embed.footer else shown.content
    assert end.endswith("2 h late · sent again: the first try may have arrived")


def test_plain_is_text_alone() -> None:
    shown = rendered(card("hi @everyone <@1>"), preset="plain")
    assert shown.embed is None
    assert shown.content == "🔴 **hi @\u200beveryone <\u200b@1>**\ncheckout · prod · <t:1700000000:R>"


def test_what_cannot_be_read_is_still_a_card() -> None:
    broken = Card(
        resource=b"\xff", scope=b"", record=b"\xff", severity=17, first_seen_ns=0, last_seen_ns=0, accepted_ns=0
    )
    assert embed_of(broken).title == f"🔴 {UNREADABLE}"


def test_severities_differ_in_colour_and_shape() -> None:
    lowest = (1, 5, 9, 13, 17, 21)
    assert len({severity_emoji(number) for number in lowest}) == 6
    assert len({severity_color(number) for number in lowest[1:]}) == 5
    assert severity_color(0) == severity_color(99) == severity_color(1)


def test_every_preset_and_kind_has_its_templates_and_known_limits() -> None:
    names = {path.stem for path in BUILT_IN_DIRECTORY.iterdir()}
    presets = {"compact", "standard", "full", "plain"}
    kinds = {"slow_span", "status", "heartbeat", "digest", "alert_firing", "alert_updated", "alert_resolved"}
    kinds |= {"alert_reply", "run_header", *MEMBER_EVENTS.values()}
    assert names >= presets | {f"{name}_exception" for name in presets} | {"dead_letter_notice"}
    assert names >= kinds | {f"plain_{kind}" for kind in kinds}
    for name in names:
        Limits.of(built_in_template(name).limits)
    with pytest.raises(ValueError, match="unknown limit 'titel_chars'; known are title_chars"):
        Limits.of({"titel_chars": 3})


def test_every_name_that_templates_may_use_has_a_value() -> None:
    facts = record_facts(source_facts(b""), InstrumentationScope(), LogRecord())
    assert set(card_values(card(), facts, RenderOptions(), Limits(), ()).values) == NAMES


def test_an_embed_is_brought_within_every_limit() -> None:
    output = TemplateOutput(
        title="t" * 400,
        description="d" * 9000,
        url="javascript:x",
        fields=tuple(FieldOutput("n" * 400, "v" * 2000) for _ in range(40)),
        author_name="a" * 400,
        author_url="https://a.example",
        footer_text="f" * 3000,
        footer_icon_url="https://\u202e",
        image_url="attachment://notes.txt",
        thumbnail_url="https://a.example/i.png",
    )
    embed = to_embed(output, card_chars=10_000, description_chars=0, time_unix_ns=0)
    assert embed.text_chars <= 6000
    assert len(embed.title) <= 256
    assert embed.description
    assert all(len(item.name) <= 256 and len(item.value) <= 1024 for item in embed.fields)
    assert (embed.url, embed.image_url, embed.thumbnail_url) == ("", "", "https://a.example/i.png")


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("a", True),
        ("\u200b!", True),
        ("é", True),
        ("\U0001f600", True),
        ("\u3164", False),
        ("\u200b\u2060 ", False),
        ("\u2800", False),
    ],
)
def test_a_field_that_nobody_sees_is_none(text: str, is_shown: bool) -> None:
    output = TemplateOutput(title="t", fields=(FieldOutput(text, "v", True), FieldOutput("n", text, True)))
    embed = to_embed(output, card_chars=590, description_chars=0, time_unix_ns=0)
    assert len(embed.fields) == 2 * is_shown


def test_an_empty_template_still_shows_something() -> None:
    assert to_embed(TemplateOutput(), card_chars=590, description_chars=0, time_unix_ns=0).title == "\u200b"


@pytest.mark.parametrize(
    ("event_name", "body", "shown"),
    [
        ("slow: GET /checkout", "GET /checkout took 2.3 s", False),
        ("failed: POST /pay", "POST /pay failed: 503", False),
        ("order.placed", "order.placed by a new customer", True),
        ("shop: refund", "money went back", True),
    ],
)
def test_the_name_of_an_event_does_not_repeat_the_title(event_name: str, body: str, shown: bool) -> None:
    rendered = Renderer(RenderOptions(preset="standard")).render(card(body, {"event.name": event_name}))
    assert rendered.embed is not None
    assert (event_name in rendered.embed.description.replace("\\", "")) is shown
