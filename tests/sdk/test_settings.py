"""What the SDK side is told, and from where: arguments, variables, references."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from otel_discord.config import Secret
from otel_discord.sdk.settings import SdkSettings, read_settings
from otel_discord.sdk.settings_sources import parse_milliseconds
from tests.sdk.told import OTHER, PREFIX, TOKEN, URL, problems, variables, written


def test_a_webhook_alone_is_enough() -> None:
    assert read_settings({"webhook_url": URL}, {}) == SdkSettings(
        section={"webhook_url": URL}, min_severity=13, labels={("webhook_url",): "argument webhook_url"}
    )


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "WEBHOOK_URL", URL)
    assert read_settings({}).section["webhook_url"] == URL


def test_all_variables(tmp_path: Path) -> None:
    settings = read_settings(
        {},
        variables(
            WEBHOOK_URL=f" {URL} ",
            ENDPOINT="https://proxy.example/discord",
            ALLOW_INSECURE_ENDPOINT="TRUE",
            PROXY_URL="http://proxy.example:3128",
            MIN_SEVERITY="info",
            TIMEOUT="2500",
            SHUTDOWN_TIMEOUT="1m30s",
            USERNAME="Shop",
            AVATAR_URL="https://shop.example/a.png",
            PRESET="full",
            SPOOL_DIRECTORY=str(tmp_path / "spool"),
            DRY_RUN="False",
        ),
    )
    assert settings.section == {
        "webhook_url": URL,
        "endpoint": "https://proxy.example/discord",
        "allow_insecure_endpoint": True,
        "proxy_url": "http://proxy.example:3128",
        "min_severity": "info",
        "timeout": "2.5s",
        "shutdown_timeout": "1m30s",
        "username": "Shop",
        "avatar_url": "https://shop.example/a.png",
        "render": {"preset": "full"},
        "dry_run": False,
    }
    assert settings.shutdown_timeout_s == 90
    assert settings.spool_directory == str(tmp_path / "spool")
    assert settings.min_severity == 9
    assert not (tmp_path / "spool").exists()


def test_own_arguments(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "webhook_url": Secret(URL),
            "spool_directory": tmp_path,
            "shutdown_timeout": 2.5,
            "max_records": 5,
            "max_mib": 0.5,
            "timeout": timedelta(seconds=3),
        },
        {},
    )
    assert (settings.max_records, settings.max_bytes, settings.shutdown_timeout_s) == (5, 512 * 1024, 2.5)
    assert settings.spool_directory == str(tmp_path)
    assert settings.section == {"webhook_url": URL, "timeout": "3s", "shutdown_timeout": "2.5s"}


def test_relative_paths_stay_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "url", URL)
    settings = read_settings({"webhook_url_file": "url", "spool_directory": "spool"}, {})
    assert settings.section["webhook_url_file"] == str(tmp_path / "url")
    assert settings.spool_directory == str(tmp_path / "spool")


def test_arguments_over_variables_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "c.yaml", f"webhook_url: {URL}\nusername: file\navatar_url: https://file/\ntimeout: 1s\n")
    settings = read_settings({"username": "argument"}, variables(CONFIG=file, USERNAME="variable", TIMEOUT="2s"))
    assert settings.section["username"] == "argument"
    assert settings.section["timeout"] == "2s"
    assert settings.section["avatar_url"] == "https://file/"
    assert settings.section["webhook_url"] == URL
    assert settings.min_severity is None


def test_maps_merge_key_by_key(tmp_path: Path) -> None:
    file = written(tmp_path / "c.yaml", f"webhook_url: {URL}\nrender: {{preset: full, timestamps: false}}\n")
    settings = read_settings({"render": {"resource": False}}, variables(CONFIG=file, PRESET="plain"))
    assert settings.section["render"] == {"preset": "plain", "timestamps": False, "resource": False}


@pytest.mark.parametrize("key", ["webhook_url", "webhook_url_file", "destinations", "config"])
def test_where_an_argument_says_where_the_environment_does_not(key: str, tmp_path: Path) -> None:
    value: Any = {
        "webhook_url": OTHER,
        "webhook_url_file": written(tmp_path / "url", OTHER),
        "destinations": {"ops": {"webhook_url": OTHER}},
        "config": written(tmp_path / "c.yaml", f"webhook_url: {OTHER}"),
    }[key]
    environ = variables(WEBHOOK_URL=URL, WEBHOOK_URL_FILE="no such file", CONFIG="no such file", USERNAME="Shop")
    settings = read_settings({key: value}, environ)
    assert TOKEN not in str(settings.section)
    assert settings.section["username"] == "Shop"


def test_a_variable_that_says_where_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "c.yaml", f"destinations: {{ops: {{webhook_url: {OTHER}}}}}\nusername: file\n")
    settings = read_settings({}, variables(CONFIG=file, WEBHOOK_URL=URL))
    assert "destinations" not in settings.section
    assert settings.section["webhook_url"] == URL


@pytest.mark.parametrize("empty", [None, "", " "])
def test_an_empty_argument_is_not_given(empty: Any) -> None:
    settings = read_settings({"webhook_url": empty, "routes": None, "max_records": None}, variables(WEBHOOK_URL=URL))
    assert settings.section == {"webhook_url": URL}


@pytest.mark.parametrize("text", ["${env:HOOK}", "${HOOK}", "${env:NONE:-${HOOK}}", "${HOOK:-x}"])
def test_references_in_arguments(text: str) -> None:
    assert read_settings({"webhook_url": text}, {"HOOK": URL}).section["webhook_url"] == URL


def test_references_inside_and_deep() -> None:
    settings = read_settings(
        {"destinations": {"ops": {"webhook_url": "${env:HOOK}", "thread_id": "${THREAD}"}}, "username": "a ${X:-b} $$"},
        {"HOOK": URL, "THREAD": "123456789012345678"},
    )
    assert settings.section["destinations"]["ops"] == {"webhook_url": URL, "thread_id": "123456789012345678"}
    assert settings.section["username"] == "a b $"


def test_text_of_code_without_a_reference_stays_as_it_is() -> None:
    assert read_settings({"webhook_url": URL, "username": "$$ {x}"}, {}).section["username"] == "$$ {x}"


def test_a_reference_without_a_value_is_one_problem() -> None:
    text = problems({"webhook_url": "${env:HOOK}"}, variables(WEBHOOK_URL=OTHER))
    assert text.startswith("argument webhook_url: environment variable HOOK is not set; set it")


def test_a_reference_to_nothing_is_not_given() -> None:
    assert read_settings({"webhook_url": "${HOOK:-}"}, variables(WEBHOOK_URL=URL)).section["webhook_url"] == URL


def test_a_variable_is_not_expanded() -> None:
    assert "variable that was not resolved" in problems({}, variables(WEBHOOK_URL="${HOOK}") | {"HOOK": URL})


def test_a_webhook_at_the_endpoint() -> None:
    endpoint = variables(ENDPOINT="http://127.0.0.1:8080", ALLOW_INSECURE_ENDPOINT="true")
    assert read_settings({"webhook_url": f"http://127.0.0.1:8080/api/webhooks/1/{TOKEN}"}, endpoint)


@pytest.mark.parametrize(
    ("arguments", "floor"),
    [
        ({}, 13),
        ({"min_severity": 0}, 0),
        ({"min_severity": "error2"}, 18),
        ({"min_severity": "${LEVEL}"}, 17),
        ({"routes": [{"condition": "true", "destinations": ["default"]}]}, None),
        ({"render": {"timestamps": False}}, 13),
    ],
)
def test_what_is_shown_is_known_where_nothing_can_lower_it(arguments: dict[str, Any], floor: int | None) -> None:
    assert read_settings({"webhook_url": URL, **arguments}, {"LEVEL": "ERROR"}).min_severity == floor


@drawn(st.integers(100, 10**12))
def test_a_whole_number_is_milliseconds(number: int) -> None:
    from otel_discord.config import parse_duration

    assert parse_duration(parse_milliseconds(str(number))) == pytest.approx(number / 1000)


def test_the_preset_may_be_an_argument() -> None:
    both = {"webhook_url": URL, "preset": "full", "render": {"timestamps": False, "preset": "plain"}}
    assert read_settings(both, {}).section["render"] == {"timestamps": False, "preset": "full"}
    assert "argument preset: must be one of" in problems({"webhook_url": URL, "preset": "ful"})


def test_the_application_does_not_wait_for_the_engine() -> None:
    code = (
        "import sys\n"
        "from otel_discord.sdk.settings import read_settings\n"
        f"read_settings({{'webhook_url': {URL!r}, 'min_severity': 'info', 'render': {{'preset': 'full'}}}}, {{}})\n"
        "heavy = {'pydantic', 'yaml', 'aiohttp', 'google', 'opentelemetry', 'asyncio', 'jinja2', 'difflib'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"
