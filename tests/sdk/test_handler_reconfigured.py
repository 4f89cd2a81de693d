"""Programs that configure logging anew while a handler is at work, as servers and frameworks do when they start."""

import textwrap
from pathlib import Path

import pytest

from tests.sdk.applications import discord_served, run_application

CONFIGURED_ANEW = """
import logging, logging.config, time
from otel_discord.sdk import DiscordHandler
logging.getLogger().addHandler(DiscordHandler())
logging.getLogger("shop").error("an early problem")
started = time.perf_counter()
logging.config.dictConfig({
    "version": 1,
    "disable_existing_loggers": %s,
    "handlers": {"access": {"class": "logging.StreamHandler"}},
    "loggers": {"server": {"handlers": ["access"]}},
})
figure("held_up_s", time.perf_counter() - started)
%s
"""
LATE = 'logging.getLogger("later").error("a late matter")'


@pytest.mark.parametrize(("switched_off", "late", "records"), [("False", LATE, 2), ("True", LATE, 2), ("False", "", 1)])
def test_nobody_waits_and_nothing_is_lost(tmp_path: Path, switched_off: str, late: str, records: int) -> None:
    with discord_served() as discord:
        done = run_application(tmp_path, CONFIGURED_ANEW % (switched_off, late), discord.environment)
        assert done.code == 0
        assert discord.records == records, done.out
        assert done.figures["held_up_s"] < 0.5
        assert done.own_lines == []


def test_a_wrong_token_is_seen_although_all_other_loggers_are_switched_off(tmp_path: Path) -> None:
    code = """
    import logging, logging.config
    logging.config.dictConfig({
        "version": 1,
        "handlers": {"discord": {"class": "otel_discord.sdk.DiscordHandler"}},
        "root": {"handlers": ["discord"]},
    })
    for number in range(20):
        logging.getLogger("shop").error("problem %d", number)
    """
    with discord_served() as discord:
        wrong = {**discord.environment, "OTEL_EXPORTER_DISCORD_WEBHOOK_URL": f"{discord.url[:-6]}WRONG1"}
        done = run_application(tmp_path, textwrap.dedent(code), wrong)
        assert done.code == 0
        gone, counted = done.own_lines
        assert "Its token is wrong" in gone
        assert counted == "otel_discord: 20 records were not delivered: unauthorized (20)"
        assert "WRONG1" not in done.out
        assert discord.records == 0
