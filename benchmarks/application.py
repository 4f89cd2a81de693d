"""What reporting errors costs the application: a burst of 60 and its exit, a steady stream, and the import.

Each burst is a fresh process against a FakeDiscord of its own with Discord's usual limits; ours and peers from the
package index, in one run and one table. Peers that sleep out the limits in the application's thread take a minute and
more, nearly all of it asleep: those run side by side. All others run one after the other.
"""

import contextlib
import json
import socket
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.application_bursts import HEADINGS, Burst, Outcome, aligned, burst_row, outcome, together
from benchmarks.application_imports import added_modules, added_ms
from benchmarks.calibration import python_ms
from benchmarks.figures import Figure, Report, quantile
from benchmarks.peers.installed import PeersMissingError, peer_python
from benchmarks.processes import stand_in, started
from benchmarks.sizes import Size
from otel_discord.testing.fake_discord.oracles import records_shown

AIM_OTHERS_MS: Final = 5.0
AIM_P99_MS: Final = 0.2
AIM_IMPORT_MS: Final = 100.0

OURS: Final = ("DiscordHandler", "SDK")
QUICK_PEERS: Final = ("discord-webhook", "apprise")
SLOW_PEERS: Final = ("discord-webhook, retry", "python-logging-discord-handler")
_NONE, _THERE, _REFUSES = "-", "there", "refuses"
_STEADY: Final = {
    Size.TINY: (("NullHandler", _NONE), ("DiscordHandler", _THERE)),
    Size.FULL: (
        ("NullHandler", _NONE),
        ("StreamHandler", _NONE),
        *((way, state) for way in OURS for state in (_THERE, _REFUSES)),
    ),
}
"""Ways, and how Discord is; only ours ask."""
_CHILD_TIMEOUT_S: Final = 150.0
_ROOT: Final = str(Path(__file__).parents[1])
_UNREACHABLE: Final = f"http://127.0.0.1:{{port}}/api/webhooks/100000000000000001/{'a' * 68}"
_SHOWN_MODULES: Final = 12


def run(size: Size, repeat: int | None = None) -> Report:
    """Measure ``repeat`` bursts of each kind of ours (default 3), one of each peer, and the rest once."""
    errors = size.pick(tiny=8, full=60)
    kinds = _kinds(OURS) if size is Size.FULL else [Burst(way, repeats=False, threads=4) for way in OURS]
    ours = _bursts_of_ours(kinds, errors, repeat or size.pick(tiny=1, full=3))
    peers = _bursts_of_peers(errors) if size is Size.FULL else {}
    steady_figures, steady_note = _steady(_STEADY[size], size.pick(tiny=20, full=500))
    import_figures, import_note = _imports(size.pick(tiny=1, full=5))
    rows = [HEADINGS, *(burst_row(burst, found) for burst, found in {**ours, **peers}.items())]
    calibration_ms = python_ms()
    figures = [figure for burst, found in ours.items() for figure in _figures(burst, found, calibration_ms)]
    figures += [
        figure
        for burst, found in peers.items()
        if isinstance(found, Outcome) and not burst.repeats
        for figure in _figures(burst, found, calibration_ms, is_ours=False)
    ]
    notes = [f"application: a burst of {errors} errors, then exit", aligned(rows), "", steady_note, import_note]
    return Report([*figures, *steady_figures, *import_figures], notes)


def _kinds(ways: Sequence[str]) -> list[Burst]:
    return [Burst(way, repeats, threads) for way in ways for repeats in (False, True) for threads in (1, 4)]


def _bursts_of_ours(kinds: Sequence[Burst], errors: int, repeat: int) -> dict[Burst, Outcome]:
    found: dict[Burst, list[Outcome]] = {burst: [] for burst in kinds}
    for _ in range(repeat):  # round by round: a busy moment of the machine does not fall on one kind
        for burst in kinds:
            found[burst].append(_measured(burst, errors))
    return {burst: together(outcomes) for burst, outcomes in found.items()}


def _bursts_of_peers(errors: int) -> dict[Burst, Outcome | str]:
    quick, slow = _kinds(QUICK_PEERS), _kinds(SLOW_PEERS)
    pythons = {way: _python_or_reason(way) for way in (*QUICK_PEERS, *SLOW_PEERS)}

    def measured(burst: Burst) -> Outcome | str:
        python = pythons[burst.way]
        try:
            return str(python) if isinstance(python, PeersMissingError) else _measured(burst, errors, python=python)
        except RuntimeError as error:
            return f"failed: {(str(error).strip().splitlines() or ['without a word'])[-1][:120]}"

    found = {burst: measured(burst) for burst in quick}
    with ThreadPoolExecutor(len(slow)) as pool:
        return found | dict(zip(slow, pool.map(measured, slow), strict=True))


def _python_or_reason(way: str) -> str | PeersMissingError:
    try:
        return peer_python(way.partition(",")[0])
    except PeersMissingError as error:
        return error


