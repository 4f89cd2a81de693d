"""A package that otel-discord has never heard of brings components through the same door as its own."""

import signal
from pathlib import Path
from typing import Any

import yaml

CONFIG = """
receivers:
  spoken_words: {lines: [a stitch in time saves nine, all is well]}
processors:
  tail_words/two: {count: 2}
exporters:
  word_file: {path: words.txt}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [spoken_words], processors: [tail_words/two], exporters: [word_file]}
"""


def test_it_is_listed_with_its_package(run: Any, words_package: str) -> None:
    result = run("components", PYTHONPATH=words_package)
    assert result.code == 0, result.err
    listing = yaml.safe_load(result.out)
    entry = next(each for each in listing["processors"] if each["name"] == "tail_words")
    assert entry["module"].startswith("otel-discord-words 1.2.3")
    assert entry["stability"] == {"logs": "Alpha", "metrics": "Undefined", "traces": "Undefined"}
    broken = next(each for each in listing["processors"] if each["name"] == "broken_words")
    assert "package otel-discord-words cannot be imported: ModuleNotFoundError" in broken["error"]


def test_data_runs_through_it(start: Any, words_package: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)
    service = start("--config", "c.yaml", PYTHONPATH=words_package)
    service.wait_for("Everything is ready.")
    service.send(signal.SIGTERM)
    assert service.ended() == 0, service.log
    assert (tmp_path / "words.txt").read_text() == "saves nine\nis well\n"


def test_its_keys_are_checked_like_any(run: Any, words_package: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG.replace("count: 2", "cuont: 2"))
    result = run("validate", "--config", "c.yaml", PYTHONPATH=words_package)
    assert result.code == 78
    assert 'processors::tail_words/two::cuont: has invalid keys: cuont; did you mean "count"? (c.yaml:5)' in result.err


def test_a_broken_one_is_a_problem_where_it_is_used(run: Any, words_package: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG)
    result = run("validate", "--config", "c.yaml", "--set", "processors.broken_words=", PYTHONPATH=words_package)
    assert result.code == 78
    assert 'processor "broken_words" of package otel-discord-words cannot be imported' in result.err
    assert "a_package_that_nobody_has" in result.err
