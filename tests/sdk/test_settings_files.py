"""Settings in files: the forms of a configuration, a file with an address, and files that cannot be read."""

from pathlib import Path

import pytest

from otel_discord.sdk.settings import read_settings
from tests.sdk.told import TOKEN, URL, problems, variables, written


@pytest.mark.parametrize(
    "text",
    [
        "webhook_url: ${env:HOOK}\n",
        "exporters: {discord: {webhook_url: '${env:HOOK}'}}\n",
        "exporters:\n  discord/shop:\n    webhook_url: ${HOOK}\n",
        "receivers: {otlp: {}}\nexporters:\n  debug: {x: '${NONE}'}\n  discord: {webhook_url: '${HOOK}'}\nservice: 3\n",
        "exporters:\n  discord/a: {}\n  discord:\n    webhook_url: ${HOOK}\n",
        "exporters: {discord: '${DISCORD}'}\n",
    ],
)
def test_forms_of_the_file(text: str, tmp_path: Path) -> None:
    file = written(tmp_path / "discord.yaml", text)
    environ = {"HOOK": URL, "DISCORD": f"webhook_url: {URL}"}
    for settings in (read_settings({"config": file}, environ), read_settings({}, environ | variables(CONFIG=file))):
        assert settings.section["webhook_url"] == URL
        assert settings.min_severity is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no keys"),
        ("- a", "holds no keys"),
        ("webhook_url: [", "invalid YAML"),
        ("exporters: {debug: {}}", "has no discord exporter"),
        ("exporters: {discord/a: {}, discord/b: {}}", "several discord exporters (discord/a, discord/b)"),
        ("discord: {webhook_url: x}", "write its keys at the top"),
        ("exporters: {discord: [a]}", "must be a map of keys"),
        ("exporters: {discord: }", "nothing says where to send"),
        ("username: Shop", "nothing says where to send"),
        ("webhook_url: ${env:NONE}", "environment variable NONE is not set"),
        (
            f"webhook_url: {URL}\nspool_directory: x",
            "2: spool_directory: is not said in this",
        ),
        (f"webhook_url: {URL}\ndestinations: {{a: {{webhook_url: {URL}}}}}", "both say where to send"),
        (f"webhook_url: {URL}\nsending_queue: {{storage: file_storage}}", "spool_directory"),
        (f"webhook_url: {URL}\ndestinations_from: run_channels", "here name destinations"),
        (f"webhook_url: {URL}\nrender:\n  preset: ful", "3: render::preset: must be one of"),
        (f"webhook_url: {URL}\nrender: {{presets: full}}", 'did you mean "preset"?'),
        (f"webhook_url: {URL}\nroutes: [{{condition: x >, destinations: [default]}}]", "routes::0::condition"),
        (f"webhook_url: {URL}\nmin_severity: LOUD", "'LOUD' is not a severity"),
        (f"webhook_url: {URL}\nminseverity: WARN", 'did you mean "min_severity"?'),
    ],
)
def test_what_is_wrong_in_a_file(text: str, words: str, tmp_path: Path) -> None:
    file = written(tmp_path / "discord.yaml", text)
    for told in (problems({"config": file}), problems({}, variables(CONFIG=file))):
        assert words in told


@pytest.mark.parametrize("name", ["no-such.yaml", ".", URL])
def test_a_file_that_cannot_be_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = problems({}, variables(CONFIG=name))
    assert told.startswith("OTEL_EXPORTER_DISCORD_CONFIG: ")
    assert "nothing says where" not in told


def test_a_file_with_an_address(tmp_path: Path) -> None:
    assert read_settings({}, variables(WEBHOOK_URL_FILE=written(tmp_path / "good", f"{URL}\n")))
    assert "is not a webhook's address: " in problems({"webhook_url_file": written(tmp_path / "bad", TOKEN)})
    assert "is a directory" in problems({"webhook_url_file": tmp_path})
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "is not a text file" in problems({"webhook_url_file": tmp_path / "binary"})


def test_a_file_with_an_address_at_a_wrong_endpoint_is_one_problem(tmp_path: Path) -> None:
    file = written(tmp_path / "url", f"http://127.0.0.1/api/webhooks/1/{TOKEN}")
    told = problems({"webhook_url_file": file, "endpoint": "http://127.0.0.1"})
    assert told.startswith("argument endpoint: the endpoint must start with https://")


def test_the_long_name_of_a_directory_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "an-endpoint-of-the-discord-exporter-that-has-a-long-name" / "no-such.yaml"
    assert problems({"config": path}) == f"argument config: there is no file {path}"


def test_a_file_that_is_not_there_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert problems({"config": "no-such.yaml"}) == f"argument config: there is no file {tmp_path / 'no-such.yaml'}"
