"""Names of files, as Discord would store them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.filenames import cleanse_filename


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("trace.txt", "trace.txt"),
        ("a b.txt", "a_b.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.log", "x.log"),
        ("_private.txt", "private.txt"),
        (".env", "env"),
        ("a\x00\r\n\"';.txt", "a_.txt"),
        ("Ünïcode.png", "n_code.png"),
        ("🔥", "file"),
        ("отчёт.csv", "file.csv"),
        ("报告/报告.tar.gz", "tar.gz"),
        ("_.txt", "file.txt"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".txt", "x" * 109 + ".txt"),
        ("x" * 300, "x" * 120),
    ],
)
def test_a_filename_is_what_discord_would_store(name: str, clean: str) -> None:
    assert cleanse_filename(name) == clean


@given(st.text(max_size=400))
def test_a_clean_filename_stays_as_it_is(name: str) -> None:
    clean = cleanse_filename(name)
    assert cleanse_filename(clean) == clean
    assert 0 < len(clean) <= 120
    assert not set(clean) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
