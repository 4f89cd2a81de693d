"""What is done with a shop and its payments: slow requests, failing ones, good ones; and what Discord has to show then.

Each framework's shop has the same pages, so the same must be told of each. The processes are those of users: the
applications under ``opentelemetry-instrument``, the service with both connectors, Discord's stand-in.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import COMMAND, Running, StandIn, stand_in, started

TRACES = "https://traces.example/trace/{trace_id}"
LEARNED_FROM = 60
APPLICATIONS = Path(__file__).parent
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_FIXED = 'IsMatch(span.name, "checkout|reports|charges")'


@dataclass(frozen=True)
class Routes:
    """The names that an instrumentation gives to what a server does."""

    checkout: str
    report: str
    item: str
    order: str
    refund: str
    refused: str
    """How the title begins where the payments answered with 500."""


@dataclass(frozen=True)
class Shown:
    """The embeds that Discord shows, and the spans that the service has received."""

    embeds: list[dict[str, Any]]
    spans: list[dict[str, Any]]

    def embed(self, text: str) -> dict[str, Any]:
        """Return the only embed whose title has a text."""
        found = [embed for embed in self.embeds if text in embed["title"]]
        assert len(found) == 1, f"{len(found)} with {text!r}: {json.dumps(self.embeds, indent=1)}"
        return found[0]

    def trace_id(self, span_name: str) -> str:
        """Return the only trace that begins with a span of a name and is no fast one."""
        roots = [each for each in self.spans if each["name"] == span_name and not each.get("parentSpanId")]
        return str(max(roots, key=_duration_ms)["traceId"])

    def duration_ms(self, span_name: str) -> float:
        """Return how long the longest span of a name took."""
        return max(_duration_ms(each) for each in self.spans if each["name"] == span_name)


def _duration_ms(span: dict[str, Any]) -> float:
    return (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e6


def configuration(directory: Path, fake: StandIn) -> Path:
    """Write the service's configuration: both connectors, one Discord."""
    slow_spans = {
        "limits": [{"where": f"span.kind == SPAN_KIND_SERVER and {_FIXED}", "over": "250ms"}],
        "learned": {"percentile": 95, "factor": 3, "min_spans": LEARNED_FROM - 10, "floor": "200ms"},
        "wait": "1s",
    }
    discord = {
        "webhook_url": fake.urls[0],
        "endpoint": f"{fake.base_url}/api/v10",
        "allow_insecure_endpoint": True,
        "render": {"trace_link": TRACES},
    }
    otlp = {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}, "http": {"endpoint": "127.0.0.1:0"}}}
    written = {
        "receivers": {"otlp": otlp},
        "connectors": {"slow_spans": slow_spans, "exceptions": {}},
        "exporters": {"discord": discord, "file": {"path": str(directory / "spans.jsonl")}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "traces": {"receivers": ["otlp"], "exporters": ["slow_spans", "exceptions", "file"]},
                "logs": {"receivers": ["slow_spans", "exceptions"], "exporters": ["discord"]},
            },
        },
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(written))  # JSON is YAML
    return path


