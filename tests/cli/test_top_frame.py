"""What ``top`` draws, from the overview of a service that is made up."""

import asyncio
import copy
import json
from datetime import UTC
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from otel_discord.cli.top_flow import way
from otel_discord.cli.top_frame import frame
from otel_discord.cli.top_grid import Column, Note, grid
from otel_discord.cli.top_rates import destination_rate, elapsed_s, pipeline_rates
from otel_discord.cli.top_words import clock, count, rate, seconds_between, share, span
from otel_discord.service.control.overview import ask_exporters
from otel_discord.service.control.overview_document import Asked, overview_document
from tests.service.control.fake_view import NOW_S, TOKEN, FakeView


def overview(view: FakeView | None = None, *, is_muting: bool = False) -> dict[str, Any]:
    view = view or FakeView()
    asked = asyncio.run(ask_exporters(view))
    if not is_muting:
        asked = Asked(asked.destinations, asked.alerts)
    document = overview_document(view, asked, phase="ready", pid=7, now_unix_s=NOW_S)
    found: dict[str, Any] = json.loads(orjson.dumps(document))
    return found


def whole() -> dict[str, Any]:
    return overview(is_muting=True)


def five_seconds_ago(now: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(now)
    before["service"]["uptime_s"] -= 5
    before["service"]["cpu_s"] -= 0.5
    before["components"]["receiver:otlp"]["counters"]["logs"]["accepted"] -= 1_000
    before["components"]["exporter:discord"]["counters"]["logs"]["sent"] -= 2
    before["components"]["exporter:discord"]["counters"]["logs"]["failed"] -= 9
    before["destinations"][0]["delivered"] -= 7
    return before


def text_of(now: dict[str, Any], before: dict[str, Any] | None = None, width: int = 140) -> str:
    return "\n".join(line.plain for line in frame(now, before, width, UTC))


PICTURE = """\
otel-discord 1.2.3  degraded  up 1h02m  84 MiB  CPU 10 %                22:13:20
    exporter:discord: recoverable error for 1m00s: pager: 404 at
    https://discord.com/api/webhooks/123456789012345678/[REDACTED]
    the last reload failed 30s ago: reload failed:
    https://discord.com/api/webhooks/123456789012345678/[REDACTED]

PIPELINE  way                                   in/s  refused/s  out/s  failed/s
logs      otlp → filter → discord, discord/old   200          0    0.4       1.8

QUEUE                         size     of  full  in flight  oldest
discord logs      ████████░░   820  1,024  80 %          3   1h01m
discord/old logs  ░░░░░░░░░░     0     16   0 %          0       –

DESTINATION    health       waiting  oldest  budget    p50    p99  good  429 ago
ops (discord)  waiting        4,312   1m14s       3  143ms  911ms  98 %    2m10s
    next in 1.5s
pager (disco…  gone               1   1h01m       –      –      –   0 %        –
    breaker open · the last check did not find the webhook · fallback ops
    1m00s ago: 10015: Unknown Webhook
    (https://discord.com/api/webhooks/123456789012345678/[REDACTED])
errors (disc…  unreachable        –       –       –  100ms  850ms  75 %      10s
    breaker open

ALERT       severity    for  value  where  of
QueueDepth  critical  5m00s  1,250  ops    service.name=shop url=https://discor…

MUTED             what                 left  records
silence ab12cd34  service.name=shop   2h00m        0
db (hold)         service.name=db    10m00s       40

dead letters: 17 of discord"""


def test_a_whole_picture_at_80_columns() -> None:
    now = whole()
    assert text_of(now, five_seconds_ago(now), 80).splitlines() == PICTURE.splitlines()


def test_all_that_is_wrong_is_said() -> None:
    text = text_of(whole())
    for words in (
        "ops (discord)         waiting        4,312   1m14s       3  143ms  911ms  98 %    2m10s",
        "next in 1.5s",
        "    the last check did not find the webhook · fallback ops",
        "1m00s ago: 10015: Unknown Webhook",
        "errors (discord/old)  unreachable",
        "QueueDepth  critical  5m00s  1,250  > 1000  ops    service.name=shop",
        "silence ab12cd34  service.name=shop   2h00m        0",
        "db (hold)         service.name=db    10m00s       40",
        "dead letters: 17 of discord",
    ):
        assert words in text
    assert TOKEN not in text


def test_what_there_is_none_of_is_one_line() -> None:
    view = FakeView(components={}, numbers=[each for each in FakeView().numbers if each.name.endswith("dead_letters")])
    view.numbers = [type(view.numbers[0])(view.numbers[0].name, view.numbers[0].labels, 0)]
    text = text_of(overview(view))
    assert text.endswith("\n\nno alerts fire · nothing is muted · no dead letters")
    assert "DESTINATION" not in text
    assert "QUEUE" not in text


def test_a_service_that_measures_nothing_says_so() -> None:
    text = text_of(overview(FakeView(numbers=[])))
    assert "no numbers: service::telemetry::metrics::level is none" in text
    assert "no dead letters" not in text  # nobody knows


@pytest.mark.parametrize("width", [1, 20, 40, 60, 79, 80, 100, 119, 120, 140, 300])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    now = whole()
    assert max(cell_len(line.plain) for line in frame(now, five_seconds_ago(now), width)) <= max(width, 12)


@pytest.mark.parametrize("width", [80, 140])
def test_names_of_destinations_and_their_health_are_whole(width: int) -> None:
    text = text_of(whole(), None, width)
    for name in ("ops (", "pager (", "errors (", "waiting", "gone", "unreachable"):
        assert name in text


def test_nothing_moves_the_cursor() -> None:
    now = overview()
    now["destinations"][0]["last_error"] = "a\x1b[2Jb\r\nc"
    now["alerts"][0]["name"] = "x\x1b]0;title\x07"
    now["alerts"][0]["labels"] = {"k\n": "\u202ev"}
    text = text_of(now).replace("\n", "")
    assert all(char.isprintable() for char in text)


@given(
    st.lists(st.lists(st.text(max_size=30), min_size=3, max_size=3), max_size=5),
    st.text(max_size=200),
    st.integers(30, 90),
)
@settings(max_examples=60, deadline=None)
def test_any_text_fits(rows: list[list[str]], note: str, width: int) -> None:
    columns = [Column("a", gives_way=True), Column("b", gives_way=True), Column("c", right=True, gives_way=True)]
    lines = grid(columns, [*rows, Note(note)], width)
    assert all(cell_len(line.plain) <= width for line in lines)
    assert len(lines) >= len(rows) + 1


# --------------------------------------------------------------------------------------------------------- rates, ways


def test_rates_of_a_pipeline() -> None:
    now = overview()
    rates = pipeline_rates("logs", five_seconds_ago(now), now)
    assert (rates.in_per_s, rates.out_per_s, rates.failed_per_s, rates.refused_per_s) == (200, 0.4, 1.8, 0)
    assert rates.filtered_per_s == 0
    assert destination_rate(now["destinations"][0], five_seconds_ago(now), now) == 1.4


def test_no_rates_over_a_restart() -> None:
    now = overview()
    other = {**five_seconds_ago(now), "service": {**now["service"], "pid": 8, "uptime_s": 1}}
    assert elapsed_s(other, now) is None
    assert elapsed_s(None, now) is None
    in_a_container = {**five_seconds_ago(now), "service": {**now["service"], "uptime_s": 1, "started_at": "earlier"}}
    assert elapsed_s(in_a_container, now) is None
    assert elapsed_s(now, now) is None
    assert pipeline_rates("logs", other, now).in_per_s is None


def test_a_pipeline_between_connectors_counts_nothing() -> None:
    now = overview()
    now["pipelines"] = {"logs/b": ["connector:a", "connector:b"]}
    now["wires"] = [{"source": "connector:a", "target": "connector:b", "signal": "logs", "pipeline": "logs/b"}]
    assert way("logs/b", now) == "a → b"
    assert pipeline_rates("logs/b", five_seconds_ago(now), now).in_per_s is None
    assert "logs/b    a → b     –          –" in text_of(now, None, 80)


# --------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"), (0, "0ms"), (0.1434, "143ms"), (0.9996, "1.0s"), (1.5, "1.5s"), (9.96, "10s"), (59.4, "59s"),
        (59.6, "1m00s"), (74, "1m14s"), (3_599.7, "1h00m"), (7_500, "2h05m"), (273_600, "3d04h"), (-1, "0ms"),
    ],
)  # fmt: skip
def test_spans(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(None, "–"), (0, "0 %"), (0.001, "1 %"), (0.5, "50 %"), (0.999, "99 %"), (1, "100 %"), (2.5, "250 %")],
)
def test_shares(part: float | None, text: str) -> None:
    assert share(part) == text


