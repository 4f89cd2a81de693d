# ruff: noqa: E501 - rows of a table
"""The reference page lists what the code looks for; run this file as a script to write its tables anew."""

import re
from pathlib import Path

from otel_discord.redaction import PATTERNS, USER_ID_KEYS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "redaction.md"


def tables() -> dict[str, str]:
    rows = [
        f"| `{p.name}` | {p.category} | {p.summary.replace('|', chr(92) + '|')} | {', '.join(f'`[{each}]`' if each != '…' else each for each in p.shown)} |\n"
        for p in PATTERNS
    ]
    head = "\n| name | group | what it finds | shown |\n| --- | --- | --- | --- |\n"
    return {
        "patterns": f"{head}{''.join(rows)}\n",
        "user ids": f"\n{', '.join(f'`{key}`' for key in USER_ID_KEYS)}\n\n",
    }


def written(text: str) -> str:
    for name, table in tables().items():
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=table: f"{m[1]}{t}{m[2]}", text, flags=re.DOTALL
        )  # type: ignore[misc]
    return text


def test_the_page_lists_every_pattern_and_user_id() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert written(text) == text
    assert all(f"| `{pattern.name}` |" in text for pattern in PATTERNS)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
