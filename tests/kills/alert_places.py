"""A kill at a place that the code names, somewhere in the life of an alert that fires, gets worse and ends."""

import time
from collections.abc import Sequence
from pathlib import Path

from tests.kills.alert_lives import AMBER, BAD, GOOD, GREEN, GREY, RED, WORSE, AlertStage, alert_stage, rule
from tests.kills.fold_places import FOLD_IN_DOUBT, FOLD_IN_FLIGHT
from tests.kills.house import KILLED, until
from tests.kills.launch import Launch
from tests.kills.scenes import around
from tests.kills.served import Served

NAME = "QueueTooDeep"
STEPS = ((BAD, (AMBER,)), (WORSE, (GREY, RED)), (GOOD, (GREY, GREEN)))
"""What is told, and the colours of the messages then."""
ALERT_PLACES = (
    *(f"{place}:{count}" for count in range(1, 7) for place in around("state")),
    *(f"{place}:{count}" for count in range(1, 4) for place in around("put", "route")),
    *(
        f"{place}:{count}"
        for count in (1, 2)
        for place in (
            "send.before_mark",
            *around("mark_sending"),
            "send.after_mark",
            "send.after_answer",
            *around("post", "mark_shown"),
        )
    ),
)
"""With how often the place is come by: the second message is the one about what got worse."""


def play_alert_at(place: str, directory: Path, fake: Served, launch: Launch) -> int:
    """Play it; return how many messages say something that another one says too.

    Raises:
        AssertionError: it was not killed there, or Discord shows something else than one life.
    """
    in_flight, in_doubt = (place.partition(":")[0] in places for places in (FOLD_IN_FLIGHT, FOLD_IN_DOUBT))
    with alert_stage(directory, fake, launch, [rule(NAME, repeat_interval="0s", **{"for": "100ms"})]) as stage:
        stage.start(place)
        kills = _revive(stage)
        for value, colors in STEPS:
            stage.load.change(NAME, value)
            kills += _go_on(stage, colors, in_flight=in_flight)
        ends_at = time.monotonic() + 5
        while not kills and time.monotonic() < ends_at:  # what was shown last has to be put down
            time.sleep(0.02)
            kills += _go_on(stage, STEPS[-1][1], in_flight=in_flight)
        assert kills == 1, f"it was not killed at {place}"
        stage.stop()
        shown = stage.colors(NAME)
        repeats = len(shown) - len(STEPS[-1][1])
        assert repeats == in_flight, f"{len(shown)} messages"
        assert len(stage.marked()) <= in_doubt
    return repeats


def _go_on(stage: AlertStage, colors: Sequence[int], *, in_flight: bool) -> int:
    """Wait until messages have these colours; a message that is there twice counts once. Return the kills meanwhile."""
    kills = 0

    def is_so() -> bool:
        nonlocal kills
        kills += _revive(stage)
        shown = stage.colors(NAME)
        fewer = [[*shown[:place], *shown[place + 1 :]] for place in range(len(shown))] if in_flight else []
        return [*colors] in (shown, *fewer) and (stage.load.changes.get((NAME, stage.load.values[NAME])) is not None)

    until(is_so, f"messages are {[hex(color) for color in colors]}", step_s=0.01)
    return kills


def _revive(stage: AlertStage) -> int:
    """Start the service again where it has been killed."""
    life = stage.house.life
    assert life is not None
    if life.process.poll() is None:
        return 0
    assert life.wait() == KILLED, "".join(life.said)[-2000:]
    stage.house.check_log()
    stage.start()
    return 1
