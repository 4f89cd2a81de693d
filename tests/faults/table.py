"""The table of docs/explanation/reliability.md: what each row found, by its number. Pure."""

import re
from collections.abc import Iterable, Mapping

from tests.faults.row import Result, Row, Theme, Verdict

BEGIN = "<!-- generated: faults -->"
END = "<!-- end -->"
_HEAD = ("#", "fault", "how injected", "what must follow", "codes", "result", "figures")
_NOT_PLAYED = "not played yet"


def rewritten(page: str, rows: Mapping[int, Row], results: Iterable[Result]) -> str:
    """Return the page with the table anew; rows that were not played keep the result that stands there.

    Raises:
        ValueError: the page has no place for the table.
    """
    before, begin, rest = page.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    said = _said(old) | {result.number: _words(result) for result in results}
    return f"{before}{BEGIN}\n\n{table(rows, said)}\n{END}{after}"


def table(rows: Mapping[int, Row], said: Mapping[int, tuple[str, str]]) -> str:
    """Return the rows as Markdown, a table for each theme."""
    parts = []
    for theme in Theme:
        lines = [f"### {theme}", "", _line(_HEAD), _line(["---"] * len(_HEAD))]
        for number in sorted(number for number, each in rows.items() if each.theme is theme):
            each = rows[number]
            result, figures = said.get(number, (_NOT_PLAYED, ""))
            codes = " ".join(each.codes)
            lines.append(_line([str(number), each.fault, each.injected, each.expected, codes, result, figures]))
        parts.append("\n".join([*lines, ""]))
    return "\n".join(parts)


def _words(result: Result) -> tuple[str, str]:
    why = _cell(result.why, 300)
    match result.verdict:
        case Verdict.GREEN:
            return "green", _cell(result.figures, 300) + (f" ({why})" if why else "")
        case Verdict.EXPLAINED:
            return "explained", why
        case _:
            return "**red**", why


def _said(old: str) -> dict[int, tuple[str, str]]:
    found = {}
    for line in old.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == len(_HEAD) and cells[0].isdigit():
            found[int(cells[0])] = (cells[5], cells[6].replace("\\|", "|"))
    return found


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_cell(cell, 600) for cell in cells) + " |"


def _cell(text: str, limit: int) -> str:
    first = text.strip().partition("\n")[0]
    cut = first if len(first) <= limit else first[: limit - 1] + "…"
    return cut.replace("|", "\\|").replace("\\\\|", "\\|")
