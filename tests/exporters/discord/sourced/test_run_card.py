"""The message that shows a run: short, within every limit, and there whatever a run is called."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.component.destination_source import RunCard, Tally
from otel_discord.exporters.discord.own_messages import OwnMessages
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_names import RUN, VALUES
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_templates import templates_from
from otel_discord.exporters.discord.sourced.run_values import run_values
from tests.exporters.discord.records import FRAGMENTS

STARTED_S = 1_700_000_000.0
TEXTS = st.lists(st.sampled_from([*FRAGMENTS, "x" * 700, "word " * 900]), max_size=4).map("".join)


def run(**changes: Any) -> RunCard:
    given: dict[str, Any] = {
        "run_id": "7f3kq2mzr4tw6abc",
        "name": "nightly-build 42",
        "state": "running",
        "started_unix_s": STARTED_S,
        "expires_unix_s": STARTED_S + 86_400,
        "parameters": {"task": "nightly", "attempt": "1", "user": "ada", "host": "runner-3"},
    }
    return RunCard(**(given | changes))


def shown(card: RunCard, preset: Any = "compact", files: dict[str, str] | None = None) -> dict[str, Any]:
    renderer = Renderer(RenderOptions(preset=preset), templates_from(files or {}))
    return dict(OwnMessages(renderer).run_card(card))


def test_every_name_of_the_template_has_a_value() -> None:
    assert set(run_values(run(), RenderOptions())) == VALUES[RUN]


def test_a_run_that_has_begun_says_little() -> None:
    (embed,) = shown(run())["embeds"]
    assert embed["title"] == "🏃 nightly-build 42"
    assert embed["description"].splitlines() == [
        "started <t:1700000000:R> · ada · runner-3",
        "this channel is deleted <t:1700086400:R>",
    ]
    assert [field["name"] for field in embed["fields"]] == ["task", "attempt"]
    assert embed["footer"]["text"] == "7f3kq2mzr4tw6abc"


def test_an_address_leads_to_the_run_itself() -> None:
    (embed,) = shown(run(parameters={"task": "nightly", "url": "https://ci.example/jobs/(1)?a=b"}))["embeds"]
    assert "[open](https://ci.example/jobs/%281%29?a=b)" in embed["description"]
    assert [field["name"] for field in embed["fields"]] == ["task"]


def test_what_is_no_address_is_text() -> None:
    (embed,) = shown(run(parameters={"url": "javascript:alert(1)"}))["embeds"]
    assert "open" not in embed["description"]
    assert [field["name"] for field in embed["fields"]] == ["url"]


def test_a_run_that_failed_says_what_came_of_it() -> None:
    tally = Tally(records=1240, warnings=1, errors=2, steps=3, last_step="deploy", last_error="no such host")
    card = run(state="failed", outcome="failed", ended_unix_s=STARTED_S + 192, tally=tally)
    message = shown(card)
    (embed,) = message["embeds"]
    assert embed["title"] == "❌ nightly-build 42: failed after 3 m 12 s"
    assert "3 steps · 2 errors · 1 warning · 1,240 records" in embed["description"]
    assert "last step deploy" in embed["description"]
    assert "no such host" in embed["description"]
    assert message["allowed_mentions"] == {"parse": []}
    plain = shown(card, "plain")
    assert "embeds" not in plain
    assert plain["content"].startswith("**❌ nightly-build 42**: failed after 3 m 12 s")


def test_a_users_template_is_taken_and_one_that_fails_is_not() -> None:
    own = {"run_header.yaml": 'title: "run {{ name }}: {{ errors }}"\n'}
    assert shown(run(), files=own)["embeds"][0]["title"] == "run nightly-build 42: 0"
    broken = {"run_header.yaml": 'title: "{{ 1 // errors }}"\n'}
    assert shown(run(), files=broken)["embeds"][0]["title"] == "🏃 nightly-build 42"


class _Broken:
    def run(self, card: RunCard) -> Any:
        raise RuntimeError(card.name)


def test_it_never_raises() -> None:
    message = OwnMessages(_Broken()).run_card(run(name="a @everyone", ended_unix_s=STARTED_S, outcome="ok"))  # type: ignore[arg-type]
    assert message["embeds"][0]["title"].endswith(": ok")
    assert message["allowed_mentions"] == {"parse": []}


@settings(max_examples=40, deadline=None)
@given(
    text=TEXTS,
    preset=st.sampled_from(["compact", "standard", "full", "plain"]),
    numbers=st.integers(0, 10**12),
    parameters=st.dictionaries(TEXTS, TEXTS, max_size=40),
)
def test_any_text_keeps_the_limits(text: str, preset: str, numbers: int, parameters: dict[str, str]) -> None:
    tally = Tally(records=numbers, errors=numbers, steps=numbers, last_step=text, last_error=text)
    message = shown(run(name=text, outcome=text, ended_unix_s=STARTED_S, tally=tally, parameters=parameters), preset)
    for embed in message.get("embeds", []):
        fields = embed.get("fields", [])
        assert len(fields) <= 25
        chars = len(embed.get("title", "")) + len(embed.get("description", "")) + len(embed["footer"]["text"])
        assert chars + sum(len(each["name"]) + len(each["value"]) for each in fields) <= 6000
    assert len(message.get("content", "")) <= 2000
    assert message["allowed_mentions"] == {"parse": []}
