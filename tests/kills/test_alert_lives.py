"""``kill -9`` in each state of an alert: it goes on in its message, from when it began, and is told once."""

import os
import time
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest

from otel_discord.testing.fake_discord import Fault, Stall, method_is
from tests.kills.alert_lives import AMBER, GOOD, GREEN, GREY, RED, WORSE, alert_stage, rule
from tests.kills.house import until
from tests.kills.launch import Nursery, nursery
from tests.kills.served import Served, served

RULES = [
    rule("Pending", **{"for": "3s"}),
    rule("Waiting"),
    rule("Told"),
    rule("Edited"),
    rule("Worse"),
    rule("Kept", keep_firing_for="3s"),
    rule("Over"),
    rule("EndedMeanwhile"),
    rule("Silent", window="1s", no_data={"after": "1s"}),
    rule("SilentKept", window="1s", no_data={"after": "1s", "then": "keep"}),
    rule("SilentAlert", window="1s", no_data={"after": "1s", "then": "alert"}),
]
FIRST = ["Told", "Edited", "Worse", "Kept", "Over", "EndedMeanwhile", "Silent", "SilentKept", "SilentAlert"]
"""What has been told when the service is killed."""
LONG = pytest.mark.skipif(os.environ.get("OTEL_DISCORD_FAULTS") != "all", reason="played with OTEL_DISCORD_FAULTS=all")
IN_FLIGHT = pytest.mark.parametrize(
    "has_come", [pytest.param(True, id="it has come"), pytest.param(False, id="it has not", marks=LONG)]
)
"""What was in flight at a kill: Discord may have it, and nobody knows."""


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("nursery")) as forks:
        yield forks


@pytest.fixture
def fake() -> Iterator[Served]:
    with served() as fake:
        yield fake


def test_a_kill_while_alerts_are_in_every_state(tmp_path: Path, fake: Served, forks: Nursery) -> None:
    slow = {"fold": {"edit_interval": "2s"}, "alerts": {"group_wait": "1s"}}
    with alert_stage(tmp_path, fake, forks.launch, RULES, **slow) as stage:
        stage.start()
        stage.bad(*FIRST)
        for name in FIRST:
            stage.shows(name, AMBER)
        stage.good("Over", "Kept")
        stage.shows("Over", GREEN)
        stage.bad("Edited", value=600.0)
        until(lambda: "600" in stage.words("Edited"), "an edit, so that the next one has to wait")
        stage.bad("Pending", "Waiting", apart_s=0.06)
        stage.bad("Edited", value=700.0, apart_s=0)
        fake.fake.faults.add(Fault(Stall(), times=inf))  # so that nobody has to ask what has come when it is killed
        stage.bad("Worse", value=WORSE, apart_s=0.2)
        assert stage.messages("Pending") == []
        before = {name: [message.id for message in stage.messages(name)] for name in FIRST}
        stage.kill()

        fake.fake.faults.clear()
        stage.load.stop("Silent", "SilentKept", "SilentAlert")
        stage.load.change("EndedMeanwhile", GOOD)
        time.sleep(0.8)
        stage.start()
        stage.shows("EndedMeanwhile", GREEN)
        stage.ended["EndedMeanwhile"] = stage.load.changes["EndedMeanwhile", GOOD][-1]
        stage.shows("Waiting", AMBER)
        stage.shows("Pending", AMBER)
        assert time.time() - stage.began["Pending"].sent_s >= 3.0
        stage.shows("Worse", GREY, RED)
        stage.shows("Kept", GREEN)
        stage.shows("Silent", GREEN)
        assert "no data any more" in stage.words("Silent")
        for name in ("Told", "Waiting", "Pending", "Edited", "SilentKept", "SilentAlert"):
            assert stage.colors(name) == [AMBER], name
            stage.check_began(name)
        assert "700" in stage.words("Edited")

        stage.good("Told", "Waiting", "Pending", "Edited", "Worse", "SilentKept", "SilentAlert")
        for name in ("Told", "Waiting", "Pending", "Edited", "SilentKept", "SilentAlert"):
            stage.shows(name, GREEN)
        stage.shows("Worse", GREY, GREEN)
        for name in stage.ended:
            stage.check_times(name, end_after_s=3.0 if name == "Kept" else 0.0)
        assert "peak 5,000" in stage.words("Worse")
        assert "peak 700" in stage.words("Edited")
        for name, ids in before.items():
            assert [message.id for message in stage.messages(name)][: len(ids)] == ids
        stage.bad("Over")  # after its end another life begins
        stage.shows("Over", GREEN, AMBER)
        stage.good("Over")
        stage.shows("Over", GREEN, GREEN)
        stage.stop()
        assert len(fake.fake.messages) == len(RULES) + 2
        assert not [title for title in stage.marked() if "Waiting" not in title]  # on a slow machine that is in flight
        fake.fake.assert_clean()


