"""The page lists every item of the checklist with the test that exists for it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "otlp-conformance.md"
CHECKLIST = Path(__file__).with_name("test_conformance_checklist.py")


def test_the_page_names_the_tests_that_exist() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| `(test_\w+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    tests = re.findall(r"^(?:async )?def (test_\d\d_\w+)\(", CHECKLIST.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for _, name in rows] == tests
    assert [int(number) for number, _ in rows] == list(range(1, 52))
    assert all(name.startswith(f"test_{int(number):02}_") for number, name in rows)


def test_no_cell_of_the_table_is_empty() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)]
    assert all(len(row.split(" | ")) == 6 and all(cell.strip(" |") for cell in row.split(" | ")) for row in rows)
