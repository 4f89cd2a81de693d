"""All scenarios, all ways, at most six minutes: what is timed closely alone, what mostly sleeps side by side."""

import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

from benchmarks.figures import Figure, Report
from benchmarks.peers.ingest import ingest_text
from benchmarks.peers.installed import PeersMissingError, is_installed, peer_python
from benchmarks.peers.places import ALERTMANAGER, discords
from benchmarks.peers.scenarios import ALL, BURST, ENDS, STREAM, TINY, Scenario
from benchmarks.peers.tables import PAGE, remarks, replaced, scenario_text
from benchmarks.peers.trial import Trial, trial
from benchmarks.peers.versions import provenance
from benchmarks.peers.ways import WAYS, Way
from benchmarks.sizes import Size

TRIALS_S: Final = 320.0
"""What is not begun by then is not run, and what is under way is cut a little before."""

_APART_S: Final = 2.0
"""Between the starts of trials that run side by side: imports take the processor for that long."""
_LEAST_S: Final = 10.0
_END_S: Final = 8.0
"""For processes to start and to end."""

Key = tuple[Way, Scenario]


def run(size: Size) -> Report:
    """Measure; at full size write the tables into the page as well. Peers that are missing are lines with a reason."""
    ends_at_s = time.monotonic() + TRIALS_S
    if size is Size.TINY:
        return _tiny(ends_at_s)
    missing = _missing(WAYS)
    with discords() as control:
        found = _all_trials(missing, control, ends_at_s)
    parts = [provenance(datetime.now(UTC).date(), WAYS), ""]
    parts += [scenario_text(scenario, {way: found[way, scenario] for way in WAYS}) for scenario in ALL]
    parts += [ingest_text(size), remarks(WAYS)]
    text = "\n".join(parts)
    PAGE.write_text(replaced(PAGE.read_text(), text))
    return Report(_figures(found), ["peers:", "", text])


def _tiny(ends_at_s: float) -> Report:
    """Run one of ours alone; say of the others whether they could take part."""
    found: dict[Way, Trial | str] = {}
    with discords() as control:
        for way in WAYS:
            if way.name == "DiscordHandler":
                found[way] = _tried(way, TINY, control, ends_at_s)
            elif way.package and not is_installed(way.package):
                found[way] = "not installed"
            else:
                found[way] = "not part of a tiny run"
    keyed: dict[Key, Trial | str] = {(way, TINY): each for way, each in found.items()}
    return Report(_figures(keyed), [scenario_text(TINY, found)])


def _missing(ways: Iterable[Way]) -> dict[Way, str]:
    """Install what is not there yet, and return the reasons for what cannot be had."""
    missing: dict[Way, str] = {}
    for way in ways:
        if way.place == "alertmanager" and shutil.which(ALERTMANAGER) is None:
            missing[way] = f"{ALERTMANAGER} is not installed"
        elif way.package:
            try:
                peer_python(way.package)
            except PeersMissingError as error:
                missing[way] = str(error)
    return missing


def _all_trials(missing: dict[Way, str], control: str, ends_at_s: float) -> dict[Key, Trial | str]:
    there = [way for way in WAYS if way not in missing]
    everything = [(way, scenario) for scenario in ALL for way in there]
    alone = [key for key in everything if _is_quick(key[0]) and key[1] in (BURST, ENDS)]
    ours_streaming = [key for key in everything if key[0].is_ours and key[1] is STREAM]
    taken = {*alone, *ours_streaming}
    asleep = [key for key in everything if key not in taken]
    found: dict[Key, Trial | str] = {(way, scenario): why for way, why in missing.items() for scenario in ALL}
    found |= {key: _tried(*key, control, ends_at_s) for key in alone}
    for keys in (ours_streaming, asleep):
        found |= _side_by_side(keys, control, ends_at_s)
    return found


def _is_quick(way: Way) -> bool:
    return way.is_ours or (way.place == "application" and not way.sleeps)


def _side_by_side(keys: Sequence[Key], control: str, ends_at_s: float) -> dict[Key, Trial | str]:
    def measured(place: int, key: Key) -> Trial | str:
        time.sleep(place * _APART_S)
        return _tried(*key, control, ends_at_s)

    with ThreadPoolExecutor(max(1, len(keys))) as pool:
        return dict(zip(keys, pool.map(measured, range(len(keys)), keys), strict=True))


def _tried(way: Way, scenario: Scenario, control: str, ends_at_s: float) -> Trial | str:
    left_s = ends_at_s - time.monotonic() - _END_S
    if left_s < _LEAST_S:
        return "not run: no time left"
    try:
        done = trial(way, scenario, control, cut_s=min(scenario.cut_s, left_s))
    except PeersMissingError as error:
        return str(error)
    except (OSError, RuntimeError) as error:
        return f"failed: {(str(error).strip().splitlines() or ['without a word'])[-1][:120]}"
    print(f"  {scenario.name}: {way.name}", file=sys.stderr, flush=True)
    return done


def _figures(found: dict[Key, Trial | str]) -> list[Figure]:
    """Return how much of each was accounted for, of what was sent."""
    return [
        Figure(
            name=f"peers.{scenario.name}.{way.name.replace(', ', '_').replace(' ', '_').lower()}.accounted",
            value=each.counted.accounted,
            unit="problems" if way.reading == "alerts" else "records",
            aim=scenario.records if way.is_ours else None,
        )
        for (way, scenario), each in found.items()
        if isinstance(each, Trial)
    ]
