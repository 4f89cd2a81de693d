"""What a look says, and what follows from it."""

from otel_discord.component.fleet import Replica, shard_owner
from otel_discord.extensions.db_storage.fleet.room_works import RoomRow
from otel_discord.extensions.db_storage.fleet.view import SeatRow, View, view_of
from otel_discord.store.room import Load

_SHARDS = {shard_owner("discord/logs", shard): shard for shard in range(2)}
_NOTHING = (0,) * 6


def test_rows_of_others_are_left_out() -> None:
    rows = [
        (1, "discord/logs", "", 7, 3, 30, 300, 1, 10, 100),
        (1, "discord/logs#7", "", 9, 3, 30, 300, 1, 10, 100),
        (2, "discord/logs#1", "one", 1500, *_NOTHING),
        (2, "discord/logs#1/logs", "one", 1500, *_NOTHING),
        (3, "two", "address", 0, *_NOTHING),
        (3, "one", "", 0, *_NOTHING),
        (4, "discord/logs#1", "", 12, *_NOTHING),
        (4, "discord/logs#1", "", 11, *_NOTHING),
    ]
    view = view_of(rows, _SHARDS)
    assert view.rooms == {0: RoomRow(7, Load(3, 30, 300), Load(1, 10, 100))}
    assert view.rooms[0].taken == Load(2, 20, 200)
    assert view.seats == {1: SeatRow("one", 1.5)}
    assert view.questions == {1: [11, 12]}
    assert view.replicas("one") == [Replica("one", "", is_self=True), Replica("two", "address")]


def test_a_room_of_which_more_was_freed_than_put_is_empty() -> None:
    assert RoomRow(1, Load(1, 5, 100), Load(1, 9, 90)).taken == Load(0, 0, 10)


def test_free_seats_are_those_that_are_ones_own_and_nobodys() -> None:
    view = View({"one": ""}, {0: SeatRow("two", 1.0), 1: SeatRow("two", 0.0), 2: SeatRow("one", 5.0)})
    assert view.free_seats("one", 5, held={3}) == [1, 2, 4]
    assert view.free_seats("two", 5, held=()) == []
    assert view.holders() == {0: "two", 2: "one"}
