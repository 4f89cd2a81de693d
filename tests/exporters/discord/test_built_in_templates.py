"""Whatever a card or its values hold, every built-in template keeps Discord's limits and shows data as text."""

import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.discord_api.models import Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.alerts.group import AlertGroup, Arrival
from otel_discord.exporters.discord.alerts.member import slim
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_fit import to_content, to_embed
from otel_discord.exporters.discord.render_names import MEMBER_EVENTS, VALUES, family_of_template, kind_of
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_templates import BUILT_IN_DIRECTORY, built_in_template, templates_from
from tests.exporters.discord.alerting import firing
from tests.exporters.discord.records import FRAGMENTS, RecordMaker
from tests.exporters.discord.test_render_properties import check_message

EXAMPLES = int(os.environ.get("OTEL_DISCORD_TEST_EXAMPLES", "60"))
NAMES = sorted(path.stem for path in BUILT_IN_DIRECTORY.iterdir())
RENDERERS = [Renderer(RenderOptions(preset=preset)) for preset in ("compact", "standard", "full", "plain")]
TEXTS = st.lists(st.sampled_from([*FRAGMENTS, "x" * 700, "word " * 900]), max_size=6).map("".join)
LISTS = (
    "alerts",
    "evidence",
    "figures",
    "labels",
    "lines",
    "links",
    "members",
    "parameters",
    "reasons",
    "remarks",
    "tags",
)
FLAGS = (
    "is_group", "is_edit", "is_over", "is_well", "is_worse", "kept", "summary_says_name", "value_is_new", "was_told",
    "went_on",
)  # fmt: skip
NUMBERS = (
    "color", "count", "firing_count", "hidden_count", "more", "more_reasons", "other_problems", "other_records",
    "problems", "records", "severity_number",
)  # fmt: skip


@st.composite
def values_of(draw: st.DrawFn, family: str) -> dict[str, Any]:
    """Return values of a template's kind: any text, any number, lists of any length."""
    made: dict[str, Any] = {}
    for name in sorted(VALUES[family]):
        if name in FLAGS:
            made[name] = draw(st.booleans())
        elif name in NUMBERS:
            made[name] = draw(st.integers(0, 10**9))
        elif name in LISTS:
            made[name] = [_item(name, draw(TEXTS)) for _ in range(draw(st.integers(0, 30)))]
        else:
            made[name] = draw(TEXTS)
    return made


def _item(name: str, text: str) -> Any:
    text = text[:700]  # thirty of them are no more than a template may print
    entry = {"name": text, "value": text, "url": "https://a.example/" + "x" * len(text), "count": 3, "words": text}
    entry |= {"sentence": text, "emoji": "x", "apart": [text], "is_over": True, "lasted": text, "started": text}  # type: ignore[dict-item]
    return text if name in ("evidence", "lines", "members", "remarks", "tags") else entry


@pytest.mark.parametrize("name", [name for name in NAMES if family_of_template(name) != "record"])
@settings(max_examples=max(8, EXAMPLES // 6), deadline=None)
@given(data=st.data())
def test_any_values_keep_the_limits(name: str, data: st.DataObject) -> None:
    values = data.draw(values_of(family_of_template(name)))
    if name == "dead_letter_notice":
        values["reasons"] = values["reasons"] or [_item("reasons", "x")]
    output = built_in_template(name).render(values)
    if output.content:
        assert 0 < len(to_content(output, card_chars=2000, content_chars=0)) <= 2000
    else:
        embed = to_embed(output, card_chars=6000, description_chars=0, time_unix_ns=0)
        assert problems(Message(embeds=(embed,))) == []


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(seed=st.integers(0, 2**32), event=st.sampled_from([*MEMBER_EVENTS, "discord.bot.status", "slow: GET /x"]))
def test_records_of_every_kind_keep_the_limits(seed: int, event: str) -> None:
    card = RecordMaker(seed).card()
    record = LogRecord.FromString(card.record)
    record.event_name = event
    record.attributes.add(key="span.duration_ms").value.double_value = 3.0
    card = replace(card, record=record.SerializeToString())
    for renderer in RENDERERS:
        check_message(pack([renderer.render(card)]).message)


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(words=TEXTS, name=TEXTS, labels=st.dictionaries(TEXTS, TEXTS, max_size=9), count=st.integers(1, 14))
def test_alerts_keep_the_limits(words: str, name: str, labels: dict[str, str], count: int) -> None:
    group: AlertGroup | None = None
    for number in range(count):
        changed = replace(
            firing(number, number), name=name or "x", summary=words, labels={**labels, "number": str(number)}
        )
        arrival = Arrival(slim(changed, 0))
        group = AlertGroup.opened_by(arrival, 0) if group is None else group.after(arrival, is_told=True)
    assert group is not None
    card = Card(
        resource=b"", scope=b"", record=b"", severity=17, first_seen_ns=0, last_seen_ns=0, accepted_ns=0,
        alert_group=group.to_bytes(),
    )  # fmt: skip
    for renderer in RENDERERS:
        check_message(pack([renderer.render(card)]).message)


def test_a_copy_of_every_built_in_file_is_accepted() -> None:
    """A user starts by copying one."""
    files = {f"{name}.yaml": (BUILT_IN_DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES}
    copied = templates_from(files)
    assert set(NAMES) <= copied.names
    assert all(copied.get(name).source == f"{name}.yaml" for name in NAMES)


def test_kinds() -> None:
    assert [kind_of(base) for base in ("", "exception", "slow_span", "status")] == [
        "record", "exception", "slow_span", "status",
    ]  # fmt: skip
