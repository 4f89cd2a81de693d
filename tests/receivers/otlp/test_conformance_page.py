"""The page lists every item of the checklist with the test that exists for it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "reference" / "otlp-conformance.md"
HERE = Path(__file__).parent


def named_tests() -> list[str]:
    """Return the names of the tests that stand for an item, in the order of the items."""
    texts = [path.read_text(encoding="utf-8") for path in HERE.glob("test_conformance_*.py")]
    return sorted(
        name for text in texts for name in re.findall(r"^(?:async )?def (test_\d\d_\w+)\(", text, re.MULTILINE)
    )


def test_the_page_names_the_tests_that_exist() -> None:
    rows = re.findall(r"^\| (\d+) \|.*\| `(test_\w+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for _, name in rows] == named_tests()
    assert [int(number) for number, _ in rows] == list(range(1, 52))
    assert all(name.startswith(f"test_{int(number):02}_") for number, name in rows)


def test_every_item_of_the_servers_side_has_one_test() -> None:
    assert [int(name[5:7]) for name in named_tests()] == list(range(1, 52))


def test_no_cell_of_the_table_is_empty() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d", line)]
    assert all(len(row.split(" | ")) == 6 and all(cell.strip(" |") for cell in row.split(" | ")) for row in rows)
