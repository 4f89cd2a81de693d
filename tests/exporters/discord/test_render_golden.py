"""What whole requests look like in Discord, case by case.

Each folder of ``tests/golden`` holds a request (``input.otlp.json``), perhaps ``options.json`` (fields of
RenderOptions, and ``counts``: how many records each card stands for), and the messages that it becomes.
``UPDATE_GOLDEN=1`` writes them anew: look at the difference before you commit it.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.discord_api.models import FilePart, Message
from otel_discord.discord_api.validation import problems
from otel_discord.exporters.discord.packing import pack
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.signals.batch import LogsBatch
from otel_discord.signals.otlp_json import decode
from tests.exporters.discord.records import card_of

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/input.otlp.json"))


def messages_of(case: Path) -> list[Message]:
    """Return what the case's request becomes."""
    options_file = case / "options.json"
    options: dict[str, Any] = json.loads(options_file.read_text()) if options_file.exists() else {}
    counts = options.pop("counts", [])
    renderer = Renderer(RenderOptions(**options))
    request = decode((case / "input.otlp.json").read_bytes(), ExportLogsServiceRequest)
    left = [
        renderer.render(card_of(record, resource, scope, counts[index] if index < len(counts) else 1))
        for index, (resource, scope, record) in enumerate(LogsBatch(request).records())
    ]
    messages = []
    while left:
        packed = pack(left)
        messages.append(packed.message)
        left = left[packed.taken :]
    return messages


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