@contextmanager
def application(command: Sequence[str | Path], service_name: str, otlp_port: str, *arguments: str) -> Iterator[str]:
    """Run one as its users do; yield its address."""
    environment = {
        "OTEL_SERVICE_NAME": service_name,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{otlp_port}",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with started([*map(str, command), *arguments], **environment) as running:
        port = running.read_until(r"listening on (\d+)")[1]
        yield f"http://127.0.0.1:{port}"


def shown_after_requests(command: Sequence[str | Path], directory: Path, embeds: int) -> Shown:
    """Run all the processes, ask for each page, and return what came of it once there are so many embeds.

    Args:
        command: of the application; it gets ``payments``, or ``shop`` and the address of the payments.
        directory: for files.
        embeds: how many are expected; a little time is given for one more.
    """
    with ExitStack() as stack:
        fake = stack.enter_context(stand_in("--profile", "unlimited"))
        service = stack.enter_context(started([*COMMAND, "--config", str(configuration(directory, fake))]))
        port = _otlp_port(service)
        payments = stack.enter_context(application(command, "payments", port, "payments"))
        shop = stack.enter_context(application(command, "shop", port, "shop", payments))
        for number in range(1, LEARNED_FROM + 1):
            assert status(f"{shop}/items/{number}") == 200
        assert status(f"{shop}/health") == 200
        time.sleep(0.5)  # what is usual is known before the slow one comes
        answers = [status(shop + path) for path in ("/checkout", "/reports/2026", "/orders/7", "/refund/7", "/items/0")]
        assert answers == [200, 200, 500, 500, 200]
        shown = _wait_for(fake, embeds)
        (directory / "messages.json").write_text(json.dumps(fake.ask("messages")))
        assert service.end() == 0, service.said
        assert fake.ask("violations") == []
    return Shown(shown, list(_spans(directory / "spans.jsonl")))


def status(url: str) -> int:
    """Return the status of an answer."""
    try:
        with _DIRECT.open(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _otlp_port(service: Running) -> str:
    found = service.read_until(r"otlp http on 127\.0\.0\.1:(\d+)")[1]
    service.read_until("Everything is ready")
    return str(found)


def _wait_for(fake: StandIn, count: int) -> list[dict[str, Any]]:
    ends_at = time.monotonic() + 20
    while len(_embeds(fake)) < count and time.monotonic() < ends_at:
        time.sleep(0.1)
    time.sleep(1.5)  # one too many would come in this time
    return _embeds(fake)


def _embeds(fake: StandIn) -> list[dict[str, Any]]:
    return [embed for message in fake.ask("messages") for embed in message["embeds"]]


def _spans(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines():
        for group in json.loads(line)["resourceSpans"]:
            for scope in group["scopeSpans"]:
                yield from scope["spans"]


def instrumented(program: Path, python: Path = Path(sys.executable)) -> Sequence[str | Path]:
    """Return the command that instruments a program without touching it."""
    return [python.with_name("opentelemetry-instrument"), python, program]


def assert_all_is_told(shown: Shown, routes: Routes, sources: Path) -> None:
    """Look at each message: the operation, why it is slow, the way to what takes the time, what failed and where.

    Args:
        shown: what Discord has.
        routes: as the framework's instrumentation names them.
        sources: the folder with the application's source.
    """
    _assert_slow(
        shown,
        routes.checkout,
        "(limit 250 ms)",
        r"mostly POST /charges \(payments\) › ask the bank: (\d+) ms, (\d+) %\n"
        r"\d+ % POST /charges \(payments\) · \d+ % SELECT cart · \d+ % itself\n",
        "ask the bank",
    )
    _assert_slow(
        shown,
        routes.report,
        "(limit 250 ms)",
        r"mostly render report › SELECT orders: (\d+) ms, (\d+) %\n",
        "SELECT orders",
    )
    slow_item = _assert_slow(
        shown, routes.item, "(usually ", r"mostly look into the cache: (\d+) ms, (\d+) %\n", "look into the cache"
    )
    assert re.search(r"\n[\d.,]+ times its usual [\d.]+ ms \(p95 of \d\d spans\)\n", slow_item)
    for operation, title, place, frame in (
        (routes.order, "TypeError: can't multiply sequence by non-int of type 'float'", "in price_with_tax", ""),
        (routes.refund, routes.refused, "in refund", ""),
        (
            "look up the card",
            "CardExpiredError: card of order 7 expired in 03/2021",
            "in refund",
            'raise CardExpiredError("card of order 7 expired in 03/2021")',
        ),
    ):
        embed = shown.embed(title)
        told = embed["description"]
        service, where, *_ = told.split(" · ")
        assert service == ("payments" if "CardExpired" in title else "shop")
        file_name, _, line = where.removesuffix(f" {place}").rpartition(":")
        source = (sources / file_name.rpartition("/")[2]).read_text().splitlines()[int(line) - 1]
        assert any(each in source for each in ("price * 1.19", "raise_for_status", "raise CardExpired")), source
        within = " in POST /refunds" if operation == "look up the card" else ""
        assert f"\n{operation} failed{within}\n" in told
        assert not re.search(r"\b(http|net)\.\w+=", told), "the server's own address and port say nothing"
        assert frame in told
        root = routes.refund if operation == "look up the card" else operation
        assert TRACES.format(trace_id=shown.trace_id(root)) in told
    titles = [each["title"] for each in shown.embeds]
    # the request that failed says nothing more, unless it comes in a batch before the exception that it became
    assert len([title for title in titles if not title.startswith("🔴 POST 127.0.0.1 failed")]) == 6, titles


def _assert_slow(shown: Shown, operation: str, why: str, path: str, culprit: str) -> str:
    embed = shown.embed(f"{operation} took ")
    told = str(embed["description"])
    taken_ms = float(embed["title"].split(" took ")[1].split(" ms")[0])
    assert taken_ms == pytest.approx(shown.duration_ms(operation), abs=1)
    assert why in embed["title"]
    assert told.startswith("shop · ")
    found = re.search(path, told)
    assert found, told
    assert float(found[1]) == pytest.approx(shown.duration_ms(culprit), abs=1)
    assert float(found[2]) == pytest.approx(100 * shown.duration_ms(culprit) / shown.duration_ms(operation), abs=1)
    assert TRACES.format(trace_id=shown.trace_id(operation)) in told
    return told
