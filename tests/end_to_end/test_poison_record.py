"""A record that ends the process that shows it: the service is started again, and after three ends it goes on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import (
    COMMAND,
    Running,
    StandIn,
    eventually,
    post_logs,
    service_configuration,
    stand_in,
    started,
)
from tests.poison.python import WORD, fragile_python

MOST_LIVES = 6


@pytest.fixture
def fake() -> Iterator[StandIn]:
    with stand_in("--profile", "unlimited") as fake:
        yield fake


def _configuration(directory: Path, fake: StandIn) -> Path:
    path = service_configuration(directory, fake, sending_queue={"storage": "file_storage"})
    settings: dict[str, Any] = json.loads(path.read_text())
    settings["extensions"] = {"file_storage": {"directory": str(directory / "store"), "create_directory": True}}
    settings["service"]["extensions"] = ["file_storage"]
    path.write_text(json.dumps(settings))
    return path


def _http_port(service: Running) -> int:
    return int(service.read_until(r"Everything is ready.*otlp http on 127\.0\.0\.1:(\d+)")[1])


def _is_told(fake: StandIn, words: str) -> bool:
    return any(words in title for title in fake.titles())


@pytest.mark.timeout(120)
def test_it_ends_as_a_dead_letter_after_three_crashes(tmp_path: Path, fake: StandIn) -> None:
    fragile = fragile_python(tmp_path / "python")
    path = _configuration(tmp_path, fake)
    crashes = 0
    for life in range(MOST_LIVES):
        with started([*COMMAND, "--config", str(path)], **fragile) as service:
            if life == 0:
                port = _http_port(service)
                assert post_logs(port, "before it", WORD, "after it") == 200
            try:
                eventually(lambda: service.process.poll() is not None or _is_told(fake, "after it"), 30.0)
            finally:
                ended = service.process.poll()
            if ended is None:
                port = _http_port(service)
                assert post_logs(port, "and later") == 200
                eventually(lambda: _is_told(fake, "and later"))
                assert service.end() == 0
                said = "".join(service.said)
                break
            crashes += 1
    assert crashes == 3
    assert "3 times in a row" in said
    assert [title for title in fake.titles() if WORD in title] == []
    assert all(sum(words in title for title in fake.titles()) == 1 for words in ("before it", "after it", "and later"))
    letters = "".join(each.read_text() for each in (tmp_path / "dead-letters").rglob("*") if each.is_file())
    assert "poison" in said
    assert WORD in letters or WORD in said
