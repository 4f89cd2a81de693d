"""Each example ends well and its errors, those alone, stand in the channel with their evidence."""

import re
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.processes import eventually, free_port, stand_in, started
from tests.examples.running import EXAMPLES, embeds, environment, no_refusals, run, whole_text

INSTRUMENT = [str(Path(sys.executable).parent / "opentelemetry-instrument")]
TWO_VARIABLES = {"OTEL_LOGS_EXPORTER": "discord", "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
DECLINED = "Payment declined: gateway timeout"
NO_TOTAL = "Cannot compute the total"
NO_NUMBER = "ValueError: could not convert string to float"


def of(title: str, found: list[dict[str, Any]]) -> str:
    """Return what the one card with this title says."""
    (embed,) = [each for each in found if title in each["title"]]
    return whole_text(embed)


def test_plain_logging() -> None:
    with stand_in() as fake:
        run("plain_logging/app.py", fake)
        found = embeds(fake)
        assert len(found) == 2
        text = of(f"{NO_NUMBER}: '19 %'", found)
        assert NO_TOTAL in text
        assert "48214" in text
        assert "umbrella" in of("stock is low", found)
        assert "checkout" in str(found)
        no_refusals(fake)


def test_dictconfig_has_a_second_handler_for_what_is_critical() -> None:
    with stand_in("--webhooks", "2") as fake:
        run("dictconfig/app.py", fake, ON_CALL_WEBHOOK_URL=fake.urls[1])
        assert "stripe" in of(DECLINED, embeds(fake, 0))
        assert len(embeds(fake, 0)) == 2
        (alone,) = embeds(fake, 1)
        assert "No payment gateway answers" in alone["title"]
        no_refusals(fake)


@pytest.mark.parametrize("way", ["variables", "file", "code"])
def test_opentelemetry(way: str) -> None:
    program, before, more = {
        "variables": ("app.py", INSTRUMENT, TWO_VARIABLES),
        "file": ("app.py", INSTRUMENT, {"OTEL_CONFIG_FILE": str(EXAMPLES / "opentelemetry_sdk" / "otel.yaml")}),
        "code": ("in_code.py", [], {}),
    }[way]
    with stand_in() as fake:
        run(f"opentelemetry_sdk/{program}", fake, *before, **more)
        found = embeds(fake)
        assert len(found) == 2
        assert "stripe" in of(DECLINED, found)
        assert NO_TOTAL in of(NO_NUMBER, found)
        assert "checkout" in str(found)
        no_refusals(fake)


@pytest.mark.parametrize("program", ["structlog_app/app.py", "loguru_app/app.py"])
def test_structlog_and_loguru_bring_context_and_traces(program: str) -> None:
    with stand_in() as fake:
        run(program, fake)
        found = embeds(fake)
        assert len(found) == 2
        assert "48213" in of(DECLINED, found)
        text = of(NO_NUMBER, found)
        assert NO_TOTAL in text
        assert "48213" in text
        assert "order taken" not in str(found)
        no_refusals(fake)


def ask(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_workers_of_gunicorn_each_send_what_they_saw() -> None:
    asked = 40
    port = free_port()
    where = EXAMPLES / "gunicorn_app"
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(where), "--config", str(where / "gunicorn.conf.py")]
    with (
        stand_in() as fake,
        started([*command, "--bind", f"127.0.0.1:{port}", "app:application"], **environment(fake)) as server,
    ):
        server.read_until("Booting worker")
        server.read_until("Listening at")
        eventually(lambda: is_up(port))
        assert ask(f"http://127.0.0.1:{port}/") == 200
        assert {ask(f"http://127.0.0.1:{port}/pay?lots") for _ in range(asked)} == {500}
        assert server.end(signal.SIGTERM) == 0, "".join(server.said)
        found = [each for each in embeds(fake) if NO_NUMBER in each["title"]]
        assert 1 <= len(found) <= 2, "one card of each worker that saw an error"
        assert sum(times(each["title"]) for each in found) == asked
        no_refusals(fake)


def is_up(port: int) -> bool:
    try:
        return ask(f"http://127.0.0.1:{port}/") == 200
    except OSError:
        return False


def times(title: str) -> int:
    """Return how many records a card stands for."""
    found = re.search(r"×([\d,]+)", title)
    return int(found[1].replace(",", "")) if found else 1
