"""A rehearsal does what the exporter would do, and outlives whatever is raised."""

import io
import logging
from typing import Any

import pytest

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.folding.problem import ProblemFinder
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.trials import __main__ as program
from otel_discord.exporters.discord.trials import wire
from otel_discord.exporters.discord.trials.rehearsal import Rehearsal
from otel_discord.exporters.discord.trials.wire import Kind, framed, shown, written
from otel_discord.testing.otlp import logs_batch

URL = "https://discord.com/api/webhooks/123456789012345678/" + "s" * 68
CONFIG = DiscordConfig.model_validate({"webhook_url": URL})
CARD = Card(resource=b"", scope=b"", record=b"", severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=1).to_bytes()
LOGGER = logging.getLogger("test.trials")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What of the exporter's own machinery was used."""
    found: list[str] = []
    render, problem = Renderer.render, ProblemFinder.find

    def rendered(self: Renderer, *args: Any, **keys: Any) -> Any:
        found.append("render brief" if keys.get("brief") else "render")
        return render(self, *args, **keys)

    def sought(self: ProblemFinder, *args: Any, **keys: Any) -> Any:
        found.append("find")
        return problem(self, *args, **keys)

    monkeypatch.setattr(Renderer, "render", rendered)
    monkeypatch.setattr(ProblemFinder, "find", sought)
    return found


def test_a_batch_is_routed(calls: list[str]) -> None:
    Rehearsal(CONFIG, LOGGER).play(Kind.ROUTE, logs_batch(3).request.SerializeToString(), 1)
    assert calls == ["find"] * 3


def test_a_card_is_shown_alone_and_in_a_digest(calls: list[str]) -> None:
    Rehearsal(CONFIG, LOGGER).play(Kind.SHOW, shown("default", CARD), 0)
    assert set(calls) == {"render", "render brief"}


def test_what_is_raised_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Renderer, "render", fail)
    monkeypatch.setattr(ProblemFinder, "find", fail)
    rehearsal = Rehearsal(CONFIG, LOGGER)
    rehearsal.play(Kind.ROUTE, logs_batch(3).request.SerializeToString(), 1)
    rehearsal.play(Kind.SHOW, shown("default", CARD), 0)


def test_each_frame_is_answered_until_there_are_no_more() -> None:
    config = written(CONFIG)
    batch = framed(Kind.ROUTE, logs_batch(2).request.SerializeToString(), 5)
    asked = io.BytesIO(len(config).to_bytes(4, "big") + config + batch + batch + batch[:3])
    answers = io.BytesIO()
    program.serve(asked, answers)
    assert answers.getvalue() == 3 * wire.ALIVE
