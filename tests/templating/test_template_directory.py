"""What is read of a directory of templates, and what is not."""

import os
from pathlib import Path

import pytest

from otel_discord.templating.errors import TemplateErrors
from otel_discord.templating.template_directory import read_directory
from otel_discord.templating.template_set import TemplateSet


def test_template_files_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", ".hidden.yaml", "notes.txt", "c.yaml~"):
        (tmp_path / name).write_text(f"title: {name}", encoding="utf-8")
    (tmp_path / "deeper.yaml").mkdir()
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbftitle: x")
    assert read_directory(tmp_path) == {"a.yml": "title: a.yml", "b.yaml": "title: b.yaml", "bom.yaml": "title: x"}
    assert read_directory(str(tmp_path)) == read_directory(tmp_path)


def test_a_link_within_the_directory_is_followed(tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap: ``a.yaml`` → ``..data/a.yaml``, ``..data`` → ``..2026``."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "a.yaml").write_text("title: x", encoding="utf-8")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    assert read_directory(tmp_path) == {"a.yaml": "title: x"}


def test_every_problem_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text("title: secret", encoding="utf-8")
    directory = tmp_path / "templates"
    directory.mkdir()
    (directory / "link.yaml").symlink_to(outside / "secret.yaml")
    (directory / "passwd.yaml").symlink_to("/etc/passwd")
    (directory / "gone.yaml").symlink_to("nowhere.yaml")
    (directory / "latin.yaml").write_bytes(b"title: x\nfooter: \xe4")
    (directory / "big.yaml").write_bytes(b"#" * (256 * 1024 + 1))
    os.mkfifo(directory / "pipe.yaml")
    with pytest.raises(TemplateErrors) as found:
        read_directory("./templates")
    assert str(found.value).splitlines() == [
        "./templates/big.yaml: a template file is limited to 256 KiB",
        "./templates/gone.yaml: cannot be read: No such file or directory",
        "./templates/latin.yaml:2: is not UTF-8",
        "./templates/link.yaml: is a link that leads out of the directory of templates",
        "./templates/passwd.yaml: is a link that leads out of the directory of templates",
        "./templates/pipe.yaml: is not a regular file",
    ]


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(TemplateErrors, match="cannot be read: No such file or directory"):
        read_directory(tmp_path / "none")


def test_the_largest_file_and_the_most_files_are_read(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.yaml").write_bytes(b"#" * (256 * 1024 if number == 0 else 1))
    assert len(read_directory(tmp_path)) == 200
    (tmp_path / "one_more.yaml").touch()
    with pytest.raises(TemplateErrors, match="more than 200 template files"):
        read_directory(tmp_path)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("./templates", "./templates/a.yaml"),
        ("templates/", "templates/a.yaml"),
        (".//templates", ".//templates/a.yaml"),
    ],
)
def test_what_is_wrong_in_a_file_names_it_with_the_directory_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, shown: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.yaml").write_text("title: x\nfooter: '{{ title.x() }}'\n")
    files = read_directory(written)
    assert files.keys() == {"a.yaml"}
    with pytest.raises(TemplateErrors) as found:
        TemplateSet(files, built_in={})
    (error,) = found.value.errors
    assert (error.source, error.line) == (shown, 2)
