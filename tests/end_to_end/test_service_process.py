"""The service as a user runs it: a process, real sockets, signals."""

import signal
from pathlib import Path

import pytest

from otel_discord.testing.fake_discord.oracles import records_shown
from tests.end_to_end.processes import COMMAND, eventually, post_logs, service_configuration, stand_in, started

HTTP_PORT = r"http[^,]* on \S+?:(\d+)"


def test_a_record_arrives_and_sigterm_drains(tmp_path: Path) -> None:
    with stand_in() as fake:
        path = service_configuration(tmp_path, fake)
        with started([*COMMAND, "--config", str(path)]) as service:
            port = int(service.read_until(r"Everything is ready.*" + HTTP_PORT)[1])
            assert post_logs(port, "first") == 200
            eventually(lambda: fake.titles() == ["🔴 first"])
            assert post_logs(port, *(f"record {n}" for n in range(35))) == 200
            assert service.end(signal.SIGTERM) == 0
            assert fake.titles() == ["🔴 first", *(f"🔴 record {n}" for n in range(35))]
            assert fake.ask("violations") == []
            assert fake.urls[0].rsplit("/", 1)[1] not in "".join(service.said)


def test_a_dead_webhook_gets_no_second_request_and_the_token_stays_secret(tmp_path: Path) -> None:
    with stand_in() as fake:
        wrong = fake.urls[0][:-8] + "aaaaaaaa"
        path = service_configuration(tmp_path, fake, webhook_url=wrong)
        with started([*COMMAND, "--config", str(path)]) as service:
            port = int(service.read_until(r"Everything is ready.*" + HTTP_PORT)[1])
            service.read_until("nothing more is sent")
            for number in range(3):
                post_logs(port, f"lost {number}")
            service.read_until("lost 2")
            assert service.end() == 0
        assert fake.ask("stats")["requests"] == 1
        assert wrong.rsplit("/", 1)[1] not in "".join(service.said)


def test_sigint_twice_ends_at_once(tmp_path: Path) -> None:
    with stand_in() as fake:
        fake.add_fault(shape="502_html", times=1e9)
        path = service_configuration(tmp_path, fake, shutdown_timeout="30s")
        with started([*COMMAND, "--config", str(path), "--set", "service.shutdown_timeout=30s"]) as service:
            port = int(service.read_until(r"Everything is ready.*" + HTTP_PORT)[1])
            post_logs(port, "stuck")
            service.process.send_signal(signal.SIGINT)
            service.read_until("SIGINT received")
            assert service.end(signal.SIGINT, deadline_s=5) == 1


@pytest.mark.parametrize("count", [60])
def test_sixty_errors_in_a_burst(tmp_path: Path, count: int) -> None:
    """Each in a request of its own, as sixty processes would send them."""
    with stand_in() as fake:
        path = service_configuration(tmp_path, fake)
        with started([*COMMAND, "--config", str(path)]) as service:
            port = int(service.read_until(r"Everything is ready.*" + HTTP_PORT)[1])
            for number in range(count):
                post_logs(port, f"error {number}")
            eventually(lambda: len(fake.titles()) == count)
            stats = fake.ask("stats")
            assert stats["rate_limited"] == {}
            assert stats["violations"] == {}
            assert fake.titles() == [f"🔴 error {number}" for number in range(count)]
            assert service.end() == 0


def test_sixty_errors_of_one_problem_are_one_card_that_counts(tmp_path: Path) -> None:
    """As it is where nothing is configured: repeats count on the card that is there, and the end shows every one."""
    with stand_in() as fake:
        path = service_configuration(tmp_path, fake, fold={})
        with started([*COMMAND, "--config", str(path)]) as service:
            port = int(service.read_until(r"Everything is ready.*" + HTTP_PORT)[1])
            for number in range(60):
                post_logs(port, f"order {number} failed")
            eventually(lambda: fake.titles() != [])
            post_logs(port, "something else")
            eventually(lambda: len(fake.titles()) == 2)
            assert service.end(signal.SIGTERM) == 0
            messages = fake.ask("messages")
            assert [records_shown([each]) for each in messages] == [60, 1]
            assert fake.titles()[1] == "🔴 something else"
            assert fake.ask("violations") == []
