"""The runs on the first page: there with run channels only, with their words made harmless."""

import time

from otel_discord.component.watched_runs import ShownRun
from otel_discord.extensions.status_page.pages.runs import runs_section
from otel_discord.extensions.status_page.runs import runs_shown
from tests.extensions.status_page.fake_service import HOSTILE, TOKEN, FakeService, Plain, ago


class Maker:
    def __init__(self, *runs: ShownRun, fails: bool = False) -> None:
        self.runs = runs
        self.fails = fails

    def shown_runs(self, limit: int = 50) -> list[ShownRun]:
        if self.fails:
            raise RuntimeError("not now")
        return list(self.runs[:limit])


RUN = ShownRun(
    name=f"{HOSTILE} {TOKEN}", state="running", steps=4, errors=1234, last_step=HOSTILE, outcome=TOKEN,
    started_ns=ago(90), expires_ns=ago(-3600),
)  # fmt: skip


def test_without_run_channels_there_is_no_section() -> None:
    found = runs_shown({"exporter:discord": Plain()}, str)
    assert found is None
    assert runs_section(found, time.time()) == ""


def test_runs_are_shown_without_markup_and_secrets() -> None:
    found = runs_shown({"extension:run_channels": Maker(RUN)}, FakeService().redact)
    page = runs_section(found, RUN.started_ns / 1e9 + 90)
    for words in ("running", "1,234", "1 min 30 s", "[REDACTED]", "Channel goes"):
        assert words in page
    assert "<script" not in page
    assert "<img" not in page
    assert TOKEN not in page


def test_a_maker_that_fails_leaves_the_page() -> None:
    found = runs_shown({"a": Maker(fails=True), "b": Maker(RUN)}, str)
    assert found is not None
    assert len(found) == 1
    assert "No run has a channel now" in runs_section([], time.time())
