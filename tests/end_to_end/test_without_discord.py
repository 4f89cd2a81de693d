"""The service starts and accepts while Discord cannot be reached, and delivers once it can."""

import time
from pathlib import Path

from tests.end_to_end.processes import (
    COMMAND,
    eventually,
    free_port,
    post_logs,
    service_configuration,
    stand_in,
    started,
)

AWAY_S = 2.0
"""Longer than `max_attempts` would last: they do not count while nothing answers."""


def test_discord_comes_later(tmp_path: Path) -> None:
    place = ("--port", str(free_port()), "--seed", "7")
    with stand_in(*place) as discord:
        path = service_configuration(
            tmp_path,
            discord,
            retry_on_failure={"initial_interval": "50ms", "max_interval": "200ms"},
            circuit_breaker={"cooldown": "300ms"},
        )
    with started([*COMMAND, "--config", str(path)]) as service:
        http = int(service.read_until(r"Everything is ready.*otlp http on 127\.0\.0\.1:(\d+)")[1])
        bodies = [f"problem {number}" for number in range(30)]
        assert post_logs(http, *bodies) == 200
        time.sleep(AWAY_S)
        with stand_in(*place) as discord:
            eventually(lambda: len(discord.titles()) >= len(bodies))
            assert sorted(title.partition(" ")[2] for title in discord.titles()) == sorted(bodies)
            assert service.end() == 0
