"""The comparison with peers: what is counted in a channel, how lines read, and one tiny trial of ours."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import Figure
from benchmarks.peers import installed
from benchmarks.peers.counting import Counted, counted
from benchmarks.peers.ingest import Intake
from benchmarks.peers.loopback_only import ElsewhereError, refuse_elsewhere
from benchmarks.peers.run import run
from benchmarks.peers.scenarios import ALL, BURST, ENDS, STREAM, TINY, problem, texts
from benchmarks.peers.tables import BEGIN, END, PAGE, headings, markdown, remarks, replaced, row
from benchmarks.peers.trial import Trial
from benchmarks.peers.ways import WAYS
from benchmarks.sizes import Size

OURS, ALERTS, PLAIN = WAYS[0], WAYS[3], WAYS[5]


def told(*messages: dict[str, Any], rate_limited: int = 0) -> dict[str, Any]:
    return {
        "messages": [{"texts": [], "embeds": [], **message} for message in messages],
        "changed_s": [float(place) for place in range(len(messages))],
        "edits": 0,
        "rate_limited": rate_limited,
    }


def embed(title: str, description: str = "") -> dict[str, Any]:
    return {"texts": [title, description], "embeds": [{"title": title, "description": description}]}


def test_records_have_numbers_of_their_own_and_problems_take_turns() -> None:
    for scenario in ALL:
        said = texts(scenario)
        assert len(set(said)) == scenario.records
        assert [text.rpartition(" ")[0].rpartition(" ")[0] for text in said[: scenario.problems]] == [
            problem(number) for number in range(scenario.problems)
        ]
    assert len({problem(number) for number in range(30)}) == 30


def test_counts_are_read_from_embeds_and_more_than_sent_is_a_repeat() -> None:
    found = counted(told(embed("cannot charge invoice", "×3"), embed("cannot reserve invoice")), TINY, "counts")
    assert (found.problems, found.accounted, found.repeats) == (2, 4, 0)
    again = counted(told(embed("cannot charge invoice", "×5")), TINY, "counts")
    assert (again.accounted, again.repeats) == (4, 1)


def test_a_digest_says_its_sum_and_is_not_counted_twice() -> None:
    digest = {
        "texts": ["cannot charge invoice cannot reserve invoice"],
        "embeds": [{"title": "🔥 2 problems, 1,204 events in the last minute"}, {"title": "x", "description": "×600"}],
    }
    assert counted(told(digest), STREAM, "counts").accounted == 1000
    assert counted(told(digest), STREAM, "counts").repeats == 204


def test_records_are_told_apart_by_their_numbers() -> None:
    said = texts(TINY)
    found = counted(
        told({"texts": [said[0]]}, {"texts": [said[1].replace("_", r"\_")]}, {"texts": [said[0]]}), TINY, "records"
    )
    assert (found.problems, found.accounted, found.repeats) == (2, 2, 1)


def test_alerts_have_no_count_and_a_message_without_anything_new_is_a_repeat() -> None:
    both = {"texts": [f"alertname = {problem(0)}\nalertname = {problem(1)}"]}
    found = counted(told(both, both, rate_limited=7), TINY, "alerts")
    assert (found.problems, found.accounted, found.repeats, found.rate_limited) == (2, 2, 1, 7)


def test_nothing_arrived() -> None:
    found = counted(told(), TINY, "counts")
    assert (found.problems, found.accounted, found.first_s, found.last_s) == (0, 0, None, None)


def one(way: Any, *, accounted: int, made: int, scenario: Any = BURST) -> Trial:
    return Trial(
        way=way,
        scenario=scenario,
        counted=Counted(
            problems=20,
            accounted=accounted,
            repeats=0,
            messages=6,
            edits=2,
            rate_limited=0,
            first_s=1.0,
            last_s=2.0,
        ),
        made=made,
        raised=0,
        first_s=1.0,
        last_s=None,
        blocked_max_ms=0.1,
        blocked_sum_ms=1234.5,
        memory_mib=3.0,
        exit_s=0.5 if scenario.ends else None,
    )


def test_what_is_still_waiting_is_not_lost() -> None:
    found = one(PLAIN, accounted=30, made=31)
    assert (found.lost, found.waiting) == (1, 29)
    assert row(PLAIN, found, BURST)[3] == "1, 29 still waiting"


def test_lost_alerts_are_problems() -> None:
    found = one(ALERTS, accounted=5, made=60)
    assert row(ALERTS, found, BURST)[2:4] == ("not counted", "15 problems")


@pytest.mark.parametrize("scenario", [BURST, ENDS])
def test_every_line_has_a_cell_for_each_heading(scenario: Any) -> None:
    whole = row(OURS, one(OURS, accounted=60, made=60, scenario=scenario), scenario)
    reason = row(PLAIN, "not installed: no route", scenario)
    table = markdown(headings(scenario), [whole, reason]).splitlines()
    assert len({line.count("|") for line in table}) == 1
    assert len({len(line) for line in table}) == 1
    assert whole[6] == "6 + 2 edits"


def test_the_page_has_one_place_for_the_tables() -> None:
    page = PAGE.read_text()
    changed = replaced(page, "new")
    assert f"{BEGIN}\nnew\n{END}" in changed
    assert replaced(changed, "new") == changed
    with pytest.raises(ValueError, match="not in the page"):
        replaced("no marks", "new")


def test_what_each_is_not_made_for_is_said_of_every_peer() -> None:
    assert all(way.remark for way in WAYS if not way.is_ours)
    assert "Prometheus" in remarks(WAYS)


def test_an_intake_is_told_by_the_second_and_by_the_record() -> None:
    assert Intake(records=1_000_000, wall_s=2.0, cpu_s=1.0).cells == ("500,000", "1.00", "0.50")


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (None, ("192.0.2.1", 443))),
        ("socket.sendto", (None, ("192.0.2.1", 53))),
        ("socket.getaddrinfo", ("discord.example", 443, 0, 0, 0)),
        ("socket.gethostbyname", (b"discord.example",)),
    ],
)
def test_children_reach_nothing_but_this_machine(event: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ElsewhereError):
        refuse_elsewhere(event, arguments)


def test_this_machine_is_reached() -> None:
    refuse_elsewhere("socket.connect", (None, ("127.0.0.1", 80)))
    refuse_elsewhere("socket.connect", (None, "socket of a path"))
    refuse_elsewhere("socket.getaddrinfo", ("localhost", 80, 0, 0, 0))
    refuse_elsewhere("open", ("file",))


def test_without_an_index_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, int("pip" in command), "", "WARNING: again\nERROR: no route\n")

    monkeypatch.setattr(subprocess, "run", made)
    with pytest.raises(installed.PeersMissingError, match="not installed: ERROR: no route"):
        installed.peer_python("apprise", tmp_path)
    with pytest.raises(installed.PeersMissingError, match="names no such-package"):
        installed.peer_python("such-package", tmp_path)


def test_an_environment_that_is_as_it_should_be_is_taken(tmp_path: Path) -> None:
    place = tmp_path / "apprise"
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "python").touch()
    assert not installed.is_installed("apprise", tmp_path)
    (place / "installed.txt").write_text(installed.requirement("apprise"))
    assert installed.peer_python("apprise", tmp_path) == str(place / "bin" / "python")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_tiny_trial_of_ours() -> None:
    report = run(Size.TINY)
    found = {figure.name: figure for figure in report.figures}
    assert set(found) == {"peers.tiny.discordhandler.accounted"}
    assert all(isinstance(each, Figure) and each.value == 4 for each in found.values())
    assert "not part of a tiny run" in report.notes[0] or "not installed" in report.notes[0]
