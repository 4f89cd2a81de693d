"""What the pages tell a reader to run is run as it stands there."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.processes import StandIn, stand_in
from tests.examples.running import embeds, no_refusals, run_file, whole_text
from tests.examples.test_programs import INSTRUMENT, TWO_VARIABLES, times

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TUTORIAL = "docs/tutorial/errors-of-a-python-app.md"


def code(page: str, holding: str) -> str:
    """Return the one block of Python of a page that holds a text."""
    (block,) = [each for each in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")) if holding in each]
    return str(block)


def run(text: str, directory: Path, fake: StandIn, *before: str, **more: str) -> list[str]:
    program = directory / "app.py"
    program.write_text(text, encoding="utf-8")
    return run_file(program, fake, *before, **more)


@pytest.mark.parametrize(
    ("page", "holding", "more", "shown"),
    [
        pytest.param("README.md", "addHandler", 'logging.error("shown")', "shown", id="readme"),
        pytest.param(
            "docs/how-to/send-from-python.md", "DiscordHandler())", 'logging.error("shown")', "shown", id="two"
        ),
        pytest.param(
            "docs/how-to/send-from-python.md", "LoggerProvider(", "", "Payment declined: gateway timeout", id="in-code"
        ),
        pytest.param(
            "docs/how-to/send-from-python.md",
            "LOGGING =",
            'import logging.config; logging.config.dictConfig(LOGGING); logging.error("shown")',
            "shown",
            id="dictconfig",
        ),
        pytest.param(
            "docs/how-to/log-from-structlog-and-loguru.md", "structlog", "", "Payment declined", id="structlog"
        ),
        pytest.param("docs/how-to/log-from-structlog-and-loguru.md", "loguru", "", "Payment declined", id="loguru"),
        pytest.param(
            "docs/how-to/nothing-arrives.md", "Does this arrive", "", "Does this arrive?", id="nothing-arrives"
        ),
    ],
)
def test_code_of_a_page(page: str, holding: str, more: str, shown: str, tmp_path: Path) -> None:
    with stand_in() as fake:
        run(f"{code(page, holding)}\n{more}\n", tmp_path, fake)
        assert any(shown in embed["title"] for embed in embeds(fake))
        no_refusals(fake)


def test_the_tutorial_as_it_is_told(tmp_path: Path) -> None:
    program = code(TUTORIAL, "enumerate")
    spool = {"OTEL_EXPORTER_DISCORD_SPOOL_DIRECTORY": str(tmp_path / "spool")}
    with stand_in() as fake:
        run(program, tmp_path, fake)
        (card,) = embeds(fake)
        assert times(card["title"]) == 3
        assert "ValueError: could not convert string to float: " in card["title"]
        assert "Cannot compute the total" in whole_text(card)

        run(program, tmp_path, fake, **spool, OTEL_EXPORTER_DISCORD_ENDPOINT="http://127.0.0.1:9/api/v10")
        assert len(embeds(fake)) == 1
        run(program, tmp_path, fake, **spool)
        assert [times(each["title"]) for each in embeds(fake)] == [3, 3, 3]

        without = program.replace("from otel_discord.sdk import DiscordHandler\n", "").replace(
            "logging.getLogger().addHandler(DiscordHandler())\n", ""
        )
        assert "Discord" not in without
        run(without, tmp_path, fake, *INSTRUMENT, **TWO_VARIABLES)
        assert [times(each["title"]) for each in embeds(fake)] == [3, 3, 3, 3]
        no_refusals(fake)