@IN_FLIGHT
def test_a_kill_while_its_message_is_in_flight(has_come: bool, tmp_path: Path, fake: Served, forks: Nursery) -> None:
    """Behind it waits another one, of which nothing has been sent."""
    with alert_stage(tmp_path, fake, forks.launch, [rule("Flying"), rule("Behind")]) as stage:
        fake.fake.faults.add(Fault(Stall(inf, commit=has_come), match=method_is("POST")))
        stage.start()
        stage.bad("Flying", "Behind", apart_s=0.4)
        assert fake.came("POST") == 1
        stage.kill()
        time.sleep(1.0)
        stage.start()
        orphan = [AMBER] if has_come else []
        stage.shows("Flying", *orphan, AMBER)
        stage.shows("Behind", AMBER)
        assert [title[2:] for title in stage.marked()] == ["Flying: 500 jobs wait"]
        stage.good("Flying", "Behind")
        stage.shows("Flying", *orphan, GREEN)
        stage.shows("Behind", GREEN)
        stage.check_times("Flying")
        stage.check_times("Behind")
        stage.stop()
        assert len(fake.fake.messages) == (3 if has_come else 2)


@IN_FLIGHT
def test_a_kill_while_its_edit_is_in_flight(has_come: bool, tmp_path: Path, fake: Served, forks: Nursery) -> None:
    """Of one alert the end is in flight; of the other it is known, and nothing of it has been sent."""
    rules = [rule(name, repeat_interval="0s") for name in ("Ending", "Behind")]
    with alert_stage(tmp_path, fake, forks.launch, rules) as stage:
        stage.start()
        stage.bad("Ending", "Behind", apart_s=0.7)
        stage.shows("Ending", AMBER)
        stage.shows("Behind", AMBER)
        fake.fake.faults.add(Fault(Stall(inf, commit=has_come), match=method_is("PATCH")))
        time.sleep(0.4)
        stage.good("Ending")
        until(lambda: fake.came("PATCH"), "the edit that ends it")
        stage.good("Behind")
        time.sleep(0.3)
        assert stage.colors("Behind") == [AMBER]
        stage.kill()
        time.sleep(1.0)
        stage.start()
        stage.shows("Ending", GREEN)
        stage.shows("Behind", GREEN)
        stage.check_times("Ending")
        stage.check_times("Behind")
        stage.stop()
        assert len(fake.fake.messages) == 2
        assert stage.marked() == []


def test_from_breach_to_message_at_real_speed(tmp_path: Path, fake: Served, forks: Nursery) -> None:
    with alert_stage(tmp_path, fake, forks.launch, [rule("Quick", **{"for": "1s"})]) as stage:
        stage.start()
        time.sleep(0.2)
        changed_s = time.time()
        stage.load.change("Quick", 500.0)
        stage.shows("Quick", AMBER)
        seconds = time.time() - changed_s
        stage.began["Quick"] = stage.load.changes["Quick", 500.0][0]
        stage.check_began("Quick")
        stage.stop()
    print(f"from breach to message: {seconds:.2f} s, of which 1 s is `for`, and 0.05 s `group_wait`")
    assert 1.0 <= seconds < 3.0
