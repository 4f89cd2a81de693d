"""The judge of the interop tests finds what is lost, doubled, out of order or changed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.interop.arrivals import assert_delivered
from tests.interop.far_end import Shown
from tests.interop.plan import WARN, Plan, Record, plan

WANTED = plan("shop", streams=1, count=12)


class FarEndWith:
    """What a far end would say, from lists."""

    webhook_urls = ("everything", "problems")

    def __init__(self, everything: list[Shown], problems: list[Shown]) -> None:
        self._shown = {"everything": everything, "problems": problems}
        self.violations: list[Any] = []

    def shown(self, webhook_url: str) -> list[Shown]:
        return self._shown[webhook_url]

    def ask(self, what: str) -> Any:
        return self.violations if what == "violations" else {"by_status": {"200": 1}}


def _shown(record: Record) -> Shown:
    trace = f"`{record.trace_id}` span `{record.span_id}`"
    return Shown(
        record.stream,
        record.number,
        record.message,
        {"order.id": str(record.attributes["order.id"]), **({"trace": trace} if record.trace_id else {})},
    )


def _far_end(change: Callable[[list[Shown]], list[Shown]] = list) -> Any:
    everything = [_shown(record) for record in WANTED.records]
    problems = [_shown(record) for record in WANTED.records if record.severity >= WARN]
    return FarEndWith(change(everything), problems)


def test_what_is_right_passes() -> None:
    assert_delivered(_far_end(), WANTED)


def test_a_critical_record_may_come_first() -> None:
    assert_delivered(_far_end(lambda shown: [shown[8], *shown[:8], *shown[9:]]), WANTED)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda shown: shown[1:], id="lost"),
        pytest.param(lambda shown: [*shown, shown[-1]], id="doubled"),
        pytest.param(lambda shown: [shown[1], shown[0], *shown[2:]], id="out of order"),
        pytest.param(lambda shown: [replace(shown[0], text=shown[0].text[:-1]), *shown[1:]], id="cut"),
        pytest.param(lambda shown: [replace(shown[0], fields={"order.id": "48213"}), *shown[1:]], id="no trace"),
    ],
)
def test_what_is_wrong_is_found(change: Callable[[list[Shown]], list[Shown]]) -> None:
    with pytest.raises((AssertionError, KeyError)):
        assert_delivered(_far_end(change), WANTED)


def test_a_violation_is_found() -> None:
    far_end = _far_end()
    far_end.violations = [{"rule": "embeds"}]
    with pytest.raises(AssertionError):
        assert_delivered(far_end, WANTED)


def test_a_record_of_nobody_is_found() -> None:
    stranger = Shown("other0", 0, "other0 n0000", {})
    with pytest.raises((AssertionError, KeyError)):
        assert_delivered(_far_end(lambda shown: [*shown, stranger]), Plan(WANTED.records))
