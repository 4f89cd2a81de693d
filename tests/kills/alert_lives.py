"""Alerts over the end of a process: the service with threshold and discord, its metrics, and what Discord shows."""

import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.testing.fake_discord.state import FakeMessage
from tests.kills.house import KILLED, READY, House, house, until
from tests.kills.launch import Launch
from tests.kills.metrics_load import MetricsLoad, Span, telling
from tests.kills.served import Served

GREEN, RED, AMBER, GREY = 0x2ECC71, 0xE74C3C, 0xF0A30A, 0x95A5A6
GOOD, BAD, WORSE = 5.0, 500.0, 5000.0
EVALUATED_S = 1.0
"""How long after a point was accepted a rule has seen it, on a machine that has much else to do."""
_MARK = RenderOptions().repeated_mark
_RESOLVED = re.compile(r"resolved after (\d+) seconds?$")
_STARTED = re.compile(r"<t:(\d+):t>")
_QUICK: dict[str, Any] = {
    "fold": {"enabled": True, "window": "1h", "edit_interval": "50ms"},
    "alerts": {"group_by": ["alert.name"], "group_wait": "50ms", "group_interval": "50ms", "charts": False},
    "rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0},
    "retry_on_failure": {"initial_interval": "20ms", "max_interval": "100ms"},
    "shutdown_timeout": "3s",
}


def rule(name: str, **keys: Any) -> dict[str, Any]:
    """Return a rule about the metric of its own name."""
    return {
        "name": name,
        "metric": name,
        "group_by": ["service.name"],
        "window": "30s",
        "conditions": {"warning": "> 100", "critical": "> 1000"},
        "repeat_interval": "200ms",
        "annotations": {"summary": "{{ value }} jobs wait"},
        **keys,
    }


@dataclass(slots=True)
class AlertStage:
    """What an act has to play with."""

    house: House
    fake: Served
    load: MetricsLoad
    began: dict[str, Span] = field(default_factory=dict)
    """When each alert's condition began to hold."""
    ended: dict[str, Span] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------- what happens

    def start(self, failpoint: str = "") -> None:
        """Start the service, with a failpoint if one is given, and wait until it is ready or killed."""
        life = self.house.start(failpoint)
        until(
            lambda: any(READY in line for line in life.said) or life.process.poll() is not None,
            f"it is ready\n{''.join(life.said)[-2000:]}",
            step_s=0.01,
        )

    def kill(self) -> None:
        """End the service as a crash does."""
        assert self.house.end(signal.SIGKILL) == KILLED

    def killed(self) -> None:
        """Wait until it has been killed at its failpoint."""
        life = self.house.life
        assert life is not None
        until(lambda: life.process.poll() is not None, f"the kill\n{''.join(life.said)[-2000:]}", step_s=0.01)
        assert life.wait() == KILLED
        self.house.check_log()

    def stop(self) -> None:
        """End the service in good order."""
        assert self.house.end(signal.SIGTERM) == 0

    def bad(self, *names: str, value: float = BAD, apart_s: float = 0.12) -> None:
        """Let conditions hold, one after the other: what waits with many others would share a message with them."""
        for name in names:
            span = self.load.tell(name, value)
            self.began.setdefault(name, span)
            time.sleep(apart_s)

    def good(self, *names: str) -> None:
        """Let conditions hold no longer."""
        for name in names:
            self.ended[name] = self.load.tell(name, GOOD)

    # ------------------------------------------------------------------------------------------- what is seen

    def messages(self, name: str) -> list[FakeMessage]:
        """Return the messages about an alert."""
        return self.fake.titled(name)

    def colors(self, name: str) -> list[int]:
        """Return the colours of its messages."""
        return [embed["color"] for message in self.messages(name) for embed in message.embeds]

    def shows(self, name: str, *colors: int, deadline_s: float = 20.0) -> None:
        """Wait until its messages have these colours.

        Raises:
            AssertionError: they do not get them in time.
        """
        try:
            until(lambda: self.colors(name) == [*colors], name, deadline_s, 0.01)
        except AssertionError:
            seen = [(hex(embed["color"]), embed["title"]) for each in self.messages(name) for embed in each.embeds]
            raise AssertionError(f"{name} shows {seen}, not {[hex(color) for color in colors]}") from None

    def words(self, name: str) -> str:
        """Return what its latest message says."""
        (embed,) = self.messages(name)[-1].embeds
        return f"{embed['title']}\n{embed['description']}"

    def edits(self, name: str) -> int:
        """Return how often its messages have been edited."""
        return sum(message.edits for message in self.messages(name))

    # ------------------------------------------------------------------------------------------- what must hold

    def check_times(self, name: str, *, end_after_s: float = 0.0, at: int = -1) -> None:
        """See that a message that is green counts from when its condition began to when it ended.

        Raises:
            AssertionError: it counts from something else.
        """
        began, ended = self.began[name], self.ended[name]
        (embed,) = self.messages(name)[at].embeds
        found = _RESOLVED.search(embed["title"])
        assert found, embed["title"]
        least = ended.sent_s + end_after_s - began.accepted_s - EVALUATED_S
        most = ended.accepted_s + end_after_s - began.sent_s + EVALUATED_S
        assert least - 0.5 <= int(found[1]) <= most + 0.5, (embed["title"], least, most)
        started, over = map(int, _STARTED.findall(embed["description"])[-2:])
        assert int(began.sent_s) <= started <= int(began.accepted_s + EVALUATED_S), (started, began)
        lowest, highest = ended.sent_s + end_after_s, ended.accepted_s + end_after_s + EVALUATED_S
        assert int(lowest) <= over <= int(highest), (over, ended)

    def check_began(self, name: str) -> None:
        """See that a message of an alert that fires says when it began."""
        (started,) = _STARTED.findall(self.words(name))
        began = self.began[name]
        assert int(began.sent_s) <= int(started) <= int(began.accepted_s + EVALUATED_S), (started, began)

    def marked(self) -> list[str]:
        """Return the titles of what says that it may be a repeat."""
        return [
            embed["title"]
            for message in self.fake.fake.messages
            for embed in message.embeds
            if _MARK in embed.get("footer", {}).get("text", "")
        ]


@contextmanager
def alert_stage(
    directory: Path, fake: Served, launch: Launch, rules: Sequence[dict[str, Any]], **exporter: Any
) -> Iterator[AlertStage]:
    """Set a stage; all that the rules are about is good."""
    settings = {
        key: {**value, **exporter.pop(key, {})} if isinstance(value, dict) else value for key, value in _QUICK.items()
    }
    made = house(directory, fake, launch, {"main": {"webhook_url": fake.urls[0]}}, **settings, **exporter)
    made.settings["service"]["telemetry"]["metrics"] = {"level": "none"}
    made.settings["connectors"] = {
        "threshold": {"evaluation_interval": "50ms", "storage": "file_storage", "rules": [*rules]}
    }
    made.settings["service"]["pipelines"] = {
        "metrics": {"receivers": ["otlp"], "exporters": ["threshold"]},
        "logs": {"receivers": ["threshold"], "exporters": ["discord"]},
    }
    try:
        with telling(made.ports["http"]) as load:
            for each in rules:
                load.change(each["name"], GOOD)
            yield AlertStage(made, fake, load)
    finally:
        made.close()
