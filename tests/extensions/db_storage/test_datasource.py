"""The address of a database: what is local, what is verified, what is never said."""

import pytest
from psycopg.errors import InsufficientPrivilege

from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.datasource import read_datasource
from otel_discord.extensions.db_storage.failures import Words
from otel_discord.service.telemetry.redact import Redactor


@pytest.mark.parametrize(
    ("url", "label", "ssl_mode", "is_said"),
    [
        ("postgres://u:secret@db.example:5432/otel", "db.example:5432/otel", "verify-full", False),
        ("postgresql://u@db.example/otel?sslmode=require", "db.example/otel", "require", True),
        ("postgres://u@db.example/otel?sslmode=disable", "db.example/otel", "disable", True),
        ("postgres://u@db.example/otel?sslmode=verify-ca", "db.example/otel", "verify-ca", False),
        ("postgres://u@localhost/otel", "localhost/otel", "prefer", False),
        ("postgres://u@127.0.0.1:5/otel?sslmode=disable", "127.0.0.1:5/otel", "disable", False),
        ("postgres://u@[::1]:5432/otel", "[::1]:5432/otel", "prefer", False),
        ("postgres:///otel?host=/run/postgresql", "/run/postgresql/otel", "prefer", False),
        ("postgres://%2Frun%2Fpostgresql/otel", "/run/postgresql/otel", "prefer", False),
        ("postgres://u@127.0.0.1,db.example/otel", "127.0.0.1,db.example/otel", "verify-full", False),
        ("postgres://me@10.0.0.1", "10.0.0.1/me", "verify-full", False),
    ],
)
def test_an_address_is_read(url: str, label: str, ssl_mode: str, is_said: bool) -> None:
    found = read_datasource(url)
    assert (found.label, found.ssl_mode, bool(found.unverified)) == (label, ssl_mode, is_said)
    assert ("sslmode" in found.extra) == ("sslmode" not in url)
    assert ("sslrootcert" in found.extra) == (ssl_mode == "verify-full")
    assert "secret" not in f"{found!r}{found.label}{found.unverified}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "otel",
        "mysql://u:pa55word@h/d",
        "postgres:/u:pa55word@h",
        "postgres://u:pa55word@[::1",
        "sqlite:///pa55word",
    ],
)
def test_what_is_no_address_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_datasource(url)
    assert "pa55word" not in str(refused.value)
    with pytest.raises(ValueError) as also:
        DbStorageConfig.model_validate({"datasource": url})
    assert "pa55word" not in str(also.value)
    assert Redactor()(str(refused.value)) == str(refused.value)


def test_a_configuration_shows_no_password() -> None:
    config = DbStorageConfig.model_validate({"datasource": "postgres://u:pa55word@h/d"})
    assert "pa55word" not in f"{config!r}{config}{config.model_dump_json()}"


def test_an_error_is_told_in_a_line_without_the_password() -> None:
    words = Words(read_datasource("postgres://u:pa%3A55@h/d").secrets)
    said = words.of(OSError('connection to "postgres://u:pa%3A55@h" failed\n\tpassword "pa:55" is wrong\nmore\nmore'))
    assert said == 'connection to "postgres://u:…@h" failed; password "…" is wrong'


def test_of_a_missing_right_those_that_are_needed_are_told() -> None:
    said = Words().of(InsufficientPrivilege("permission denied for schema otel_discord"))
    assert said.startswith("permission denied for schema otel_discord (42501); the role needs USAGE on the schema")
    assert "SELECT, INSERT, UPDATE and DELETE" in said
