"""What whole requests look like in Discord, case by case.

Each folder of ``tests/golden`` holds a request (``input.otlp.json``), perhaps ``options.json`` (fields of
RenderOptions; ``counts``: how many records each card stands for; ``samples``, ``past`` and ``templates`` of the cards;
``digest``: one message of all, with so many cards in full and so many lines; ``alerts``: events of one group of
alerts, of which this is known beside), and the messages that it becomes.
``UPDATE_GOLDEN=1`` writes them anew: look at the difference before you commit it.
"""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.discord_api.models import FilePart, Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.alerts.group import AlertGroup, Arrival
from otel_discord.exporters.discord.alerts.member import slim
from otel_discord.exporters.discord.cards import Card, PastLife
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.packing_fit import fit_all
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_digest import Digest, choose
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.signals.alert_event import alert_event
from otel_discord.signals.batch import LogsBatch
from otel_discord.signals.otlp_json import decode
from tests.exporters.discord.records import card_of

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/input.otlp.json"))


def messages_of(case: Path) -> list[Message]:
    """Return what the case's request becomes."""
    options_file = case / "options.json"
    options: dict[str, Any] = json.loads(options_file.read_text()) if options_file.exists() else {}
    counts, samples, past = (options.pop(key, []) for key in ("counts", "samples", "past"))
    templates, digest = options.pop("templates", {}), options.pop("digest", None)
    alerts = options.pop("alerts", None)
    renderer = Renderer(RenderOptions(**options))
    request = decode((case / "input.otlp.json").read_bytes(), ExportLogsServiceRequest)
    cards = [
        replace(
            card_of(record, resource, scope, counts[index] if index < len(counts) else 1),
            samples=tuple(samples[index]) if samples else (),
            past=PastLife(**past[index]) if past else None,
            template=templates.get(str(index), ""),
        )
        for index, (resource, scope, record) in enumerate(LogsBatch(request).records())
    ]
    if alerts is not None:
        cards = [replace(cards[0], alert_group=group_of(cards, **alerts).to_bytes())]
    if digest is not None:
        return [digest_of(cards, renderer, **digest)]
    left = [renderer.render(card) for card in cards]
    messages = []
    while left:
        packed = pack(left)
        messages.append(packed.message)
        left = left[packed.taken :]
    return messages


def group_of(cards: list[Card], **known: Any) -> AlertGroup:
    """Return the group that came of the events, in their order."""
    found = [alert_event(LogRecord.FromString(card.record)) for card in cards]
    first, *others = [slim(event, 0) for event in found if event is not None]
    group = AlertGroup.opened_by(Arrival(first), 0)
    for event in others:
        group = group.after(Arrival(event), is_told=True)
    return replace(group, **known)


def digest_of(cards: list[Card], renderer: Renderer, *, most_full: int, most_lines: int) -> Message:
    """Return one message of all the cards, a minute after the last."""
    chosen = choose(cards, most_full=most_full, most_lines=most_lines)
    full, lines, others = ([cards[place] for place in part] for part in (chosen.full, chosen.lines, chosen.others))
    records = sum(card.count for card in others)
    now_s = max(card.accepted_ns for card in cards) / 1e9 + 60
    made = Digest(full=full, lines=lines, others=others, other_problems=len(others), other_records=records, now_s=now_s)
    return fit_all([renderer.digest(made), *(renderer.render(card, brief=True) for card in full)])


def text_of(part: FilePart) -> str:
    content = part.open()
    assert isinstance(content, bytes)
    return content.decode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path) -> None:
    messages = messages_of(case)
    for message in messages:
        assert problems(message) == []
    made = [
        {"message": message.to_json(), "files": {part.filename: text_of(part).split("\n") for part in message.files}}
        for message in messages
    ]
    expected = case / "expected.message.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert made == json.loads(expected.read_text(encoding="utf-8"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 15
