"""The pure parts of what reporting costs an application: outcomes, lines of the table, lists of imports."""

import threading
import time
from dataclasses import replace

import pytest

from benchmarks.application_bursts import HEADINGS, Burst, Outcome, aligned, burst_row, outcome, together
from benchmarks.application_child import burst, steady, texts
from benchmarks.application_imports import parsed

MS = 1_000_000


def test_the_call_that_began_first_is_apart() -> None:
    spans = [(2 * MS, 3 * MS), (MS, 9 * MS), (4 * MS, 7 * MS)]
    found = outcome(spans, accounted=3, messages=1, rate_limited=0, exit_s=0.5)
    assert (found.errors, found.first_ms, found.others_ms, found.max_ms) == (3, 8.0, 4.0, 3.0)
    assert found.p99_ms == pytest.approx(2.98)


def one(**changes: float) -> Outcome:
    made = Outcome(
        errors=60,
        accounted=60,
        messages=6,
        rate_limited=0,
        first_ms=1.0,
        others_ms=2.0,
        p99_ms=0.1,
        max_ms=0.2,
        exit_s=0.3,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # counts are whole


def test_several_are_their_medians_and_their_worst_counts() -> None:
    found = together(
        [one(), one(others_ms=9.0, max_ms=4.0, accounted=58), one(others_ms=3.0, rate_limited=1, accounted=61)]
    )
    assert (found.others_ms, found.max_ms, found.accounted, found.rate_limited) == (3.0, 4.0, 58, 1)


def test_more_than_there_were_is_no_better_than_too_few() -> None:
    assert together([one(), one(accounted=63)]).accounted == 63


def test_a_row_for_each_heading_or_a_reason() -> None:
    kind = Burst("discord-webhook, retry", repeats=True, threads=4)
    assert len(burst_row(kind, one())) == len(HEADINGS)
    assert burst_row(kind, "no index")[2:] == ("4", "no index")
    assert kind.name == "discord-webhook_retry.repeats.4_threads"


def test_lines_are_aligned_and_a_reason_may_be_long() -> None:
    lines = aligned([("way", "errors", "ms"), ("SDK", "the same", "12"), ("x", "no index can be reached here")])
    assert lines.splitlines() == [
        "way  errors    ms",
        "SDK  the same  12",
        "x    no index can be reached here",
    ]


def test_errors_are_different_or_the_same_but_for_a_number() -> None:
    def words(text: str) -> str:
        return "".join(each for each in text if not each.isdigit())

    assert len({words(text) for text in texts(60, repeats=False)}) == 60
    assert len({words(text) for text in texts(60, repeats=True)}) == 1
    assert len(set(texts(60, repeats=True))) == 60


@pytest.mark.parametrize("threads", [1, 4])
def test_every_error_of_a_burst_is_reported_and_timed(threads: int) -> None:
    reported: list[tuple[str, int]] = []
    errors = texts(10, repeats=False)
    spans = burst(lambda text: reported.append((text, threading.get_ident())), errors, threads)
    assert sorted(text for text, _ in reported) == sorted(errors)
    assert len({thread for _, thread in reported}) <= threads
    assert len(spans) == 10
    assert all(began <= ended for began, ended in spans)


def test_a_steady_pace() -> None:
    begun_ns = time.perf_counter_ns()
    spans = steady(lambda _: None, texts(4, repeats=False), per_s=200.0)
    assert spans[-1][0] - begun_ns >= 14 * MS


def test_imports_before_the_mark_are_not_ours() -> None:
    written = (
        "import time:       900 |        900 | opentelemetry.sdk\n"
        "import time: mark\n"
        "import time:       100 |        100 |   otel_discord.sdk.handler\n"
        "import time:      2500 |       2600 | otel_discord.sdk\n"
    )
    assert parsed(written) == [("otel_discord.sdk", 2.5), ("otel_discord.sdk.handler", 0.1)]