def _measured(burst: Burst, errors: int, *, python: str = sys.executable) -> Outcome:
    """Return what came of one burst.

    Raises:
        RuntimeError: the child failed, or did not end in time.
    """
    options = ["--errors", str(errors), "--threads", str(burst.threads), *(["--repeats"] if burst.repeats else [])]
    with stand_in(profile="default") as discord:
        told, ended_s, last_words = _child(burst.way, discord.webhook_url, options, python=python)
        messages, stats = discord.ask("messages"), discord.ask("stats")
    accounted = records_shown(messages) if burst.way in OURS else len(messages)
    if burst.way in OURS and accounted != errors:
        print(f"{burst.name}: {accounted} of {errors}; {last_words}", file=sys.stderr, flush=True)
    return outcome(
        told["spans_ns"],
        accounted=accounted,
        messages=stats["created"],
        rate_limited=stats["by_status"].get("429", 0),
        exit_s=ended_s - told["ended_s"],
    )


def _child(
    way: str, url: str, options: Sequence[str], *, python: str = sys.executable
) -> tuple[dict[str, Any], float, str]:
    arguments = ["-m", "benchmarks.application_child", "--way", way, "--url", url, *options]
    with started(arguments, cwd=_ROOT, python=python) as child:
        child.wait_for("^ready")
        child.say("go")
        told = json.loads(child.wait_for("^calls (.*)", timeout_s=_CHILD_TIMEOUT_S)[1])
        return told, child.wait_for_end(timeout_s=_CHILD_TIMEOUT_S), child.last_words()


def _figures(burst: Burst, found: Outcome, calibration_ms: float, *, is_ours: bool = True) -> Iterator[Figure]:
    name = f"application.{burst.name}"
    aim_ms, aim_p99_ms, all_of_them = (AIM_OTHERS_MS, AIM_P99_MS, found.errors) if is_ours else (None, None, None)
    ratio = found.others_ms / calibration_ms
    yield Figure(name=f"{name}.accounted", value=found.accounted, unit="errors", aim=all_of_them)
    yield Figure(name=f"{name}.others", value=found.others_ms, unit="ms", ratio=ratio, better="lower", aim=aim_ms)
    if is_ours:
        yield Figure(name=f"{name}.p99", value=found.p99_ms, unit="ms", better="lower", aim=aim_p99_ms)
        yield Figure(name=f"{name}.first", value=found.first_ms, unit="ms", better="lower")
        yield Figure(name=f"{name}.exit", value=found.exit_s, unit="s", better="lower")


def _steady(kinds: Sequence[tuple[str, str]], errors: int) -> tuple[list[Figure], str]:
    """Measure single calls, 100 a second, with Discord there and with nobody listening."""
    rows: list[Sequence[str]] = [("handler", "Discord", "p50 ms", "p99 ms", "max ms")]
    figures = []
    for way, state in kinds:
        discord: contextlib.AbstractContextManager[str] = _discord_there() if state == _THERE else _nobody_there()
        with discord as url:
            told, _, _ = _child(way, url, ["--errors", str(errors), "--per-s", "100"])
        taken = [(end - begin) / 1e6 for begin, end in told["spans_ns"][1:]]
        p50_ms, p99_ms = quantile(taken, 0.5), quantile(taken, 0.99)
        name = f"application.steady.{way}{f'.{state}' if way in OURS else ''}".lower()
        figures.append(Figure(name=f"{name}.p50", value=p50_ms, unit="ms", better="lower"))
        figures.append(Figure(name=f"{name}.p99", value=p99_ms, unit="ms", better="lower"))
        rows.append((way, state, *(f"{value:.3f}" for value in (p50_ms, p99_ms, max(taken)))))
    return figures, "\n".join([f"application: {errors} calls, 100 a second", aligned(rows), ""])


@contextlib.contextmanager
def _discord_there() -> Iterator[str]:
    with stand_in(profile="default") as discord:
        yield discord.webhook_url


@contextlib.contextmanager
def _nobody_there() -> Iterator[str]:
    with socket.socket() as held:  # bound and not listening: refused, and nobody else takes the port
        held.bind(("127.0.0.1", 0))
        yield _UNREACHABLE.format(port=held.getsockname()[1])


def _imports(repetitions: int) -> tuple[list[Figure], str]:
    alone, with_names = (added_ms(what, repetitions) for what in ("import", "names"))
    modules = added_modules()
    figures = [
        Figure(name="application.import.added", value=alone, unit="ms", better="lower", aim=AIM_IMPORT_MS),
        Figure(name="application.import.names", value=with_names, unit="ms", better="lower", aim=AIM_IMPORT_MS),
    ]
    slowest = ", ".join(f"{module} {own_ms:.1f}" for module, own_ms in modules[:_SHOWN_MODULES])
    note = f"application: {len(modules)} modules over those of the SDK, slowest (own ms, with measuring): {slowest}"
    return figures, note
