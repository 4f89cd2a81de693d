"""docs/reference/metrics.md and the code say the same."""

import re
from pathlib import Path

from otel_discord.component.instrument_list import INSTRUMENTS, InstrumentKind

_ROW = re.compile(r"\| `(\w+)` \| (\w+) \| (\S+) \| ([\w, ]*) ?\| (.+) \|")
_SHOWN = {InstrumentKind.UP_DOWN_COUNTER: "gauge"}


def rows() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    page = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
    matches = [match for line in page.read_text().splitlines() if (match := _ROW.fullmatch(line))]
    names = [match[1] for match in matches]
    assert len(names) == len(set(names)), "a metric has two lines"
    return {m[1]: (m[2], m[3], tuple(m[4].replace(" ", "").split(",")) if m[4].strip() else ()) for m in matches}


def test_each_metric_has_a_line_and_each_line_a_metric():
    code = {name: (str(_SHOWN.get(spec.kind, spec.kind)), spec.unit, spec.labels) for name, spec in INSTRUMENTS.items()}
    assert rows() == code