def test_numbers_and_times() -> None:
    assert [count(each) for each in (None, 0, 4_312, 12_400_000)] == ["–", "0", "4,312", "12.4M"]
    assert [rate(each) for each in (None, 0, 0.42, 9.94, 12.3, 1_240)] == ["–", "0", "0.4", "9.9", "12", "1,240"]
    assert clock("2026-01-31T12:00:03Z", UTC) == "12:00:03"
    assert clock("soon") == "?"
    assert seconds_between("2026-01-31T12:00:03Z", "2026-01-31T13:00:03.5+00:00") == 3600.5
    assert seconds_between("", "2026-01-31T12:00:03Z") is None


def test_runs_have_a_part_where_there_are_any() -> None:
    now = whole()
    assert "RUN" not in text_of(now)
    now["runs"] = [
        {"name": f"run-{number}", "state": "running", "steps": 4, "errors": 1, "age_s": 90.0, "expires_in_s": 3600.0}
        for number in range(12)
    ]
    shown = text_of(now)
    assert "run-0" in shown
    assert "1m30s" in shown
    assert "run-11" not in shown
    assert "and 2 more" in shown


def test_a_destination_of_another_replica_says_where_it_is_and_one_that_nobody_has_is_not_known() -> None:
    now = whole()
    now["destinations"][0] |= {"replica": "shop-2", "health": "unknown"}
    told = text_of(now)
    assert "at shop-2" in told
    assert "unknown" in told


def test_a_destination_for_which_nobody_sends_says_why() -> None:
    now = whole()
    now["destinations"][0] |= {"health": "waiting", "remark": "the storage is away: nothing is sent"}
    assert "the storage is away: nothing is sent" in text_of(now)
