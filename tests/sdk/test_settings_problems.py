"""What the SDK side says of settings that cannot be: which one, and what to do."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from otel_discord.sdk.settings import SettingsError, read_settings
from tests.sdk.told import PREFIX, TOKEN, URL, problems, variables, written


def test_nothing_says_where() -> None:
    told = problems({})
    assert told.startswith("nothing says where to send: set OTEL_EXPORTER_DISCORD_WEBHOOK_URL, or give webhook_url")


def test_a_variable_of_nearly_that_name_is_pointed_at() -> None:
    assert "DISCORD_WEBHOOK_URL is set, but not read here" in problems({}, {"DISCORD_WEBHOOK_URL": URL})


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WEBHOOK_URL", TOKEN, "does not start with https://"),
        ("WEBHOOK_URL", f"https://hooks.slack.example/{TOKEN}", "is not the address of a Discord webhook"),
        ("WEBHOOK_URL", f"http://discord.com/api/webhooks/1/{TOKEN}", "starts with https://"),
        ("WEBHOOK_URL_FILE", URL, "must be the path of a file"),
        ("WEBHOOK_URL_FILE", "/no/such/file", "there is no file /no/such/file"),
        ("ENDPOINT", URL, "the webhook goes to webhook_url"),
        ("ENDPOINT", "http://127.0.0.1:1", "OTEL_EXPORTER_DISCORD_ALLOW_INSECURE_ENDPOINT=true"),
        ("ALLOW_INSECURE_ENDPOINT", "yes", "must be true or false"),
        ("DRY_RUN", "1", "must be true or false"),
        ("PROXY_URL", "proxy:3128", "form http://host:port"),
        ("PROXY_URL", URL, "is the address of a webhook"),
        ("AVATAR_URL", URL, "is the address of a webhook"),
        ("PROXY_URL", f"ftp://user:{TOKEN}@proxy", "form http://host:port"),
        ("PROXY_URL", "http://proxy:port", "form http://host:port"),
        ("MIN_SEVERITY", "LOUD", "'LOUD' is not a severity"),
        ("MIN_SEVERITY", "25", "25 is not a severity number"),
        ("MIN_SEVERITY", URL, "is not a severity"),
        ("MIN_SEVERITY", TOKEN, "is not a severity"),
        ("TIMEOUT", "10", "10 would be milliseconds; write 10s"),
        ("TIMEOUT", "0", "must be above 0"),
        ("TIMEOUT", "-5s", "must not be negative"),
        ("TIMEOUT", "soon", "is not a duration"),
        ("SHUTDOWN_TIMEOUT", "99", "write 99s"),
        ("SHUTDOWN_TIMEOUT", "1.5", "is not a duration"),
        ("USERNAME", "my Discord bot", 'must not contain "discord"'),
        ("USERNAME", "x" * 81, "81 characters"),
        ("AVATAR_URL", "http://a.example/b.png", "must begin with https://"),
        ("PRESET", "fulll", 'did you mean "full"?'),
        ("SPOOL_DIRECTORY", __file__, "is a file"),
        ("SPOOL_DIRECTORY", URL, "must be the path of a directory"),
    ],
)
def test_a_wrong_variable_is_named_with_what_to_do(name: str, value: str, words: str) -> None:
    environ = variables(**{"WEBHOOK_URL": URL, name: value})
    if name == "WEBHOOK_URL_FILE":
        del environ[PREFIX + "WEBHOOK_URL"]
    told = problems({}, environ)
    assert told.startswith(f"{PREFIX}{name}: ")
    assert words in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"webhook_url": 5}, "argument webhook_url: must be text"),
        ({"webhook_url": URL, "timeout": 10}, "argument timeout: 10 has no unit"),
        ({"webhook_url": URL, "dry_run": "maybe"}, "argument dry_run: must be true or false"),
        ({"webhook_url": URL, "allow_insecure_endpoint": 1}, "argument allow_insecure_endpoint: must be true or"),
        ({"webhook_url": URL, "max_records": 0}, "argument max_records: must be a whole number, at least 1"),
        ({"webhook_url": URL, "max_records": True}, "argument max_records: must be a number"),
        ({"webhook_url": URL, "max_records": 2.5}, "argument max_records: must be a whole number"),
        ({"webhook_url": URL, "max_mib": "much"}, "argument max_mib: must be a number"),
        ({"webhook_url": URL, "max_mib": float("nan")}, "argument max_mib: must be a number of MiB above 0"),
        ({"webhook_url": URL, "shutdown_timeout": 5000}, "argument shutdown_timeout: 5000 would be seconds"),
        ({"webhook_url": URL, "shutdown_timeout": -1}, "argument shutdown_timeout: must not be negative"),
        ({"webhook_url": URL, "shutdown_timeout": "5"}, "argument shutdown_timeout: '5' is not a duration"),
        ({"webhook_url": URL, "shutdown_timeout": float("nan")}, "argument shutdown_timeout: nan would be"),
        ({"webhook_url": URL, "spool_directory": 5}, "argument spool_directory: must be the path of a directory"),
        ({"webhook_url": URL, "render": "full"}, "argument render: must be a map of keys"),
        ({"webhook_url": URL, "render": {"preset": 1}}, "argument render::preset: must be one of compact"),
        ({"webhook_url": URL, "destinations": {"a": {"webhook_url": URL}}}, "both say where to send: keep one"),
        ({"webhook_url": URL, "webhook_url_file": "x"}, "both say where to send: keep one"),
        ({"webhook_url": URL, "sending_queue": {"storage": "file"}}, "argument sending_queue::storage: is an"),
        ({"webhook_url": URL, "destinations_from": "runs"}, "argument destinations_from: is an extension"),
        ({"destinations": {"a": {"webhook_url_file": "/no/such"}}}, "a::webhook_url_file: there is no file /no/such"),
        ({"destinations": {"a": {"webhook_url": TOKEN}}}, "argument destinations::a::webhook_url: the webhook URL"),
        ({"destinations": {"a": {}}}, "argument destinations::a: needs exactly one of webhook_url"),
        ({"webhok_url": URL, "webhook_url": URL}, 'argument webhok_url: is not known; did you mean "webhook_url"?'),
        ({"webhook_url": URL, "spool_dir": "x"}, 'did you mean "spool_directory"?'),
        ({"webhook_url": URL, "level": "WARN"}, "argument level: is not known; which records go where is said by"),
        ({"webhook_url": URL, "zzz": 1}, "argument zzz: is not known; known: "),
    ],
)
def test_a_wrong_argument_is_named_with_what_to_do(arguments: dict[str, Any], words: str) -> None:
    assert words in problems(arguments)


def test_every_problem_is_told_at_once() -> None:
    told = problems(
        {"max_records": 0, "routes": [{"destinations": []}], "shutdown_timeout": "x"},
        variables(WEBHOOK_URL="x", TIMEOUT="5", DRY_RUN="?", MIN_SEVERITY="?"),
    )
    for name in ("max_records", "routes::0::condition", "shutdown_timeout", "WEBHOOK_URL", "TIMEOUT", "DRY_RUN"):
        assert name in told
    assert PREFIX + "MIN_SEVERITY: " in told
    assert told.startswith("8 problems: (1) ")


def test_two_webhooks_in_the_environment_are_an_error(tmp_path: Path) -> None:
    file = written(tmp_path / "url", URL)
    told = problems({}, variables(WEBHOOK_URL=URL, WEBHOOK_URL_FILE=file))
    assert told == f"{PREFIX}WEBHOOK_URL and {PREFIX}WEBHOOK_URL_FILE both say where to send: keep one"


def test_whatever_is_handed_in_is_no_more_than_a_settings_error() -> None:
    circle: dict[str, Any] = {}
    circle["destinations"] = circle
    assert "cannot be read (RecursionError)" in problems(circle)
    for odd in (
        object(),
        b"x",
        [object()],
        {1: object()},
        2**70,
        float("nan"),
        "\0",
        "~nobody-has-this-name/x",
        "x" * 5000,
    ):
        for key in ("webhook_url", "webhook_url_file", "config", "spool_directory", "timeout", "render", "routes"):
            with suppress(SettingsError):
                read_settings({"webhook_url": URL, key: odd}, {})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"webhook_url": URL, "connect_timeout": "-1s"}, "argument connect_timeout: must not be negative"),
        ({"webhook_url": URL, "shutdown_timeout": "${T}"}, "argument shutdown_timeout: ${env:T} is not a duration"),
        ({"webhook_url_file": 5}, "argument webhook_url_file: must be the path of a file"),
        ({"webhook_url": "${file:/no/such/file}"}, "argument webhook_url: cannot read file /no/such/file"),
        ({"webhook_url": "${yaml:[}"}, "argument webhook_url: "),
        ({"webhook_url": "${"}, "argument webhook_url: `${` without the `}`"),
        ({"config": "x" * 5000}, "argument config: the file [not shown] cannot be read"),
        ({"webhook_url_file": "x" * 5000}, "cannot be read: File name too long"),
        ({"webhook_url": URL, "spool_directory": "x" * 5000}, "cannot be used: File name too long"),
    ],
)
def test_odd_arguments(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(arguments, {"T": "soon"})
    assert words in str(caught.value)
