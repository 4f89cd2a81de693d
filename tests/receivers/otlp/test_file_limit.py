import resource
import socket

import pytest

from otel_discord.receivers.otlp.file_limit import accepted_at_once, files_limit_and_open, room_for_connections


@pytest.mark.parametrize(
    ("limit", "open_now", "room"), [(1024, 30, 497), (1024, 0, 512), (64, 30, 17), (64, 64, 1), (64, 80, 1)]
)
def test_half_of_what_is_left(limit: int, open_now: int, room: int) -> None:
    assert room_for_connections(limit, open_now) == room


@pytest.mark.parametrize("limit", [48, 64, 100, 256, 1024, 20_000])
def test_those_held_and_those_just_taken_leave_files_for_the_rest(limit: int) -> None:
    open_now = 30
    room = room_for_connections(limit, open_now)
    assert room + accepted_at_once(room) < limit - open_now


def test_what_is_open_is_counted() -> None:
    limit, before = files_limit_and_open()
    with socket.socket(), socket.socket():
        assert files_limit_and_open() == (limit, before + 2)
    assert limit >= before > 2
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] in (limit, resource.RLIM_INFINITY)
