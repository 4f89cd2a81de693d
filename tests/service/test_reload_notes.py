"""Reloads are remembered: few, short, and without secrets."""

from otel_discord.service.reload_notes import MAX_NOTES, MAX_REMARK_CHARS, MAX_REMARKS, ReloadNotes
from otel_discord.service.reload_result import ReloadResult


def test_newest_first_and_bounded() -> None:
    notes = ReloadNotes(str)
    for number in range(MAX_NOTES + 5):
        notes.add(ReloadResult(ok=number % 2 == 0, text=f"reload {number}"), "SIGHUP", float(number))
    kept = notes.newest_first()
    assert len(kept) == MAX_NOTES
    assert kept[0].remarks == (f"reload {MAX_NOTES + 4}", "reason: SIGHUP")
    assert [each.at_unix_s for each in kept] == sorted((each.at_unix_s for each in kept), reverse=True)
    assert [each.successful for each in kept[:2]] == [True, False]


def test_secrets_go_before_a_line_is_cut() -> None:
    secret = "s3cr3t" * 4
    notes = ReloadNotes(lambda text: text.replace(secret, "[REDACTED]"))
    problems = ("x" * (MAX_REMARK_CHARS - 8) + secret, *(f"problem {n}" for n in range(100)))
    notes.add(ReloadResult(ok=False, text="reload failed", problems=problems), "", 0.0)
    (note,) = notes.newest_first()
    assert "s3cr3t" not in "".join(note.remarks)
    assert max(map(len, note.remarks)) == MAX_REMARK_CHARS
    assert note.remarks[-1] == f"and {101 - MAX_REMARKS} more"
    assert len(note.remarks) == MAX_REMARKS + 2
