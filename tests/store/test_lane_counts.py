"""The counts are those of the database, or it is asked."""

from otel_discord.store.lane_counts import LaneCounts


def test_nothing_is_known_before_it_was_read() -> None:
    counts = LaneCounts()
    counts.came({"ops": 2})
    counts.left({"ops": 1})
    counts.read_lane("ops", 7)
    assert counts.known() is None
    counts.read({})
    assert counts.known() == {}


def test_cards_come_and_leave() -> None:
    counts = LaneCounts()
    counts.read({"ops": 2})
    counts.came({"ops": 1, "errors": 4})
    counts.left({"ops": 3, "errors": 1})
    assert counts.known() == {"errors": 3}


def test_what_cannot_be_is_not_believed() -> None:
    counts = LaneCounts()
    counts.read({"ops": 2})
    counts.left({"oqs": 1})
    assert counts.known() is None
    counts.read({"ops": 1})
    assert counts.known() == {"ops": 1}


def test_a_lane_read_whole_corrects_its_count() -> None:
    counts = LaneCounts()
    counts.read({"ops": 9, "errors": 1})
    counts.read_lane("ops", 2)
    counts.read_lane("errors", 0)
    assert counts.known() == {"ops": 2}


def test_who_asked_cannot_change_them() -> None:
    counts = LaneCounts()
    given = {"ops": 1}
    counts.read(given)
    given["ops"] = 5
    counts.came({"ops": 1})
    assert counts.known() == {"ops": 2}
