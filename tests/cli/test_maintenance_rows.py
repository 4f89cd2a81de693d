"""What the terminal shows of maintenance."""

from otel_discord.cli.maintenance import COLUMNS, row


def test_a_row_has_a_text_for_each_column_and_cannot_move_the_cursor() -> None:
    line = {
        "name": "de\x1b[31mploy\t",
        "active": True,
        "until": "2026-01-31T12:00:00Z",
        "action": "hold",
        "records": "service.name=shop",
        "destinations": ["ops", "errors"],
        "held_problems": 37,
        "held_records": 5201,
    }
    cells = row(line)
    assert len(cells) == len(COLUMNS)
    assert all(cell.isprintable() for cell in cells)
    assert cells[1].startswith("until 2026-01-31")
    assert cells[4:7] == ["ops, errors", "37 problems, 5,201 events", "0"]


def test_one_that_is_off_says_when_it_comes() -> None:
    assert row({"name": "a", "active": False})[1] == "off"
    assert row({"name": "a", "active": False, "next": "2026-01-31T12:00:00Z"})[1].startswith("from 2026-01-31")
