"""Real processes with a spool: PostgreSQL is stopped under load, and a replica is killed while it empties its spool."""

import os
import time

import pytest

from tests.extensions.db_storage.server import find_programs
from tests.fleet.replica import Replica
from tests.fleet.senders import Door, Sender
from tests.fleet.stage import Stage, loaded, stage
from tests.fleet.town import Plan
from tests.sending.answers import Answer

pytestmark = pytest.mark.skipif(find_programs() is None, reason="no PostgreSQL here")
IS_ALL = os.environ.get("OTEL_DISCORD_FAULTS") == "all"


@pytest.mark.timeout(120)
def test_the_database_is_stopped_under_load() -> None:
    """Every request is answered OK, and shown once and in its order."""
    with stage(Plan(replicas=1, profile="unlimited"), destinations=8, senders=4, pause_s=0.02) as on:
        replica = _with_spool(on.town.replicas[0])
        on.town.start()
        with loaded(on):
            time.sleep(1.0)
            on.town.server.stop("fast")
            time.sleep(15.0 if IS_ALL else 4.0)
            assert replica.metric("otel_discord_spool_records") > 100
            on.town.server.start()
            time.sleep(2.0)
        on.drain()
        assert on.ledger.answers[Answer.REFUSED] == 0
        assert replica.metric("otel_discord_spool_records") == 0
        verdict = on.judge(0)
        assert verdict.wrong == []
        assert verdict.accepted > 300
        assert on.town.stop() == [0]
        assert not any(on.left_over().values())
        assert "empty again" in replica.log


@pytest.mark.timeout(200)
def test_a_replica_is_killed_while_it_empties_its_spool() -> None:
    """What is put is in the fleet once, whatever the spool has heard of it; each kill may repeat one message."""
    kills = 12 if IS_ALL else 2
    with stage(Plan(replicas=1, profile="unlimited", lease="1s"), destinations=8, senders=0) as on:
        replica = _with_spool(on.town.replicas[0])
        on.town.start()
        on.town.server.stop("fast")
        count = 3_000 if IS_ALL else 800
        _deliver(on, count)
        replica.kill()
        on.town.server.start()
        for number in range(kills):
            replica.start()
            replica.wait_until_ready()
            while replica.metric("otel_discord_spool_records") == count:
                time.sleep(0.005)
            time.sleep(0.03 * number)
            replica.kill()
        replica.start()
        replica.wait_until_ready()
        on.drain()
        verdict = on.judge(kills)
        assert verdict.wrong == []
        assert on.town.stop() == [0]
        assert not any(on.left_over().values())


def _deliver(on: Stage, count: int) -> None:
    """Send so many requests of one record, one after the other."""
    door = Door(on.town.replicas[0].ports["http"])
    sender = Sender(on.ledger, 1, [door], on.dice, 0.0, lambda _: ())
    names = on.town.plan.destinations
    for number in range(count):
        sender.deliver([(names[number % len(names)],)])
    door.close()


def _with_spool(replica: Replica) -> Replica:
    settings = replica.settings
    settings["extensions"]["file_storage"] = {"directory": str(replica.directory / "spool"), "ballast_mib": 1}
    settings["service"]["extensions"].append("file_storage")
    discord = settings["exporters"]["discord"]
    discord["sending_queue"] = {**discord["sending_queue"], "spool": "file_storage"}
    return replica
