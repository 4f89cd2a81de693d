"""Replicas killed and standing still in turn under load; see ``tests/fleet/ends.py``."""

from benchmarks.figures import Figure, Report
from benchmarks.sizes import Size
from tests.fleet.ends import EndsPlan, play_ends


def run(size: Size) -> Report:
    """Play 30 kills and 10 pauses.

    Raises:
        RuntimeError: a promise was broken; says which.
    """
    outcome = play_ends(EndsPlan(kills=size.pick(tiny=1, full=30), pauses=size.pick(tiny=0, full=10)))
    lines = [f"  {name:30} {figure}" for name, figure in outcome.figures.items()]
    if outcome.verdict.wrong:
        raise RuntimeError("\n".join([*lines, *outcome.verdict.wrong[:20]]))
    verdict = outcome.verdict
    figures = [
        Figure(name="fleet.ends.lost", value=verdict.lost, unit="records", better="lower", aim=0),
        Figure(name="fleet.ends.order", value=verdict.disordered, unit="out of order", better="lower", aim=0),
        Figure(name="fleet.ends.repeats", value=verdict.repeating_messages, unit="messages", better="lower"),
        Figure(
            name="fleet.ends.taken_over",
            value=outcome.usual_silence_s("kill"),
            unit="s, the median",
            better="lower",
            aim=outcome.plan.lease_s + 1.0,
        ),
        Figure(
            name="fleet.ends.taken_over.most",
            value=max(outcome.longest_silence_s("kill"), outcome.longest_silence_s("pause")),
            unit="s",
            better="lower",
        ),
        Figure(name="fleet.ends.late_refused", value=outcome.late, unit="works"),
    ]
    return Report(figures, ["fleet-ends:", *lines])
